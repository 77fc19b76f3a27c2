r"""How much of the equilibrium at the peak is left at the end of a fall, from its length in memories alone.

.. math:: R = 2 K \int_0^1 e(y)^2 \exp\left(-2 K \int_0^y e\right) dy + R_0 \exp\left(-2 K \int_0^1 e\right)

with the remaining fraction y of the fall, its shape e(y), its length K in memories at the peak rate, and the variance
:math:`R_0` at its beginning, in units of the peak's equilibrium. The flow is derived, and the linear fall solved, in
`theory.weight.derivations.schedules`; assumptions, range, error and references are stated there. Elsewhere the integral
is done by quadrature, to 1e-9.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from theory.errors import InvalidArgument
from theory.settings import check_range, non_negative, one_number, positive, representable, shown
from theory.settings.schedules import FALLS

__all__ = ["end_over_peak"]

SHARP = 700.0  # beyond this exponent nothing is remembered


@representable
def end_over_peak(fall: str, K: float, *, floor: float = 0.0, start: float = 1.0) -> float:
    """Return the rms at the end of a fall over the equilibrium rms at the peak.

    Parameters
    ----------
    fall : {"linear", "cosine", "1-sqrt", "constant"}
        Its shape.
    K : float
        Its length in memories at the peak rate: lr weight_decay steps for decoupled decay, divided by one minus the
        momentum for SGD with momentum, and with lr (lam/n) steps / noise for Adam with its decay in the gradient.
    floor : float
        Factor at the end, in [0, 1].
    start : float
        The rms at the beginning of the fall over the peak's equilibrium: 1 if the weights were in equilibrium.

    Returns
    -------
    float
        The square root of R.

    Raises
    ------
    InvalidArgument
        A number out of range or an unknown shape.

    Examples
    --------
    >>> print(f"{end_over_peak('linear', 3.0):.3f} {end_over_peak('cosine', 3.0):.3f}")
    0.710 0.755
    """
    if not isinstance(fall, str) or fall not in FALLS:
        raise InvalidArgument(f"fall must be one of {', '.join(FALLS)}, got {shown(fall)}.")
    K, floor, start = one_number("K", K), one_number("floor", floor), one_number("start", start)
    positive("K", K, "Give the length of the fall in memories at the peak rate.")
    check_range("floor", floor, 0, 1, ends=(True, True))
    non_negative("start", start)
    if fall == "linear" and floor == 0:
        rest, left = _linear(float(K)), math.exp(-K)
        return math.sqrt(rest + (start**2 - 1) * left)
    from scipy.integrate import quad

    def shape(y: float) -> float:
        return floor + (1 - floor) * float(FALLS[fall](np.asarray(y)))

    def clock(y: float) -> float:
        return float(quad(shape, 0, y)[0])

    def kept(y: float) -> float:
        exponent = 2 * K * clock(y)
        return 2 * K * shape(y) ** 2 * math.exp(-exponent) if exponent < SHARP else 0.0

    corners = np.unique(np.clip(np.geomspace(1e-6, 1, 13), 0, 1))  # the end is remembered best: nodes crowd there
    total = sum(quad(kept, low, high)[0] for low, high in zip(np.r_[0.0, corners[:-1]], corners, strict=True))
    return math.sqrt(total + start**2 * math.exp(-2 * K * clock(1.0)))


@lru_cache
def _linear_law() -> Callable[[float], float]:
    import sympy as sp

    from theory.weight.derivations.schedules import K, derive_schedules

    law: Callable[[float], float] = sp.lambdify(K, derive_schedules()["linear fall"].rhs, "math")
    return law


def _linear(K: float) -> float:
    return float(_linear_law()(K))
