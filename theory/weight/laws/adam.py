r"""Adam with its decay in the gradient: the second moment divides the decay too, and the noise stays in the law.

.. math:: E w^2 = \frac{\eta \sigma S}{2 k A}
   \left(D + \frac{x}{2} \left(\phi - \frac{1}{2}\right) - s_2 (1 - \phi)\right)

with k = lam/n + h, x = eta k / sigma, :math:`\phi = \frac{1 - b_2}{1 - b_2 + 2 x}` and
:math:`s_2 = \frac{1}{2} \frac{1 - b_2}{1 + b_2}` for Gaussian noise. S and A are averages over a live second moment
(`theory.weight.laws.second_moment`), the terms behind D its response to and on the weight
(`theory.weight.derivations.adam_response`), and D is the finite step's, that of the law with a fixed second moment:

.. math:: D = \frac{1}{1 - \frac{x (1 - b_1)}{2 (1 + b_1)}}

From any start under any schedule: `theory.weight.laws.mean_denominator`.

Assumptions
-----------
1. The gradient is white Gaussian noise; epsilon is far below its standard deviation; both moments are stationary.
2. The noise dominates the decay in the gradient, x far below 1.

Range: x up to 0.11 and b_2 >= 0.05; nothing is given beyond. Error, measured for b_2 >= b_1 and b_2 >= 0.9: 0.3% for x
up to 0.05, 1% up to 0.11 (0.5% high at b_1 = 0, b_2 = 0.9; 0.7% low at b_1 = b_2 = 0.9; 0.3% at b_2 = 0.99).

References
----------
Kingma and Ba, ICLR 2015 (arXiv:1412.6980), for the rule. The law is this package's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.settings import Adam
from theory.settings.types import Value
from theory.weight.law import Law, law_of
from theory.weight.laws.adam_steps import AdamSteps
from theory.weight.laws.amsgrad import CoupledDrifts
from theory.weight.laws.coupled import CoupledLaw
from theory.weight.laws.mean_denominator import Pull, mean_denominator_path
from theory.weight.problem import Problem, out
from theory.weight.rates import Rates

if TYPE_CHECKING:
    from theory.algebra.recursion import NumericRecursion
    from theory.weight.laws.second_moment import Filter

__all__ = ["AdamLaw", "averaged_symbols", "fixed_variance"]

LEAST_MEASURED_BETA2 = 0.9
LARGEST_RATE = 0.11  # x up to which the law was measured


@law_of.register
def _(optimizer: Adam) -> Callable[[Problem], Law]:
    return AMSGradLaw if optimizer.amsgrad else AdamLaw


def averaged_symbols(weights: Filter, *, eta: Value, sigma: Value, x: Value, y: Value) -> dict[Any, Value]:
    """Return the values of the symbols of `averaged_recursion`."""
    from theory import symbols
    from theory.weight.derivations.adam import b1, newest, tail

    filtered = {b1: weights.memory, tail: weights.tail, newest: weights.newest}
    return filtered | {symbols.eta: eta, symbols.sigma: sigma, symbols.x: x, symbols.y: y}


def fixed_variance(weights: Filter, *, eta: Value, sigma: Value, x: Value, y: Value) -> Value:
    """Return E w^2 of the filter's steps with the second moment held at one: eta the rate, x the pull, y the decay."""
    from theory.weight.derivations.adam import averaged_recursion
    from theory.weight.derivations.linear import moments_of

    values = averaged_symbols(weights, eta=eta, sigma=sigma, x=x, y=y)
    return moments_of(averaged_recursion(), correlated=False).value("variance", values)


@lru_cache
def _response() -> Callable[..., Value]:
    """Compile R as a function of y, x_h and b2, for Gaussian noise."""
    import sympy as sp

    from theory.symbols import y
    from theory.weight.derivations.adam import b2, kappa
    from theory.weight.derivations.adam_response import pull, weight_response

    return sp.lambdify((y, pull, b2), weight_response().subs(kappa, 3), "numpy")


