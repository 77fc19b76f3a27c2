r"""Adagrad: the sum of all squared gradients divides the gradient, so that steps become ever smaller.

.. math:: V' = (1 - \delta)^2 V + \eta_t^2 q, \qquad \delta = \frac{\eta_t k}{\sigma} r
.. math:: q = \int_0^\infty \frac{e^{-c s} \, ds}{(1 + 2 s)^{t/2 + 1}}, \qquad
   r = \frac{1}{\sqrt{\pi}} \int_0^\infty \frac{e^{-c s} \, ds}{\sqrt{s} (1 + 2 s)^{t/2 + 1}}

with the averages q of :math:`g^2/(c + S)` and r of :math:`g^2/\sqrt{c + S}` over unit Gaussian noise g, one of the t
whose squares add up to S beside the initial c, in units of :math:`\sigma^2`. Without c the mean square q is 1/t for
noise of any distribution, its square over a sum of equals. Where the weight itself makes part of the sum T, which grows
by :math:`1 + k^2 V/\sigma^2` a step, the deviations of both from those of a sharp T fade with the square of the noise's
share in T. Late and without `lr_decay`

.. math:: E w^2 \to \frac{\eta \sigma}{2 k \sqrt{T}} \left(1 + \frac{\sigma}{4 \eta k \sqrt{T}}\right)

so the rms falls as :math:`t^{-1/4}`, and what happened at T' is remembered as
:math:`e^{-2 \eta k (\sqrt{T} - \sqrt{T'})/\sigma}`. With `lr_decay` l the weights freeze: the start is multiplied by
:math:`e^{-\pi \eta k/(\sigma \sqrt{l})}` in all and no more.

Assumptions
-----------
1. The gradient is white Gaussian noise beside its pull (lam/n + h) w; epsilon is far below it.
2. The sum is as good as its mean: it holds many gradients, or large ones.

Range: any schedule, any start. Error of E w^2: 4% in the first 10 steps, and up to 50 from a start whose decay is about
the noise, 2% up to 200, then 0.5%, which is what `accuracy` states.

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
from theory.weight.rates import Rates, fall
from theory.weight.stages import staged

__all__ = ["AdagradLaw", "late_variance"]

MEASURED = 0.005  # relative error of E w^2 from 200 steps on
EARLIER = (50, 0.04), (200, 0.02)  # up to so many steps
SAMPLES, SPACING = 800, 0.1  # steps at which averages are summed; of ln p
REACH = 38.0  # how far ln p goes to both sides: r begins as p, and without c, q at t = 1 falls as 1 / p


@law_of.register
def _(optimizer: Adagrad) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return AdagradLaw


@lru_cache(maxsize=8)
def _beyond_the_mean(steps: int, initial: float) -> tuple[np.ndarray, np.ndarray]:
    """Return r sqrt(T) and q T at T = t + c for t = 1, 2, ..., `steps`: 1 where the sum is sharp.

    Both integrals over s = p^2 are sums on a grid of ln p, where the integrands are smooth and end at both sides.
    """
    sampled = np.unique(np.minimum(np.r_[1:65, np.geomspace(64, max(steps, 64), SAMPLES).round()], steps))
    total = sampled + initial
    least, most = (-np.log(total[end]) / 2 for end in (-1, 0))  # of ln p, where the integrands are
    ln_p = np.arange(least - REACH, most + REACH, SPACING)
    p = np.exp(ln_p)[:, None]
    with np.errstate(under="ignore"):
        kept = np.exp(-initial * p**2 - (sampled / 2 + 1) * np.log1p(2 * p**2))
    response = 2 / np.sqrt(np.pi) * SPACING * np.sum(p * kept, axis=0) * np.sqrt(total)
    square = 2 * SPACING * np.sum(p**2 * kept, axis=0) * total
    t = np.arange(1.0, steps + 1)
    away = (np.interp(np.log(t), np.log(sampled), (ratio - 1) * total) for ratio in (response, square))
    first, second = (1 + excess / (t + initial) for excess in away)
    return first, second


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
            Corrections(*self._averages(rates.steps)),
            lr=known[0],
            pull=known[1],
            noise=noise,
            start=start,
        )

    def path_errors(self, rates: Rates, variance: np.ndarray) -> np.ndarray:
        """Return the relative error of what every step adds."""
        del variance
        return staged(rates.steps, self.accuracy, *EARLIER)

    def _averages(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        own = float(self.problem.optimizer.initial_accumulator_value / self.problem.noise**2)
        return _beyond_the_mean(steps, own)

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
        step = lr * pull * self._averages(rates.steps)[0] / (self.problem.noise * np.sqrt(total))
        return fall(step)
