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
from typing import Any

import numpy as np

from theory.settings.types import Value
from theory.weight.laws.adam import AdamLaw, _response, fixed_variance
from theory.weight.rates import Rates
from theory.weight.stability import refuse_linear

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
        refuse_linear(self.problem, moments_of(averaged_recursion(), correlated=False), self.arguments)
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

    @property
    def _in_range(self) -> bool:
        return bool(0 < self.decay + self.pull <= LARGEST_RATE * (1 + 1e-9) and self.pull >= 0)

    def acting(self, rates: Rates) -> tuple[np.ndarray, np.ndarray]:
        """Return the curvature, and the decay, of every step."""
        return np.full(rates.steps, float(self.problem.curvature)), rates.decay

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
        self._in_numbers()
        eta, y, pull = self.problem.eta, self.decay, self.pull
        x = y + pull
        fixed = fixed_variance(self.weights, eta=eta, sigma=1.0, x=pull, y=y)
        fixed_sum = fixed_variance(self.weights, eta=1.0, sigma=1.0, x=0 * x, y=x) * x * (2 - x)
        return fixed * self.steps.summed(1 - x) / fixed_sum * (1 + _response()(y, pull, self.betas[1]))

    @property
    def balance(self) -> Value:
        """The scale at which decay and pull balance a gradient `noise` of constant sign: m is then v's root."""
        raise NotImplementedError(
            "the balance of AdamW with curvature is not derived: where the gradient vanishes nothing divides it. "
            "Available without curvature."
        )