class AdamLaw(AdamSteps, CoupledLaw):
    """The law of Adam with coupled decay: a first-order form, whose measured error is `accuracy`."""

    inside = True
    measured = {0.05: 0.003, LARGEST_RATE: 0.01}  # noqa: RUF012

    @property
    def momentum(self) -> float:
        """Memory of the first moment."""
        return self.betas[0]

    @property
    def response(self) -> float:
        """A."""
        return self.steps.response

    @property
    def accuracy(self) -> float:
        """Relative error of the variance measured at rates up to this one; NaN where the betas were not measured."""
        beta1, beta2 = self.betas
        return math.nan if beta2 < max(beta1, LEAST_MEASURED_BETA2) else super().accuracy

    @property
    def pull(self) -> Value:
        """What the gradient's part that is the weight's takes from it in a step."""
        return self.response * self.relative_rate

    @property
    def decay(self) -> Value:
        """What decoupled decay takes beside."""
        return 0 * self.relative_rate

    def acting(self, rates: Rates) -> tuple[np.ndarray, np.ndarray]:
        """Return k of every step, which times w is the gradient's own part, and the decay that is decoupled."""
        return rates.decay + self.problem.curvature, np.zeros(rates.steps)

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        self._in_numbers()
        at, x = self.problem, self.relative_rate
        finite = fixed_variance(self.weights, eta=at.eta, sigma=1.0, x=x, y=0 * x)
        response = _response()(0 * x, x, self.betas[1])
        return self.steps.summed(1.0) / self.response * (finite + at.eta**2 / (2 * x) * response)

    @cached_property
    def mean(self) -> NumericRecursion:
        """The recursion of the mean weight and its averaged gradient, pulled as a live second moment leaves it."""
        self._in_numbers()
        from theory.weight.derivations.adam import averaged_recursion

        return averaged_recursion().at(self.arguments)

    @property
    def arguments(self) -> dict[Any, Value]:
        """The values of the symbols of that recursion, in units of the noise."""
        return averaged_symbols(
            self.weights, eta=self.problem.eta, sigma=1.0, x=self.pull, y=self.decay + 0 * self.pull
        )

    @cached_property
    def shrink(self) -> Value:
        """Factor per step in the long run: the slowest root of the recursion of the mean, or its size."""
        slowest = self.mean.spectrum()[..., 0]
        return out(np.where(slowest.imag == 0, slowest.real, np.abs(slowest)))

    @cached_property
    def relaxation_time(self) -> Value:
        """Steps in which the memory of the start falls by e: noise / (eta k A) to leading order, if not oscillating."""
        return out(self.mean.relaxation_time())

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run from empty moments."""
        self.refuse_unknown()
        strength, decay = self.acting(rates)
        return mean_denominator_path(self, Pull(strength, 1 - rates.lr * decay, *self.stationary_factors), rates, start)

    on_the_way = (50, 0.05, 0.025, 0.075)

    @cached_property
    def stationary_factors(self) -> tuple[float, float]:
        """The pull's factor A, and that of the noise with which the path ends in `variance` (S out of range)."""
        at, A, S = self.problem, self.response, float(self.steps.summed(1.0))
        if not self._in_range:
            return A, S
        strength = self.pull / (A * at.eta)  # k over the noise
        share = 1 / (1 + strength**2 * self.variance)  # of the noise in v
        rate, held = at.eta * math.sqrt(share), 1 + (A - 1) * share
        unscaled = fixed_variance(self.weights, eta=rate, sigma=1.0, x=rate * strength * held, y=self.decay)
        return A, float(1 + (self.variance / unscaled - 1) / share)

    @property
    def _in_range(self) -> bool:
        return bool(0 < self.relative_rate <= LARGEST_RATE)

    def forgetting(self, rates: Rates) -> np.ndarray:
        """Return by which power of e the mean weight falls in every step, to leading order in x."""
        strength, decay = self.acting(rates)
        return np.asarray(rates.lr * (decay + strength / self.problem.noise * self.response))

    def shrink_over(self, steps: Value, *, limit: bool) -> Value:
        """Return the factor by which so many steps shrink the mean weight, or its leading order in x."""
        return out(np.exp(-(self.decay + self.pull if limit else 1 / self.relaxation_time) * steps))


class AMSGradLaw(CoupledDrifts, AdamLaw):
    """The law with amsgrad=True: nothing is stationary (`theory.weight.laws.amsgrad`)."""

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run from empty moments."""
        self.refuse_unknown()
        return super().path(rates, start)
