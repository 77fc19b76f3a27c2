r"""What Lion, Signum and Muon share: a step that is a function of a direction, whatever its size, and decoupled decay.

.. math:: V_{t+1} = a_t^2 V_t + \eta_t^2 C_0 + 2 a_t \eta_t Y_t, \qquad
   Y_t = \sum_{i < t} \eta_i \left(\prod_{i < s < t} a_s\right) f(\rho_{it})

with the correlation :math:`\rho_{it}` of the directions of two steps, which grows from an empty memory as
`theory.weight.derivations.direction` derives, and the power series f of `theory.weight.laws.odd_series`. Since
:math:`\rho_{it}` is a product over the steps between i and t, each power of it is one recursion. Exact.

Assumptions
-----------
1. The gradient is white Gaussian noise of any size: no curvature, no memory.
2. The optimizer starts with an empty memory.

Range: 0 < eta lam/n < 2 for the equilibrium, any rates for the way there.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property, lru_cache

import numpy as np

from theory.algebra.scan import affine_scan
from theory.settings.types import Value
from theory.weight.laws.normalised import NormalisedLaw
from theory.weight.laws.odd_series import OddSeries
from theory.weight.problem import out
from theory.weight.rates import Rates

__all__ = ["DirectedLaw", "correlations", "direction_correlation", "filtered_square", "summed_series"]

AT_ONCE = 2**20  # numbers of the recursions that are held in memory


@lru_cache
def _compiled() -> tuple[Callable[..., Value], Callable[..., tuple[Value, Value]]]:
    import sympy as sp

    from theory.weight.derivations.direction import G, b1, b2, correlation, growing

    return sp.lambdify((b1, b2), correlation(), "math"), sp.lambdify((b1, b2, G), growing(), "numpy")


def direction_correlation(beta1: float, beta2: float) -> float:
    """Return the lag-one autocorrelation of the direction in the long run.

    Examples
    --------
    >>> print(f"{direction_correlation(0.9, 0.99):.4f}")
    0.3504
    """
    return float(_compiled()[0](beta1, beta2))


def filtered_square(beta1: float, beta2: float) -> float:
    """Return E c^2 of the direction in the long run, in units of the noise's variance.

    Examples
    --------
    >>> print(f"{filtered_square(0.9, 0.9):.6f}")  # (1 - mu) / (1 + mu)
    0.052632
    """
    return float(_compiled()[1](beta1, beta2, 1.0)[0])


def correlations(beta1: float, beta2: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how the direction of step t + 1 correlates with that of t, and with those before relative to t's.

    Both of shape (steps,), from an empty memory; beyond t the correlation with any earlier step is a product of these.
    """
    grown = np.ones(steps + 1)
    grown[0] = 0.0
    if beta2 > 0:
        grown = -np.expm1(2 * np.arange(steps + 1.0) * math.log(beta2))
    square, following = (np.broadcast_to(part, grown.shape) for part in _compiled()[1](beta1, beta2, grown))
    root = np.sqrt(square[:-1] * square[1:])
    return following[:-1] / root, beta2 * np.sqrt(square[:-1] / square[1:])


def summed_series(series: OddSeries, beta2: float, a: Value) -> Value:
    """Return S(a): the step's autocovariance summed over all lags, each with its power of a."""
    weights, powers = series.exact
    total = np.full(np.shape(a), series.alone)
    for weight, power in zip(weights, beta2**powers, strict=True):  # one by one: arrays of a take no more memory
        total = total + 2 * weight * np.asarray(a) / (1 - np.asarray(a) * power)
    return out(total)


class DirectedLaw(NormalisedLaw):
    """The law of a step that is a function of the direction b1 m + (1 - b1) g; a subclass says which function."""

    @property
    @abstractmethod
    def betas(self) -> tuple[float, float]:
        """b1 and b2 of the direction."""

    @abstractmethod
    def series_up_to(self, largest: float) -> OddSeries:
        """Return the autocovariance of a weight's step as a series of the direction's autocorrelation, up to this."""

    @cached_property
    def series(self) -> OddSeries:
        """The same up to the correlation of neighbouring steps in the long run."""
        return self.series_up_to(direction_correlation(*self.betas))

    def summed(self, a: Value) -> Value:
        """Return S(a)."""
        return summed_series(self.series, self.betas[1], a)

    def modes(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the powers of the correlation, a mode each."""
        weights, powers = self.series.exact
        return self.series.alone, weights, self.betas[1] ** powers

    @property
    def memory(self) -> float:
        """Factor per step by which the memory of the gradients forgets."""
        return self.betas[1]

    @cached_property
    def balance(self) -> Value:
        """The scale at which decay balances a gradient that never changes: each step is then the same."""
        return math.sqrt(self.series.alone) * self.problem.n / self.problem.lam

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run, from an empty memory."""
        self.refuse_unknown()
        new, old = correlations(*self.betas, rates.steps)
        series = self.series_up_to(float(new.max()))  # a growing memory can make steps more alike than a grown one
        weights, powers = series.fast
        coefficients = weights / series.largest**powers if series.largest else np.zeros(1)
        a = 1 - rates.lr * rates.decay
        shared, state, span = [], np.zeros(len(powers)), max(1, AT_ONCE // len(powers))
        for first in range(0, rates.steps, span):
            here = slice(first, first + span)
            kept = a[here, None] * _powers(old[here], powers)
            states = affine_scan(kept, rates.lr[here, None] * _powers(new[here], powers), state)
            shared.append(states[:-1] @ coefficients)
            state = states[-1]
        y = np.concatenate([*shared, np.zeros(0)])
        kicks = rates.lr**2 * self.series.alone + 2 * a * rates.lr * y
        return affine_scan(a[:, None] ** 2, kicks[:, None], np.array([start**2]))[:, 0]


def _powers(values: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """Return values to powers, shape (T, K); those of values that repeat themselves to the end only once."""
    changing = int(np.max(np.flatnonzero(values != values[-1]), initial=-1)) + 1
    with np.errstate(under="ignore"):
        early, late = values[:changing, None] ** powers, values[-1] ** powers
    return np.concatenate([early, np.broadcast_to(late, (len(values) - changing, len(powers)))])
