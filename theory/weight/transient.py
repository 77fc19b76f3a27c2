r"""How a weight approaches its equilibrium: numbers for the transient that `theory.weight.derivations.plain` derives.

.. math:: E w_t^2 = a^{2t} w_0^2 + (1 - a^{2t}) V

for white noise; with noise of memory r the derivation subtracts a term in :math:`a^t (a^t - r^t)/(a - r)`.
This module holds what the formula needs to be evaluated without cancellation, and the search for the tail-off.

Assumptions, range and references: those of `theory.weight.derivations.plain`. Exact: no error order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from theory.weight.law import Law

__all__ = ["divided_power", "last_step_outside", "power", "tail_off", "variance_after"]

Array = Any  # a float or an ndarray of floats


def power(x: Array, t: Array) -> Array:
    """Return (1 - x)^t for whole t, exact to rounding also where x is tiny and t is huge."""
    x, t = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(t, dtype=float))
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(x < 1, np.log1p(-np.minimum(x, 1)), np.log(np.abs(1 - x)))
        size = np.where(t == 0, 1.0, np.exp(t * log))
    return np.where((x > 1) & (t % 2 == 1), -size, size)


def divided_power(x: Array, d: Array, t: Array) -> Array:
    """Return (a^t - r^t) / (a - r) with a = 1 - x and r = 1 - d, exact to rounding also where a is near r."""
    x, d, t = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (x, d, t)))
    both_negative = (x > 1) & (d > 1)
    sign = np.where(both_negative & (t % 2 == 0), -1.0, 1.0)  # then (a^t - r^t)/(a - r) is (-1)^(t-1) that of |a|, |r|
    x, d = np.where(both_negative, 2 - x, x), np.where(both_negative, 2 - d, d)
    gap = np.abs(d - x)  # |a - r|, formed from the small numbers
    large = 1 - np.minimum(x, d)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        apart = (power(x, t) - power(d, t)) / (d - x)
        close = -power(np.minimum(x, d), t) * np.expm1(t * np.log1p(-gap / large)) / gap
        equal = t * power(x, np.maximum(t - 1, 0))
    return sign * np.where(gap == 0, equal, np.where(large > gap, close, apart))


@lru_cache
def _law(correlated: bool) -> Callable[..., Array]:
    """Compile the derived transient, its powers of a handed in so that each is formed without cancellation."""
    import sympy as sp

    from theory.symbols import V, a, eta, r, sigma, t, w_start
    from theory.weight.derivations.plain import DividedPower, derive_plain

    once, twice, rest, quotient, gap = sp.symbols("once twice rest quotient gap")
    expression = derive_plain(correlated)["transient"].rhs
    for term, symbol in [(DividedPower(a, r, t), quotient), (1 - a ** (2 * t), rest), (a ** (2 * t), twice),
                         (a**t, once), (1 - a * r, gap)]:  # fmt: skip
        expression = expression.subs(term, symbol)
    return sp.lambdify([r, eta, sigma, V, w_start, once, twice, rest, quotient, gap], expression, [{"sqrt": np.sqrt}])


def variance_after(steps: Array, start: Array, *, x: Array, d: Array, eta: Array, sigma: Array, V: Array) -> Array:
    """Return E w_t^2 after `steps` from the weight `start`; the arguments broadcast.

    `x` is the rate, `d` one minus the noise's correlation, `V` the stationary variance.
    """
    correlated = bool(np.any(d != 1))
    once = power(x, steps)
    quotient = divided_power(x, d, steps) if correlated else 0.0
    gap = d + x * (1 - d)  # 1 - a r
    return _law(correlated)(1 - d, eta, sigma, V, start, once, once**2, _relaxed(x, steps), quotient, gap)


def _relaxed(x: Array, t: Array) -> Array:
    """Return 1 - (1 - x)^(2t) without cancellation."""
    x, t = np.asarray(x, dtype=float), np.asarray(t, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(t == 0, 0.0, -np.expm1(t * np.log1p(-x * (2 - x))))


def tail_off(law: Law, start: float, within: float) -> int:
    """Return the first step from which the rms stays within a fraction of the equilibrium scale; scalars only.

    Parameters
    ----------
    law : Law
        With `variance`, `variance_after` and `deviation_bound`.
    start, within : float
        As in `Equilibrium.tail_off`.
    """
    upper, lower = (1 + within) ** 2 * law.variance, (1 - within) ** 2 * law.variance

    def outside(steps: np.ndarray) -> np.ndarray:
        now = law.variance_after(steps, start)
        return np.asarray((now > upper) | (now < lower))

    horizon, bound = 1.0, law.deviation_bound(start)
    while bound(horizon) >= law.variance - lower:  # the band's narrow side
        horizon *= 2
    return last_step_outside(outside, horizon) + 1


def last_step_outside(outside: Callable[[np.ndarray], np.ndarray], horizon: float) -> int:
    """Return the last whole step below `horizon` at which `outside` holds, or -1.

    Parameters
    ----------
    outside : callable
        Maps an array of steps to booleans. Beyond `horizon` it must be False.
    horizon : float
        Where to stop looking.

    Notes
    -----
    Every step up to 2048, then a grid whose spacing is 0.05% of the time, then bisection: an excursion that is shorter
    than that fraction of its own date can be missed, which a sum of two exponentials does not produce. Steps are looked
    at in pairs, since a negative a or r makes the deviation alternate.
    """
    grid = np.arange(min(2048.0, np.ceil(horizon) + 1))
    if horizon > 2048:
        grid = np.unique(np.concatenate([grid, np.ceil(2048 * 1.0005 ** np.arange(_ratio_steps(horizon) + 1))]))
    hits = np.flatnonzero(outside(grid) | outside(grid + 1))
    if hits.size == 0:
        return -1
    low = int(grid[hits[-1]])
    high = int(grid[hits[-1] + 1]) if hits[-1] + 1 < grid.size else int(np.ceil(horizon))
    while high - low > 1:  # outside(low or low + 1), and not at high nor at high + 1
        middle = (low + high) // 2
        pair = np.array([middle, middle + 1.0])
        low, high = (middle, high) if outside(pair).any() else (low, middle)
    return low if outside(np.array([float(low)]))[0] else -1


def _ratio_steps(horizon: float) -> int:
    return int(np.ceil(np.log(horizon / 2048) / np.log(1.0005)))
