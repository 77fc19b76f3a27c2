r"""Adam with its decay in the gradient: the second moment divides the decay too, and the noise stays in the law.

.. math:: E w^2 \approx \frac{\eta \sigma S}{2 k A}, \qquad k = \lambda/n + h

to leading order; the first order in x = eta k / sigma is in `theory.weight.derivations.adam`, S and A in
`theory.weight.laws.second_moment`.

Assumptions
-----------
1. The gradient is white Gaussian noise; epsilon is far below its standard deviation; both moments are stationary.
2. The noise dominates the decay in the gradient, x far below 1.

Range: x up to 0.11 and b_2 >= 0.5; nothing is given beyond. Error, measured for b_2 >= b_1 and b_2 >= 0.9: the law is
high by up to 1% for x <= 0.02 and 2% for x <= 0.11 (at b_1 = 0, b_2 = 0.9; 1.2% at b_1 = 0.9, b_2 = 0.9; 0.1% to 0.3%
at b_2 = 0.99).

References
----------
Kingma and Ba, ICLR 2015 (arXiv:1412.6980), for the rule. The law is this package's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from theory.errors import NoEquilibrium
from theory.settings import Adam
from theory.settings.types import Value
from theory.weight.law import Law, law_of
from theory.weight.laws.second_moment import StepCovariance, step_covariance
from theory.weight.problem import Problem, out
from theory.weight.stability import refuse_plain

__all__ = ["AdamLaw"]

LEAST_MEASURED_BETA2 = 0.9
MEASURED = {0.02: 0.01, 0.11: 0.02}  # largest x, and the relative error of the variance up to it


@law_of.register
def _(optimizer: Adam) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return AdamLaw


@lru_cache
def _coupled() -> Callable[..., Value]:
    """Compile E w^2 as a function of eta, k, sigma, S, A, b1, b2."""
    import sympy as sp

    from theory.symbols import eta, sigma
    from theory.weight.derivations.adam import b1, b2, coupled

    k, S, A = sp.symbols("k S A", positive=True)
    return sp.lambdify((eta, k, sigma, S, A, b1, b2), coupled(), "numpy")


class AdamLaw(Law):
    """The law of Adam with coupled decay: a first-order form, whose measured error is `accuracy`."""

    method = "approximate"

    @cached_property
    def steps(self) -> StepCovariance:
        """Second moments of the normalised step."""
        return step_covariance(*self.problem.optimizer.betas)

    @cached_property
    def relative_rate(self) -> Value:
        """x = eta (lam/n + curvature) / noise: the small parameter of the approximation."""
        return self.problem.rate / self.problem.noise

    @property
    def accuracy(self) -> float:
        """Relative error of the variance measured at rates up to this one; NaN where the betas were not measured."""
        beta1, beta2 = self.problem.optimizer.betas
        if beta2 < max(beta1, LEAST_MEASURED_BETA2):
            return math.nan
        return next(error for limit, error in MEASURED.items() if np.max(self.relative_rate) <= limit)

    def refuse(self) -> None:
        """Raise NotImplementedError outside the range where the approximation was measured."""
        at = self.problem
        if np.any(at.correlation != 0):
            raise NotImplementedError(
                f"Adam with noise that has a memory has no derived form, got correlation = {at.correlation!r}. "
                "Available: white noise; AR(1) noise with SGD of any kind."
            )
        refuse_plain(at)
        largest = max(MEASURED)
        if np.max(self.relative_rate, initial=0) > largest:
            limit = float(np.min(largest * at.eta / self.relative_rate))
            raise NotImplementedError(
                f"Adam with coupled decay is known for eta (lam/n + curvature) / noise up to {largest}, got "
                f"{float(np.max(self.relative_rate)):g}. Take eta below {limit:g}, or theory.AdamW."
            )

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        at = self.problem
        if at.symbolic:
            raise NotImplementedError(
                "Adam has no closed form in symbols. Available: numbers, `expression` (with S and A), and "
                "theory.weight.derivations.adam.coupled()."
            )
        drift = at.lam / at.n + at.curvature
        S, A = float(self.steps.summed(1.0)), self.steps.response
        return _coupled()(at.eta, drift, at.noise, S, A, *at.optimizer.betas)

    @cached_property
    def balance(self) -> Value:
        """The scale at which decay balances a gradient `noise` of constant sign: their sum, the gradient, vanishes."""
        return self.problem.noise / (self.problem.lam / self.problem.n + self.problem.curvature)

    @property
    def _drift(self) -> Value:
        """Change of the first moment's step per weight: (1 - b1) A x."""
        return (1 - self.problem.optimizer.beta1) * self.steps.response * self.relative_rate

    @cached_property
    def shrink(self) -> Value:
        """Factor per step in the long run: the slowest root of z^2 - (1 + b1 - (1 - b1) A x) z + b1, or its size."""
        b1, drift = self.problem.optimizer.beta1, self._drift
        if np.any(drift >= 2 * (1 + b1)):
            raise NoEquilibrium(f"the step overshoots: (1 - beta1) A x must be below 2 (1 + beta1), got {drift}.")
        middle = (1 + b1 - drift) / 2
        inside = middle**2 - b1
        return out(np.where(inside < 0, math.sqrt(b1), middle + np.sqrt(np.maximum(inside, 0))))

    @cached_property
    def relaxation_time(self) -> Value:
        """Steps in which the memory of the start falls by e: noise / (eta k A) to leading order, if not oscillating."""
        b1, drift = self.problem.optimizer.beta1, self._drift
        middle = 1 - b1 + drift
        inside = middle**2 - 4 * drift
        gap = 2 * drift / (middle + np.sqrt(np.maximum(inside, 0)))  # 1 - z of the slowest root, without cancellation
        with np.errstate(divide="ignore"):
            twice_log = np.where(inside < 0, np.log(b1), np.log1p(gap**2 - 2 * gap))  # ln of abs(z)^2
        return out(-2 / twice_log)

    @cached_property
    def settling_time(self) -> Value:
        """Steps in which the excess of E w^2 over its equilibrium falls by e: the squares of the means fall so."""
        return self.relaxation_time / 2

    @property
    def expression(self) -> Any:
        """The scale as a SymPy expression: the leading order, S and A left as symbols."""
        import sympy as sp

        from theory.symbols import eta, h, lam, n, sigma

        S, A = sp.symbols("S A", positive=True)
        return sp.Pow(eta * sigma * S / (2 * A * (lam / n + h)), sp.Rational(1, 2), evaluate=False)

    def variance_after(self, steps: Value, start: Value) -> Value:
        """Refuse: bias corrections and an empty memory are not derived."""
        del steps, start
        raise NotImplementedError(
            "the way to equilibrium is not derived for Adam (bias corrections, an empty memory). Available: `scale`, "
            "`relaxation_time`, `shrink_per_epoch`; rms and tail_off for SGD of any kind."
        )

    def deviation_bound(self, start: float) -> Callable[[float], float]:
        """Refuse, as `variance_after` does."""
        return self.variance_after(0, start)

    def shrink_over(self, steps: Value, *, limit: bool) -> Value:
        """Return the factor by which so many steps shrink the mean weight, or its leading order in x."""
        rate = self.steps.response * self.relative_rate if limit else 1 / self.relaxation_time
        return out(np.exp(-rate * steps))
