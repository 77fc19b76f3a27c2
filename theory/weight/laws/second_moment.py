r"""A linear filter of white Gaussian noise over the root of its live second moment: Adam's step, by quadrature.

The step is u = (sum of c_j g_(t-j)) / sqrt(v). With :math:`v^{-1/2} = \frac{2}{\sqrt{\pi}} \int_0^\infty e^{-v y^2}
dy`, unit noise and

.. math:: F(z) = \prod_{j \ge 0} (1 + 2 (1 - b_2) b_2^j z)^{-1/2}, \quad
   G_s(z) = \sum_{i \ge 0} \frac{c_i c_{i+s}}{1 + 2 (1 - b_2) b_2^i z}

the autocovariance :math:`C_s = E u_t u_{t+s}` of the normalised step is

.. math:: C_s = \frac{4}{\pi} \int_0^\infty \int_0^\infty
   (F G_s)(x^2 + b_2^s y^2) \frac{F(y^2)}{F(b_2^s y^2)} dx dy

and a small drift of the gradient moves the weight by A of what it would with v held fixed,

.. math:: A = \sum_j c_j \frac{2}{\sqrt{\pi}} \int_0^\infty \frac{F(y^2)}{1 + 2 (1 - b_2) b_2^j y^2} dy

Assumptions
-----------
1. The gradient is white Gaussian noise of any size: no curvature, no memory, epsilon far below its standard deviation.
2. Both moments are stationary, so that the corrections of their bias have worn off.
3. The filter is c_j = tail b_1^j, and more on the newest gradient: Adam, NAdam, a gradient without momentum.

Range: 0.05 <= b_2 < 1 and 0 <= b_1 < 1. F and the sums are tabulated on a logarithmic grid from their own recursions,
F(z) = (1 + 2 (1 - b_2) z)^(-1/2) F(b_2 z); the integrals are trapezoid sums in ln x^2 and ln y^2, exponentially exact;
C_s / b_1^s is a smooth function of b_2^s, here a polynomial of it, so that every power is a mode of factor b_1 b_2^k
per step, and the sums over the lags are geometric series. Above b_2 = 0.9999 the first order in 1 - b_2 takes the
quadrature's place. Error: 1e-7 of the variance; 1e-9 from b_2 = 0.7 on.

References
----------
Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015 (arXiv:1412.6980), for the rule. The derivation
is this package's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from theory.settings.types import Value

__all__ = [
    "Filter",
    "StepCovariance",
    "adam_filter",
    "filtered_covariance",
    "first_order_covariance",
    "step_covariance",
]

LEAST_BETA2 = 0.05  # below it the integrands' tails outgrow the grid
LARGEST_BETA2 = 0.9999  # the grid grows as 1 / (1 - beta2); beyond, first order is as exact
MOST_LAGS = 2**24  # numbers: 128 MB
SPACING = 0.3  # of the trapezoid rules, in ln x^2
NODES = 24  # values of b2^s at which C_s is computed
FAST = 0.7  # beta2 below which C_s is computed at all its lags, which are few
MODES = (3, 5, 8, 12, 16)  # powers of b2^s in C_s / b1^s: the first of these numbers that is enough
ENOUGH = 3e-10  # of C_0
CUT = 1e-13  # lags with b1^s below it are left out

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Filter:
    """What the second moment divides: the weights c_j of the gradient j steps ago.

    Parameters
    ----------
    memory : float
        b1.
    tail : float
        c_j = tail b1^j for j >= 1.
    newest : float
        c_0 is tail + newest.
    """

    memory: float
    tail: float
    newest: float = 0.0


def adam_filter(beta1: float) -> Filter:
    """Return Adam's: the averaged gradient."""
    return Filter(beta1, 1 - beta1)


