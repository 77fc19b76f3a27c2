r"""AdamW with curvature: the gradient pulls the weight back too, and the second moment divides that pull.

.. math:: E w^2 = V_h \frac{S(1 - x)}{S_f(1 - x)} (1 + R)

with the decay's rate y = eta lam/n, the pull's x_h = eta h A / sigma, x = y + x_h, the law V_h of a fixed second moment
(a heavy ball of learning rate eta (1 - b_1) / sigma and curvature h A), its sum over lags S_f, and the response R of
the second moment (`theory.weight.derivations.adam_response`).

Assumptions
-----------
1. The gradient is h w and white Gaussian noise, which dominates; epsilon is far below it.
2. Both moments are stationary. From the start: `theory.weight.laws.mean_denominator`.

Range: 0 <= x_h, x up to 0.04, b_2 >= 0.05. Error, measured: 0.5% for b_2 >= 0.95, 1.5% from 0.9 on (low). At a
maximum it is off by 3%, and refused.

References
----------
Loshchilov and Hutter, ICLR 2019 (arXiv:1711.05101), for the rule. The law is this package's own.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.settings.types import Value
from theory.weight.laws.adam import AdamLaw, _response, averaged_symbols, fixed_variance
from theory.weight.laws.mean_denominator import Pull, mean_denominator_path
from theory.weight.problem import out
from theory.weight.rates import Rates
from theory.weight.stability import refuse_linear

if TYPE_CHECKING:
    from theory.algebra.recursion import NumericRecursion

__all__ = ["CurvedAdamWLaw"]

LARGEST_RATE = 0.04
MEASURED = {0.95: 0.005, 0.9: 0.015}  # least beta2, and the relative error of the variance down to it


class CurvedAdamWLaw(AdamLaw):
    """The law of AdamW on a slope: first order, whose measured error is `accuracy`."""

    @cached_property
    def decay(self) -> Value:
        """y = eta lam/n."""
        return self.problem.eta * self.problem.lam / self.problem.n

    @cached_property
    def pull(self) -> Value:
        """x_h = eta h A / sigma."""
        at = self.problem
        return at.eta * at.curvature * self.steps.response / at.noise

    @property
    def accuracy(self) -> float:
        """Relative error of the variance, measured; NaN where the betas were not measured."""
        beta1, beta2 = self.betas
        return next((error for least, error in MEASURED.items() if beta2 >= max(beta1, least)), math.nan)

    def refuse(self) -> None:
        """Raise NoEquilibrium if nothing holds the weight, NotImplementedError outside the range of measurement."""
        from theory.weight.derivations.adam import averaged_recursion
        from theory.weight.derivations.linear import moments_of

        self.refuse_unknown()
        refuse_linear(self.problem, moments_of(averaged_recursion(), correlated=False), self._symbols())
        x = self.decay + self.pull
        if np.max(x) > LARGEST_RATE * (1 + 1e-9):
            limit = float(np.min(LARGEST_RATE * self.problem.eta / x))
            raise NotImplementedError(
                f"{type(self.problem.optimizer).__name__} with curvature is known for eta (lam/n + curvature / noise) "
                f"up to {LARGEST_RATE}, got {float(np.max(x)):g}. Take eta below {limit:g}."
            )
        if np.any(self.pull < 0):
            name, curvature = type(self.problem.optimizer).__name__, self.problem.curvature
            raise NotImplementedError(
                f"{name} is known where the gradient pulls the weight back, not at a maximum of the cost, got "
                f"curvature = {curvature!r} (its sign changed if the optimizer maximises). Take a minimum's."
            )

    def _symbols(self) -> dict[Any, Value]:
        eta = self.problem.eta
        return averaged_symbols(self.weights, eta=eta, sigma=1.0, x=self.pull, y=self.decay + 0 * self.pull)

    @property
    def expression(self) -> Any:
        """The scale as a SymPy expression: the leading order, S and A left as symbols."""
        import sympy as sp

        from theory.symbols import eta, h, lam, n, sigma

        S, A = sp.symbols("S A", positive=True)
        return sp.Pow(eta * S / (2 * (lam / n + h * A / sigma)), sp.Rational(1, 2), evaluate=False)

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        self._refuse_symbols()
        eta, y, pull = self.problem.eta, self.decay, self.pull
        x = y + pull
        fixed = fixed_variance(self.weights, eta=eta, sigma=1.0, x=pull, y=y)
        fixed_sum = fixed_variance(self.weights, eta=1.0, sigma=1.0, x=0 * x, y=x) * x * (2 - x)
        return fixed * self.steps.summed(1 - x) / fixed_sum * (1 + _response()(y, pull, self.betas[1]))

    @cached_property
    def mean(self) -> NumericRecursion:
        """The recursion of the mean weight and its averaged gradient."""
        self._refuse_symbols()
        from theory.weight.derivations.adam import averaged_recursion

        return averaged_recursion().at(self._symbols())

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run from empty moments."""
        self.refuse_unknown()
        strength = np.full(rates.steps, float(self.problem.curvature))
        pull = Pull(strength, 1 - rates.lr * rates.decay, *self.stationary_factors)
        return mean_denominator_path(self, pull, rates, start)

    @cached_property
    def stationary_factors(self) -> tuple[float, float]:
        """The pull's factor A, and that of the noise with which the path ends in `variance`."""
        at, A, S = self.problem, self.steps.response, float(self.steps.summed(1.0))
        x = self.decay + self.pull
        if not (0 < x <= LARGEST_RATE * (1 + 1e-9) and self.pull >= 0):
            return A, S
        own = (at.curvature / at.noise) ** 2 * self.variance
        share = 1 / (1 + own)
        rate, held = at.eta * math.sqrt(share), 1 + (A - 1) * share
        pull = rate * at.curvature / at.noise * held
        unscaled = fixed_variance(self.weights, eta=rate, sigma=1.0, x=pull, y=self.decay)
        return A, float(1 + (self.variance / unscaled - 1) / share)

    def forgetting(self, rates: Rates) -> np.ndarray:
        """Return by which power of e the mean weight falls in every step, to leading order in x."""
        pull = self.problem.curvature / self.problem.noise * self.steps.response
        return np.asarray(rates.lr * (rates.decay + pull))

    @property
    def balance(self) -> Value:
        """The scale at which decay and pull balance a gradient `noise` of constant sign: m is then v's root."""
        raise NotImplementedError(
            "the balance of AdamW with curvature is not derived: where the gradient vanishes nothing divides it. "
            "Available without curvature."
        )

    def shrink_over(self, steps: Value, *, limit: bool) -> Value:
        """Return the factor by which so many steps shrink the mean weight, or its leading order in x."""
        rate = self.decay + self.pull if limit else 1 / self.relaxation_time
        return out(np.exp(-rate * steps))
