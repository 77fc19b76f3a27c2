r"""AdamW's step in numbers: what the quadrature of `theory` knows of it, so that a page can go through a run.

From an empty memory the autocovariance of the normalised step is

.. math:: C_{st} = \sum_k f_k(s) g_k(t) r_k^{t - s}

(`theory.weight.laws.live_start`), with f, g and C_tt smooth functions of ln t that depend on the betas alone. They are
given step by step at first, then by Chebyshev polynomials in ln t, and do not change once both memories have filled.
Relative error of the polynomials: below 1e-12.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

import theory

__all__ = ["BETAS1", "BETAS2", "adamw_table"]

BETAS1, BETAS2 = (0.0, 0.9, 0.95), (0.95, 0.98, 0.99, 0.999)
STEPWISE = 32  # steps that are given one by one
DEGREE = 60
FORGOTTEN = 32  # memories after which a start is below rounding
NODES = 4 * DEGREE


@lru_cache
def adamw_table(beta1: float, beta2: float) -> dict[str, Any]:
    """Return the second moments of AdamW's step for these betas; a second of work the first time.

    Returns
    -------
    dict
        alone, first, factor : C_0 in the long run, and of each mode C_1 and the factor per lag.
        r : factor per step of each term of C_st.
        stepwise : C_tt, f_1 ... f_m, g_1 ... g_m at t = 1, 2, ..., 32.
        chebyshev : of each of these the coefficients from t = 32 to t = full, in ln t.
        full : the step from which they do not change.

    Examples
    --------
    >>> table = adamw_table(0.9, 0.95)
    >>> round(table["alone"], 4), table["full"], len(table["stepwise"])
    (0.0511, 640, 32)
    """
    from theory.weight.laws.live_start import covariance_from_start

    # what depends on the betas alone is the same for any rates
    law: Any = theory.equilibrium(lr=1e-3, weight_decay=0.1, optimizer=theory.AdamW((beta1, beta2))).law
    full = math.ceil(FORGOTTEN / (1 - max(beta1, beta2)))
    made = law.corrections(full)
    alone, older, newer, r = covariance_from_start(law, made, made.divided)
    columns = np.column_stack([alone, older, newer])
    settled, first, factor = law.modes()
    return {
        "alone": settled,
        "first": first.tolist(),
        "factor": factor.tolist(),
        "r": r.tolist(),
        "stepwise": columns[:STEPWISE].tolist(),
        "chebyshev": _in_log_time(columns, STEPWISE, full).tolist(),
        "full": full,
    }


def _in_log_time(columns: np.ndarray, first: int, last: int) -> np.ndarray:
    """Return the Chebyshev coefficients of every column, shape (columns, degree + 1), from t = first to t = last."""
    from numpy.polynomial.chebyshev import chebfit

    low, high = math.log(first), math.log(last)
    spread = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
    t = np.unique(np.rint(np.exp((low + high) / 2 + (high - low) / 2 * spread)).astype(int))
    t = np.union1d(t, [first, last])
    return chebfit((2 * np.log(t) - low - high) / (high - low), columns[t - 1], min(DEGREE, len(t) - 1)).T