@dataclass(frozen=True)
class StepCovariance:
    """Second moments of a normalised step under unit white Gaussian noise.

    Attributes
    ----------
    alone : float
        C_0.
    first, factor : ndarray
        C_s is the sum of first factor^(s - 1) for s >= 1.
    response : float
        A: the mean step per unit of drift in the gradient, less than with a fixed second moment by as much as v follows
        the gradients (Stein's lemma).
    """

    alone: float
    first: np.ndarray
    factor: np.ndarray
    response: float

    @property
    def lags(self) -> np.ndarray:
        """C_s for s = 0, 1, ... until they vanish."""
        slowest = float(self.factor.max())
        count = math.ceil(math.log(CUT) / math.log(slowest)) if slowest > 0 else 1
        if count * len(self.factor) > MOST_LAGS:
            raise NotImplementedError(f"a step remembers {count:.2g} steps, too many to add up. Take a smaller beta1.")
        powers = np.vander(self.factor, max(count - 1, 0), increasing=True)
        return np.concatenate([[self.alone], self.first @ powers])

    def lag(self, s: int) -> float:
        """Return C_s."""
        return self.alone if s == 0 else float(self.first @ self.factor ** (s - 1))

    def summed(self, a: Value) -> Value:
        """Return S(a) = C_0 + 2 sum of a^s C_s over s >= 1."""
        a = np.asarray(a, dtype=float)[..., None]
        total = self.alone + 2 * np.sum(a * self.first / (1 - a * self.factor), axis=-1)
        return float(total) if np.ndim(total) == 0 else total


@lru_cache
def step_covariance(beta1: float, beta2: float) -> StepCovariance:
    """Return the second moments of Adam's normalised step (`filtered_covariance` of `adam_filter`).

    Examples
    --------
    >>> print(f"{step_covariance(0.9, 0.99).summed(1.0):.4f}")
    0.9916
    """
    return filtered_covariance(adam_filter(beta1), beta2)


@lru_cache
def filtered_covariance(weights: Filter, beta2: float) -> StepCovariance:
    """Return the second moments of a filtered and normalised step; at most 0.5 s the first time, then remembered.

    Parameters
    ----------
    weights : Filter
        Of the gradients in the numerator.
    beta2 : float
        Memory of the second moment.

    Returns
    -------
    StepCovariance
        For white Gaussian noise.

    Raises
    ------
    NotImplementedError
        If beta2 is below 0.05.
    """
    if beta2 < LEAST_BETA2:
        raise NotImplementedError(
            f"the quadrature holds for beta2 from {LEAST_BETA2}, got {beta2}: below it rare large steps decide. "
            "At beta1 = beta2 = 0 the step is the gradient's sign: theory.Lion((0, 0))."
        )
    if beta2 > LARGEST_BETA2:
        return first_order_covariance(weights, beta2)
    b1, tail, newest = weights.memory, weights.tail, weights.newest
    log_f, h = _tables(b1, beta2)
    grid = np.arange(-46, _reach(log_f), SPACING)  # ln x^2: where exp of half of it is below 1e-10, to where F vanishes
    square, measure = np.exp(grid), SPACING / 2 * np.exp(grid / 2)  # x^2, and dx
    one = 1 / (1 + 2 * (1 - beta2) * square)
    both = tail**2 * h(grid) + (2 * tail * newest + newest**2) * one
    alone = float(SPACING * np.sum(square * np.exp(log_f(grid)) * both))
    _, g = _tables(math.sqrt(b1), beta2)
    filtered = tail * g(grid) + newest * one
    response = float(2 / math.sqrt(math.pi) * np.sum(measure * np.exp(log_f(grid)) * filtered))

    def over_memory(ln_z: np.ndarray) -> np.ndarray:
        """G_s / b1^s."""
        return tail * (tail * h(ln_z) + newest / (1 + 2 * (1 - beta2) * np.exp(ln_z)))

    def lag(q: float) -> float:
        return 4 / math.pi * _overlap(q, log_f, over_memory, grid, square, measure)

    return StepCovariance(alone, *_modes(lag, b1, beta2, alone), response)


