r"""How much of E w^2 along a run is to be relied on, where the error of a law differs between stages of the run.

.. math:: E_t V_t = e^{-2 f_t} E_{t-1} V_{t-1} + e_t \left|V_t - e^{-2 f_t} V_{t-1}\right|

with the mean square V after t steps, its relative error E, and that of what a step adds, e, which a law states by
stages: its first steps are known less well than its equilibrium. A step forgets the power f of e of the weight, so the
error of a stage fades as what the weight remembers of it.

Assumption: the errors of stages add up at worst.
"""

from __future__ import annotations

import numpy as np

from theory.algebra.scan import affine_scan

__all__ = ["error_along", "staged"]


def staged(steps: int, late: float, *stages: tuple[float, float], start: float = 0.0) -> np.ndarray:
    """Return the relative error of the start and of what every step adds, shape (steps + 1,).

    Parameters
    ----------
    steps : int
        Of the run.
    late : float
        The error once all stages are over.
    *stages : (float, float)
        The last step of a stage, counted from one, and the error in it; a stage begins where the one before ends.
    start : float
        The error of what is left of the start.

    Examples
    --------
    >>> staged(5, 0.01, (2, 0.1), (4, 0.05)).tolist()
    [0.0, 0.1, 0.1, 0.05, 0.05, 0.01]
    """
    errors, t = np.full(steps + 1, late), np.arange(steps + 1)
    for until, error in reversed(stages):
        errors[t <= until] = error
    errors[0] = start
    return errors


def error_along(variance: np.ndarray, forgotten: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Return the relative error of E w^2 after every step, shape (T + 1,).

    Parameters
    ----------
    variance : ndarray, shape (T + 1,)
        E w^2.
    forgotten : ndarray, shape (T,)
        By which power of e the mean weight falls in a step.
    errors : ndarray, shape (T + 1,)
        Relative error of the start and of what a step adds (`staged`); NaN where nothing was measured.
    """
    if np.ptp(errors) == 0:
        return errors
    with np.errstate(over="ignore"):
        kept = np.exp(-2 * forgotten)
    added = np.abs(variance[1:] - kept * variance[:-1])
    amount = affine_scan(kept[:, None], (errors[1:] * added)[:, None], np.array([errors[0] * variance[0]]))[:, 0]
    return np.divide(amount, variance, out=np.zeros_like(amount), where=variance > 0)
