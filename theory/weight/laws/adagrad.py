r"""Adagrad: the sum of all squared gradients divides the gradient, so that steps become ever smaller.

.. math:: V' = (1 - \delta)^2 V + \frac{\eta_t^2}{T}, \qquad
   \delta = \frac{\eta_t k \sqrt{2} \Gamma((T + 1)/2)}{\sigma T \Gamma(T/2)}

with T the sum in units of :math:`\sigma^2`, which grows by :math:`1 + k^2 V/\sigma^2` a step. The mean square of a step
is 1/T exactly for noise of any distribution (its square over a sum of equals), and the response to a pull
that of Gaussian noise, whose root of the sum is chi distributed. Where the weight itself makes part of the sum, the
Gamma functions are those of the noise's part, and their ratio's deviation from a sharp :math:`\sqrt{T}` fades with the
square of the noise's share in T. Late and without `lr_decay`

.. math:: E w^2 \to \frac{\eta \sigma}{2 k \sqrt{T}} \left(1 + \frac{\sigma}{4 \eta k \sqrt{T}}\right)

so the rms falls as :math:`t^{-1/4}`, and what happened at T' is remembered as
:math:`e^{-2 \eta k (\sqrt{T} - \sqrt{T'})/\sigma}`. With `lr_decay` l the weights freeze: the start is multiplied by
:math:`e^{-\pi \eta k/(\sigma \sqrt{l})}` in all and no more.

Assumptions
-----------
1. The gradient is white Gaussian noise beside its pull (lam/n + h) w; epsilon is far below it.
2. The sum is as good as its mean: it holds many gradients, or large ones.

Range: any schedule, any start. Error of E w^2: 4% in the first 10 steps, 1% from 50 on, 0.5% from 200 on, which is what
`accuracy` states.

References
----------
Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", JMLR 12 (2011).
The law is this package's own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from theory.settings import Adagrad
from theory.settings.types import Value
from theory.weight.law import Law, law_of
from theory.weight.laws.coupled import refuse_memory_and_eps
from theory.weight.laws.coupled_path import SUM, Corrections, Denominator, coupled_path
from theory.weight.laws.unsettled import UnsettledLaw
from theory.weight.minimising import minimising
from theory.weight.problem import Problem
from theory.weight.rates import Rates

__all__ = ["AdagradLaw", "late_variance"]

MEASURED = 0.005  # relative error of E w^2 from 200 steps on


@law_of.register
def _(optimizer: Adagrad) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return AdagradLaw


def _response(total: np.ndarray) -> np.ndarray:
    """Return E[g^2 / sqrt(sum of T squares)] sqrt(T) of unit Gaussian noise.

    The root of the sum has the chi distribution and g^2 is a T-th of the sum: it is E chi / sqrt(T).
    """
    from scipy.special import poch

    return np.asarray(poch(total / 2, 0.5) * np.sqrt(2 / total))


@lru_cache
def late_variance() -> Callable[..., Value]:
    """Compile E w^2 far from the start at a held rate, as a function of eta, k, sigma and T.

    Derived from dV/dT = -2 eta k V / (sigma sqrt(T)) + eta^2 / T, in falling powers of sqrt(T).

    Examples
    --------
    >>> print(f"{late_variance()(0.01, 0.5, 0.02, 1e4):.4e}")
    2.0200e-06
    """
    import sympy as sp

    from theory.symbols import eta, sigma

    k, root, c1, c2 = sp.symbols("k R c1 c2", positive=True)  # R is the root of T, dV/dT = dV/dR / (2 R)
    V = c1 / root + c2 / root**2
    left = sp.expand((sp.diff(V, root) / (2 * root) + 2 * eta * k * V / (sigma * root) - eta**2 / root**2) * root**3)
    (found,) = sp.solve([left.coeff(root, 1), left.coeff(root, 0)], [c1, c2], dict=True)
    return sp.lambdify((eta, k, sigma, sp.Symbol("T")), sp.simplify(V.subs(found)).subs(root, sp.sqrt(sp.Symbol("T"))))


class AdagradLaw(UnsettledLaw):
    """The law of Adagrad, along a path."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(minimising(problem))

    @property
    def accuracy(self) -> float:
        """Relative error of E w^2 along the path, measured from 200 steps on."""
        return MEASURED

    @property
    def reason(self) -> str:
        """Its steps fall for ever."""
        if self.problem.optimizer.lr_decay:
            return "lr_decay freezes the weights before they forget their start"
        return "its steps fall with the root of the sum of all squared gradients, and the rms as t^(-1/4)"

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run, from the mean of the sum."""
        refuse_memory_and_eps(self.problem)
        known = self._at_every_step(rates)
        noise, optimizer = float(self.problem.noise), self.problem.optimizer
        return coupled_path(
            Denominator(SUM, start=float(optimizer.initial_accumulator_value)),
            Corrections(_response(known[2]), np.ones(rates.steps)),
            lr=known[0],
            pull=known[1],
            noise=noise,
            start=start,
        )

    def _at_every_step(self, rates: Rates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the learning rate, the pull, and the sum in units of the noise if the noise alone made it."""
        optimizer = self.problem.optimizer
        t = np.arange(1, rates.steps + 1)
        own = optimizer.initial_accumulator_value / self.problem.noise**2
        lr = rates.lr / (1 + (t - 1) * optimizer.lr_decay)
        return lr, rates.decay + self.problem.curvature, t + own

    def forgetting(self, rates: Rates) -> np.ndarray:
        """Return by which power of e the mean weight falls in every step, the noise ruling the sum."""
        lr, pull, total = self._at_every_step(rates)
        step = lr * pull * _response(total) / (self.problem.noise * np.sqrt(total))
        with np.errstate(divide="ignore"):
            return np.asarray(-np.log(np.abs(1 - step)))
