"""The lam at which something that decay makes smaller has a wanted value, by bracketing and root finding."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from theory.errors import InvalidArgument, NoEquilibrium

__all__ = ["smallest_lam"]

PLATEAU = 1e-9  # so much more is rounding, where curvature holds the weight and decay does next to nothing
BEYOND = 1e3  # an excess that no pair of doubles has: where there is no quantity
MORE = {"scale": "Take a larger learning rate, or ask for a smaller scale."}  # what to do where the target is too large
LESS = {"scale": "Take a smaller learning rate, or ask for a larger scale."}  # and where it is too small
SHORTER, LONGER = "Ask for a shorter one.", "No learning rate makes it shorter: ask for a longer one."


def smallest_lam(
    quantity: Callable[[float], float],
    target: float,
    name: str,
    n: float,
    decay: str = "lam",
    begin: float | None = None,
) -> float:
    """Return the smallest lam at which a quantity that falls with lam, while lam is small, has its target value.

    Parameters
    ----------
    quantity : callable
        Maps lam to a positive number. NoEquilibrium or NotImplementedError: too strong a decay, beyond the law's range.
    target : float
        The wanted value.
    name : str
        What the quantity is, for the message.
    n : float
        Number of training examples: the search begins where lam/n is e^-30.
    decay : str
        What the caller calls lam, for the message.
    begin : float, optional
        A lam below which next to nothing changes: the search walks up from here and not from e^-30 n.

    Returns
    -------
    float
        To 1e-13 relative.

    Raises
    ------
    InvalidArgument
        If no lam reaches the target; the message says what can be reached.
    NoEquilibrium, NotImplementedError
        If the quantity has a value at no lam.
    """
    from scipy.optimize import brentq, minimize_scalar

    @cache
    def excess(log_lam: float) -> float:
        try:
            return float(np.log(quantity(np.exp(log_lam)) / target))
        except (NoEquilibrium, NotImplementedError):
            return np.inf

    low = _where_it_begins(excess, float(np.log(n)) - 30)
    if not np.isfinite(excess(low)):
        quantity(float(np.exp(low)))  # says why there is none
    if excess(low) < 0:
        raise InvalidArgument(
            f"{name} must be reachable, got {target:g}: even {decay} = {np.exp(low):g} gives less, "
            f"{target * np.exp(excess(low)):g}. {MORE.get(name, SHORTER)}"
        )
    if begin is not None and excess(np.log(begin)) > 0:
        low = float(np.log(begin))
    high = low if begin is None else max(low, float(np.log(begin)))
    here = excess(high)
    while here > 0:
        further = excess(high + 0.5)
        if further > here + PLATEAU:
            break
        high, here = high + 0.5, further
    if here > 0:
        best = minimize_scalar(
            lambda x: min(excess(x), BEYOND),
            bounds=(high - 0.5, high + 0.5),
            method="bounded",
            options={"xatol": 1e-10},
        )
        high = best.x
        if best.fun > 0:
            raise InvalidArgument(
                f"{name} must be reachable, got {target:g}: the least is {target * np.exp(best.fun):g}, at "
                f"{decay} = {np.exp(high):g}. {LESS.get(name, LONGER)}"
            )
    return float(np.exp(brentq(excess, low, high, xtol=1e-13)))


def _where_it_begins(excess: Callable[[float], float], low: float) -> float:
    """Return a point of the range of the law with a positive excess; negative curvature needs some lam to be in it."""
    if np.isfinite(excess(low)):
        return low
    inside = next((point for point in low + 0.5 * np.arange(1, 121) if np.isfinite(excess(point))), low)
    outside = inside - 0.5
    while excess(inside) < 0 and inside - outside > 1e-12:
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if np.isfinite(excess(middle)) else (inside, middle)
    return float(inside)
