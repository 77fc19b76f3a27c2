r"""Lion: the scale at which decoupled decay holds a random walk of signs.

.. math:: E w^2 = \frac{\eta^2}{1 - a^2} \left(1 + \frac{4}{\pi} \sum_{j=0}^{\infty}
   \frac{\binom{2j}{j}}{4^j (2j + 1)} q^{2j+1} \frac{a b_2^{2j+1}}{1 - a b_2^{2j+1}}\right)

with :math:`a = 1 - \eta\lambda/n` and q the number for which c = b_1 m + (1 - b_1) g, whose sign is the step, has the
autocorrelation q b_2^s at lag s >= 1. Signs of Gaussians that correlate by r correlate by (2 / pi) arcsin r.

Assumptions
-----------
1. The gradient is white Gaussian noise of any size: no curvature, no memory.
2. The memory m is stationary.

Range: 0 < eta lam/n < 2. Exact as a series, summed to rounding. Leading order (eta lam/n far below 1 - b_2):
eta / (2 lam/n) times 1 + (4 / pi) q b_2 / (1 - b_2), within a few percent.

References
----------
Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023 (arXiv:2302.06675): the rule. Van Vleck and
Middleton, "The spectrum of clipped noise", Proc. IEEE 54 (1966): the arcsine law.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from theory.settings import Lion
from theory.settings.types import Value
from theory.weight.law import Law, law_of
from theory.weight.laws.normalised import NormalisedLaw
from theory.weight.problem import Problem

__all__ = ["LionLaw", "direction_correlation", "sign_sum"]


@lru_cache
def direction_correlation() -> Any:
    """Return the lag-one autocorrelation q b2 of Lion's direction, derived from its update rule (SymPy, b1 and b2).

    Examples
    --------
    >>> import sympy as sp
    >>> b1, b2 = sp.symbols("b1 b2")
    >>> sp.factor(direction_correlation().subs(b1, 0))
    0
    >>> sp.simplify(direction_correlation().subs(b1, b2))  # the direction is then m itself
    b2
    """
    import sympy as sp

    from theory.algebra.recursion import LinearRecursion
    from theory.symbols import xi

    b1, b2, m, c = sp.symbols("b1 b2 m c")
    rule = LinearRecursion.from_update({c: b1 * m + (1 - b1) * xi, m: b2 * m + (1 - b2) * xi})
    P = rule.stationary_covariance()
    return sp.factor((rule.M * P)[0] / P[0])


@lru_cache
def _correlation() -> Callable[[float, float], float]:
    import sympy as sp

    return sp.lambdify(sp.symbols("b1 b2"), direction_correlation(), "math")


@lru_cache
def _terms(beta1: float, beta2: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors (4 / pi) coefficient (q b2)^(2j + 1), and b2^(2j + 1), of the series, to rounding."""
    r = _correlation()(beta1, beta2)
    if r == 0:
        return np.zeros(1), np.zeros(1)
    count = max(1, math.ceil(math.log(1e-18) / (2 * math.log(r))))
    j = np.arange(count)
    coefficient = np.cumprod(np.concatenate([[1.0], (2 * j[1:] - 1) / (2 * j[1:])])) / (2 * j + 1)
    return 4 / math.pi * coefficient * r ** (2 * j + 1), beta2 ** (2 * j + 1)


def sign_sum(a: Value, beta1: float, beta2: float) -> Value:
    """Return S(a) of Lion's step: 1 + 2 sum over s >= 1 of a^s (2 / pi) arcsin(q b2^s).

    Examples
    --------
    >>> print(f"{sign_sum(1.0, 0.9, 0.99):.3f}")
    45.927
    """
    factors, powers = _terms(beta1, beta2)
    total = np.ones(np.shape(a))
    for factor, power in zip(factors, powers, strict=True):  # term by term, so that arrays of a take no more memory
        total = total + factor * a / (1 - a * power)
    return float(total) if np.ndim(a) == 0 else total


@law_of.register
def _(optimizer: Lion) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return LionLaw


class LionLaw(NormalisedLaw):
    """The law of Lion."""

    def summed(self, a: Value) -> Value:
        """Return S(a)."""
        return sign_sum(a, *self.problem.optimizer.betas)

    def modes(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the terms of the arcsine's series, a mode each."""
        factors, powers = _terms(*self.problem.optimizer.betas)
        return 1.0, factors / 2, powers

    @property
    def memory(self) -> float:
        """Factor per step by which the memory of the gradients forgets."""
        return float(self.problem.optimizer.beta2)
