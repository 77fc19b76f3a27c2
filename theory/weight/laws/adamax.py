r"""Adamax: a fading largest gradient divides the mean of the gradients, the decay in them included.

.. math:: E w^2 = \frac{\eta \sigma S}{2 k A} \left(1 + \frac{x (1 - b_1)}{2 (1 + b_1)}
   + \frac{x}{2} \left(\phi - \frac{1}{2}\right) - s_2 (1 - \phi)\right)

with :math:`x = \eta k A / \sigma`, :math:`\phi = 1/(1 + 2 x \tau)`. S, A, the relative variance s_2 of 1/u and its
correlation time tau are averages over Gaussian noise, exact on a grid (`theory.weight.laws.fading_maximum`); the terms
in x are those of `theory.weight.derivations.coupled`. The largest gradient exceeds the typical one: at the defaults
E w^2 is 0.37 of that of Adam with coupled decay.

Assumptions
-----------
1. The gradient is white Gaussian noise (its tails matter); epsilon is far below its standard deviation.
2. The noise dominates the decay in the gradient: x is small.

Range: x / A up to 0.3 and b_2 from 0.5 to 0.9999. Error of E w^2, measured for b_2 of 0.95 and more and above b_1: 0.5%
for x / A <= 0.1, 1.5% up to 0.3 (at b_2 = 0.9, where 1/u fluctuates by a third, 1% to 5%). Along a path
from k w_0 up to 0.2 sigma: 6% in the first memory of u, 1% later, 6% where a rising k w exceeds 0.3 sigma; farther out
nothing is given.

References
----------
Kingma and Ba, ICLR 2015 (arXiv:1412.6980), section 7.1, for the rule. The law is this package's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, lru_cache

import numpy as np

from theory.settings import Adamax
from theory.settings.types import Value
from theory.weight.law import Law, law_of
from theory.weight.laws.coupled import CoupledLaw
from theory.weight.laws.coupled_path import MAXIMUM, Corrections, Denominator, coupled_path
from theory.weight.laws.fading_maximum import FadingMaximum, fading_maximum
from theory.weight.problem import Problem
from theory.weight.rates import Rates

__all__ = ["AdamaxLaw"]

LEAST_MEASURED_BETA2 = 0.949


@law_of.register
def _(optimizer: Adamax) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return AdamaxLaw


@lru_cache
def _factors() -> tuple[Callable[..., Value], Callable[..., Value]]:
    """Compile the factors to first order: of the law, and of the step's square beyond a recursion of means."""
    import sympy as sp

    from theory.symbols import mu, x
    from theory.weight.derivations.coupled import finite_step, moving_denominator, phi, rate, spread

    tau = sp.Symbol("tau", positive=True)
    follows = {phi: 1 / (1 + 2 * rate * tau)}
    own = moving_denominator()
    law = (1 + finite_step(inside=True) + own.whole).subs(follows).subs(rate, x)
    beyond = (1 + own.beyond_mean).subs(follows).subs(rate, x)
    return sp.lambdify((x, mu, spread, tau), law, "numpy"), sp.lambdify((x, spread, tau), beyond, "numpy")


class AdamaxLaw(CoupledLaw):
    """The law of Adamax: a first-order form over averages that are exact on a grid."""

    inside = True
    largest_start = 0.2
    measured = {0.1: 0.005, 0.3: 0.015}  # noqa: RUF012

    @property
    def accuracy(self) -> float:
        """Relative error of the variance measured at rates up to this one; NaN where the betas were not measured."""
        beta1, beta2 = self.problem.optimizer.betas
        return super().accuracy if beta2 > max(beta1, LEAST_MEASURED_BETA2) else math.nan

    @property
    def momentum(self) -> float:
        """Memory of the mean of the gradients."""
        return float(self.problem.optimizer.beta1)

    @property
    def on_the_way(self) -> tuple[float, float, float, float]:
        """Errors along paths; the start lasts a memory of u."""
        return 1 / (1 - self.averages.beta2), 0.06, 0.01, 0.06

    @cached_property
    def averages(self) -> FadingMaximum:
        """Averages of the step."""
        return fading_maximum(*self.problem.optimizer.betas)

    @property
    def response(self) -> float:
        """A."""
        return self.averages.response

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        self._in_numbers()
        at, step = self.problem, self.averages
        leading = at.eta * at.noise / (2 * (at.lam / at.n + at.curvature))
        x = self.relative_rate * step.response
        law, _ = _factors()
        return leading * step.summed / step.response * law(x, self.momentum, step.spread, step.memory)

    def corrections(self, rate: np.ndarray) -> Corrections:
        """Return the averages of the step from an empty memory on, for every step of relative rate x / A."""
        steps, averages, b1 = len(rate), self.averages, self.momentum
        t = np.arange(1, steps + 1)
        response, square = averages.from_zero(steps)
        bias = 1 - b1**t
        white = (1 - b1) / (1 + b1) * (1 - b1 ** (2 * t)) / bias**2  # the mean square of a mean of white noise
        lagged = averages.summed / (averages.covariances[0] * (1 + b1) / (1 - b1))  # all lags over the first
        _, beyond = _factors()
        late = 1 + (lagged * beyond(rate * averages.response, averages.spread, averages.memory) - 1) * (
            1 - averages.beta2**t
        )
        return Corrections(response, square / white * late)

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run, from the largest pull and the largest noise of the past."""
        pull = self._pull(rates)
        self._refuse_start(start, pull)
        return coupled_path(
            Denominator(MAXIMUM, float(self.problem.optimizer.beta2)),
            self.corrections(rates.lr * pull / self.unit),
            momentum=self.momentum,
            inside=True,
            lr=rates.lr,
            pull=pull,
            noise=float(self.problem.noise),
            start=start,
        )