def _modes(lag: Callable[[float], float], b1: float, b2: float, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Return C_1 and the factor per lag of the modes b1 b2^k; `lag` gives C_s / b1^s at q = b2^s."""
    if b1 == 0:
        return np.zeros(1), np.zeros(1)
    last = math.log(CUT) / math.log(b1)
    followed = min(last, math.log(CUT) / math.log(b2))  # the lags at which anything still changes
    if followed <= NODES or b2 < FAST:
        s = np.arange(1, math.ceil(followed) + 1.0)
        q = b2**s
    else:
        middle, half = (b2 + b2**last) / 2, (b2 - b2**last) / 2
        q = middle + half * np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
        s = np.log(q) / math.log(b2)
    values, weight = np.array([lag(node) for node in q]), b1**s
    for count in MODES:
        powers = q[:, None] ** np.arange(min(count, len(q)))
        fitted, *_ = np.linalg.lstsq(powers * weight[:, None], values * weight, rcond=None)
        if np.max(np.abs(powers @ fitted - values) * weight) < ENOUGH * size:
            break
    factor = b1 * b2 ** np.arange(len(fitted))
    return fitted * factor, factor


@lru_cache
def _compiled_first_order() -> Callable[..., tuple[float, float, float, float]]:
    import sympy as sp

    from theory.weight.derivations.adam import b1, b2, kappa, newest, tail
    from theory.weight.derivations.adam import first_order_covariance as derived

    terms = sp.Tuple(*derived()).subs(kappa, 3)
    function: Callable[..., tuple[float, float, float, float]] = sp.lambdify((tail, newest, b1, b2), terms, "math")
    return function


def first_order_covariance(weights: Filter, beta2: float) -> StepCovariance:
    """Return the second moments to first order in 1 - beta2: two modes."""
    b1 = weights.memory
    alone, slow, fast, response = _compiled_first_order()(weights.tail, weights.newest, b1, beta2)
    factor = np.array([b1, b1 * beta2])
    return StepCovariance(alone, np.array([slow, fast]) * factor, factor, response)


def _tables(beta1: float, beta2: float) -> tuple[Function, Function]:
    """Return ln F and H as functions of ln z, from F(z) = (1 + 2 (1 - b2) z)^(-1/2) F(b2 z) and the like for H."""
    from scipy.interpolate import CubicSpline
    from scipy.signal import lfilter

    per_factor = max(1, math.ceil(-math.log(beta2) / 0.02))  # grid points between z and b2 z
    step = -math.log(beta2) / per_factor
    grid = np.arange(-48.0, 48.0, step)
    grid = grid[: len(grid) - len(grid) % per_factor]
    term = 1 + 2 * (1 - beta2) * np.exp(grid).reshape(-1, per_factor)
    log_f = lfilter([1], [1, -1], -np.log(term) / 2, axis=0).ravel()
    start = np.full((1, per_factor), beta1**2 / (1 - beta1**2))  # H(0) below the grid
    h = lfilter([1], [1, -(beta1**2)], 1 / term, axis=0, zi=start)[0].ravel()
    thin = max(1, math.ceil(0.02 / step))
    return CubicSpline(grid[::thin], log_f[::thin]), CubicSpline(grid[::thin], h[::thin])


def _reach(log_f: Function) -> float:
    """Return the ln z from which F is below 1e-20."""
    grid = np.arange(-5, 47, SPACING)
    return float(grid[np.argmax(log_f(grid) < math.log(1e-20))])


def _overlap(
    q: float, log_f: Function, h: Function, grid: np.ndarray, square: np.ndarray, measure: np.ndarray
) -> float:
    """Return the double integral of C_s at q = b2^s."""
    both = np.log(square[:, None] + q * square)  # ln(x^2 + q y^2)
    inside = np.exp(np.minimum(log_f(both), 0)) * h(both)
    ratio = np.exp(log_f(grid) - log_f(grid + math.log(q)))
    return float(measure @ inside @ (measure * ratio))
