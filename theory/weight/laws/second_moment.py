r"""The step of Adam under white Gaussian noise: autocovariance of m/sqrt(v) with v alive, by quadrature.

With :math:`v^{-1/2} = \frac{2}{\sqrt{\pi}} \int_0^\infty e^{-v y^2} dy`, unit noise and

.. math:: F(z) = \prod_{j \ge 0} (1 + 2 (1 - b_2) b_2^j z)^{-1/2}, \quad
   H(z) = \sum_{j \ge 0} \frac{b_1^{2j}}{1 + 2 (1 - b_2) b_2^j z}

the autocovariance :math:`C_s = E u_t u_{t+s}` of the normalised step :math:`u = m/\sqrt{v}` is

.. math:: C_s = \frac{4 (1 - b_1)^2 b_1^s}{\pi} \int_0^\infty \int_0^\infty
   (F H)(x^2 + b_2^s y^2) \frac{F(y^2)}{F(b_2^s y^2)} dx dy

Assumptions
-----------
1. The gradient is white Gaussian noise of any size: no curvature, no memory, epsilon far below its standard deviation.
2. Both moments are stationary, so that the corrections of their bias have worn off.

Range: 0.5 <= b_2 < 1 and 0 <= b_1 < 1. F and H are tabulated on a logarithmic grid from their own recursions,
F(z) = (1 + 2 (1 - b_2) z)^(-1/2) F(b_2 z); the integrals are trapezoid sums in ln x^2 and ln y^2, exponentially exact;
C_s / b_1^s is a smooth function of b_2^s and is interpolated in it. Error: 1e-8 of the variance at b_2 = 0.5, 1e-10
from 0.7 on (halving the spacing changes no more).

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

__all__ = ["LEAST_BETA2", "StepCovariance", "step_covariance"]

LEAST_BETA2 = 0.5  # below it the integrands' tails outgrow the grid
LARGEST_BETA2 = 0.99999  # the grid grows as 1 / (1 - beta2)
MOST_LAGS = 2**22
SPACING = 0.3  # of the trapezoid rules, in ln x^2
NODES = 24  # of the interpolation in b2^s
CUT = 1e-13  # lags with b1^s below it are left out

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class StepCovariance:
    """Second moments of Adam's normalised step under unit white Gaussian noise.

    Attributes
    ----------
    lags : ndarray
        C_s for s = 0, 1, ... until they vanish.
    response : float
        A = sum over j of (1 - b_1) b_1^j E[g_j^2 / sqrt(v)]: the mean step per unit of drift in the gradient, and less
        than the fixed second moment's by as much as v follows the gradients (Stein's lemma).
    """

    lags: np.ndarray
    response: float

    def summed(self, a: float | np.ndarray) -> float | np.ndarray:
        """Return S(a) = C_0 + 2 sum of a^s C_s over s >= 1."""
        return 2 * np.polynomial.polynomial.polyval(a, self.lags) - self.lags[0]


@lru_cache
def step_covariance(beta1: float, beta2: float) -> StepCovariance:
    """Return the second moments of Adam's normalised step; about 0.1 s the first time, then remembered.

    Parameters
    ----------
    beta1, beta2 : float
        Memories of the two moments.

    Returns
    -------
    StepCovariance
        For white Gaussian noise.

    Raises
    ------
    NotImplementedError
        If beta2 is below 0.5 or above 0.99999.

    Examples
    --------
    >>> print(f"{step_covariance(0.9, 0.99).summed(1.0):.4f}")
    0.9916
    """
    if not LEAST_BETA2 <= beta2 <= LARGEST_BETA2:
        raise NotImplementedError(
            f"the quadrature holds for beta2 from {LEAST_BETA2} to {LARGEST_BETA2}, got {beta2}. Nearer to 1 the "
            "second moment is as good as fixed: theory.weight.laws.adam.fixed_second_moment()."
        )
    log_f, h = _tables(beta1, beta2)
    grid = np.arange(-46, _reach(log_f), SPACING)  # ln x^2: where exp of half of it is below 1e-10, to where F vanishes
    square, measure = np.exp(grid), SPACING / 2 * np.exp(grid / 2)  # x^2, and dx
    variance = (1 - beta1) ** 2 * SPACING * np.sum(square * np.exp(log_f(grid)) * h(grid))
    lag_count = 1 if beta1 == 0 else math.ceil(math.log(CUT) / math.log(beta1))
    if lag_count > MOST_LAGS:
        raise NotImplementedError(f"beta1 = {beta1} remembers {lag_count:.2g} steps, too many to add up. Take less.")
    q = beta2 ** np.arange(1, lag_count)
    lags = 4 * (1 - beta1) ** 2 / math.pi * beta1 ** np.arange(1, lag_count)
    if lag_count > 1:
        lags *= _interpolated(lambda nodes: [_overlap(node, log_f, h, grid, square, measure) for node in nodes], q)
    _, g = _tables(math.sqrt(beta1), beta2)
    response = (1 - beta1) * 2 / math.sqrt(math.pi) * np.sum(measure * np.exp(log_f(grid)) * g(grid))
    return StepCovariance(np.concatenate([[variance], lags]), float(response))


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


def _interpolated(function: Callable[[np.ndarray], list[float]], q: np.ndarray) -> np.ndarray:
    """Return `function` at `q` from its values at Chebyshev nodes over the range of q."""
    from scipy.interpolate import BarycentricInterpolator

    middle, half = (q[0] + q[-1]) / 2, (q[0] - q[-1]) / 2
    if len(q) <= NODES:
        return np.array(function(q))
    nodes = middle + half * np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
    return BarycentricInterpolator(nodes, function(nodes))(q)
