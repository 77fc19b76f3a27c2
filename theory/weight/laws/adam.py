r"""Adam: the scale at which decay holds a weight whose steps are divided by the root of their own second moment.

AdamW with the second moment held at its mean (exactly a heavy ball with decoupled decay):

.. math:: E w^2 = \frac{1 - b_1}{1 + b_1} \frac{1 + a b_1}{(1 - a^2)(1 - a b_1)} \eta^2

whose leading order is eta / (2 lam/n), whatever the noise. With v alive it is eta^2 S(a) / (1 - a^2) with S by
quadrature (`theory.weight.laws.second_moment`); to first order in 1 - b_2 it is the law above times

.. math:: S_1 = 1 - (\kappa - 1)(1 - b_2) q + \frac{(\kappa - 1)(1 - b_2)}{1 + b_2} \frac{3 + q_2}{4}

with :math:`q = \frac{1 - b_1}{1 - b_1 b_2}`, :math:`q_2 = \frac{(1 - b_1)(1 + b_1 b_2)}{(1 + b_1)(1 - b_1 b_2)}` and
the noise's kurtosis kappa. Adam with the decay in the gradient (k = lam/n + h, x = eta k / sigma), approximately:

.. math:: E w^2 = \frac{\eta \sigma S}{2 k A}
   \left(1 + \frac{x}{2} \left(\phi - \frac{1}{2}\right) + \frac{x (1 - b_1)}{2 (1 + b_1)}\right)

with :math:`\phi = \frac{1 - b_2}{1 - b_2 + 2x}` and S, A from the same quadrature.

Assumptions
-----------
1. The gradient is white noise, Gaussian but for the first-order form; epsilon is far below its standard deviation.
2. Both moments are stationary: the corrections of their bias have worn off.
3. Coupled decay only: the noise dominates the decay in the gradient, x far below 1.

Range: 0 < eta lam/n < 2 and b_2 >= 0.5. Error: AdamW about 1e-8; S_1 second order in 1 - b_2 (0.13% for b_1, b_2 >= 0.9
and Gaussian noise). Coupled decay, measured for b_2 >= b_1 and b_2 >= 0.9: the law is high by up to 1% for x <= 0.02
and 2% for x <= 0.11 (at b_1 = 0, b_2 = 0.9; 1.2% at b_1 = 0.9, b_2 = 0.9; 0.1% to 0.3% at b_2 = 0.99), and nothing is
given beyond.

References
----------
Kingma and Ba, ICLR 2015 (arXiv:1412.6980); Loshchilov and Hutter, ICLR 2019 (arXiv:1711.05101); Kosson, Messmer and
Jaggi, ICML 2024 (arXiv:2305.17212), for the leading order of AdamW. The corrections are derived here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from theory.errors import NoEquilibrium
from theory.settings import AdamW, positive
from theory.settings.types import Value
from theory.weight.laws.normalised import NormalisedEquilibrium
from theory.weight.laws.second_moment import StepCovariance, step_covariance
from theory.weight.stability import refuse_plain

__all__ = ["AdamWEquilibrium", "CoupledAdamEquilibrium", "first_order", "first_order_factor", "fixed_second_moment"]

LEAST_MEASURED_BETA2 = 0.9
MEASURED = {0.02: 0.01, 0.11: 0.02}  # of coupled decay: largest x, and the relative error of the variance up to it


@lru_cache
def fixed_second_moment(*, decoupled: bool = True) -> Any:
    """Return E w^2 of Adam with its second moment held at sigma^2: a heavy ball whose learning rate is rescaled.

    Parameters
    ----------
    decoupled : bool
        True: y = eta lam/n is the decay and x = eta h / sigma. False: x = eta (lam/n + h) / sigma holds both, y is 0.

    Returns
    -------
    Expr
        In x, y, eta, sigma and b1.

    Examples
    --------
    >>> from theory.symbols import sigma, x
    >>> fixed_second_moment().subs(x, 0).has(sigma)  # the noise has dropped out
    False
    """
    import sympy as sp

    from theory.settings import SGD
    from theory.symbols import eta, mu, sigma, x, y
    from theory.weight.derivations.linear import as_linear

    b1 = sp.Symbol("b1")
    heavy_ball = as_linear(SGD(momentum=0.5)).law(correlated=False).variance
    rescaled = {mu: b1, eta: eta * (1 - b1) / sigma, x: x * (1 - b1), **({} if decoupled else {y: 0})}
    return sp.factor(heavy_ball.subs(rescaled, simultaneous=True))


@lru_cache
def first_order() -> Any:
    """Return S_1, what a live second moment does to the variance to first order in 1 - b2 (SymPy: b1, b2, kappa).

    Notes
    -----
    v = 1 + e with small e, so m / sqrt(v) = m (1 - e/2 + 3 e^2/8), averaged over the noise term by term. Both are
    geometric averages of the past, and every sum over it is a geometric series.
    """
    import sympy as sp

    b1, b2, kappa = sp.symbols("b1 b2 kappa")

    def past(ratio: Any) -> Any:  # sum over j >= 0
        return 1 / (1 - ratio)

    def lags(ratio: Any) -> Any:  # sum over s of ratio^abs(s)
        return (1 + ratio) / (1 - ratio)

    spread = (kappa - 1) * (1 - b2) ** 2 * past(b2**2)  # E e^2, and E e_t e_(t+s) is b2^s of it
    alone = (1 - b1) ** 2 * past(b1**2)  # E m^2, and E m_t m_(t+s) is b1^s of it
    shared = (kappa - 1) * (1 - b1) ** 2 * (1 - b2) * past(b1**2 * b2)  # E m^2 e, and with s: b1^s, or (b1 b2)^s of it
    linear = -(shared * lags(b1) + shared * lags(b1 * b2)) / 2
    square = sp.Rational(3, 4) * alone * lags(b1) * spread + alone * lags(b1 * b2) * spread / 4
    return sp.simplify(alone * lags(b1) + linear + square)


@lru_cache
def _first_order_law() -> Callable[..., Value]:
    import sympy as sp

    return sp.lambdify(sp.symbols("b1 b2 kappa"), first_order(), "numpy")


def first_order_factor(optimizer: AdamW, kurtosis: float = 3.0) -> float:
    """Return S_1: the variance with a live second moment over that with a fixed one, to first order in 1 - beta2.

    Parameters
    ----------
    optimizer : Adam
        Its betas.
    kurtosis : float
        E g^4 / sigma^4 of the noise: 3 for a Gaussian, 6 for a Laplace distribution, 1 for signs.

    Returns
    -------
    float
        For any symmetric noise; compare `theory.equilibrium`, which is exact but Gaussian.

    Examples
    --------
    >>> adamw = AdamW((0.9, 0.99))
    >>> print(f"{first_order_factor(adamw):.5f} {first_order_factor(adamw, kurtosis=6.0):.5f}")
    0.99148 0.97871
    """
    positive("kurtosis", kurtosis)
    return float(_first_order_law()(optimizer.beta1, optimizer.beta2, kurtosis))


class AdamWEquilibrium(NormalisedEquilibrium):
    """The stationary state under AdamW with its second moment alive (see `theory.equilibrium`)."""

    @property
    def method(self) -> str:
        """The average over the noise is exact up to numerical integration."""
        return "quadrature"

    def summed(self, a: Value) -> Value:
        """Return S(a)."""
        return self.steps.summed(a)

    @cached_property
    def steps(self) -> StepCovariance:
        """Second moments of the normalised step."""
        return step_covariance(self.optimizer.beta1, self.optimizer.beta2)

    @cached_property
    def _memory(self) -> float:
        return self.optimizer.beta1


class CoupledAdamEquilibrium(AdamWEquilibrium):
    """The stationary state under Adam with the decay in the gradient: approximate (see `theory.equilibrium`)."""

    @property
    def method(self) -> str:
        """A first-order form, whose measured error is `accuracy`."""
        return "approximate"

    @cached_property
    def relative_rate(self) -> Value:
        """x = eta (lam/n + curvature) / noise: the small parameter of the approximation."""
        return self.rate / self.noise

    @property
    def accuracy(self) -> float:
        """Relative error of the variance measured at rates up to this one; NaN where the betas were not measured."""
        if self.optimizer.beta2 < max(self.optimizer.beta1, LEAST_MEASURED_BETA2):
            return math.nan
        return next(error for limit, error in MEASURED.items() if np.max(self.relative_rate) <= limit)

    def refuse_without_equilibrium(self) -> None:
        """Raise NotImplementedError outside the range where the approximation was measured."""
        if np.any(self.correlation != 0):
            raise NotImplementedError(
                f"Adam with noise that has a memory has no derived form, got correlation = {self.correlation!r}. "
                "Available: white noise; AR(1) noise with SGD of any kind."
            )
        refuse_plain(self)
        largest = max(MEASURED)
        if np.max(self.relative_rate, initial=0) > largest:
            limit = float(np.min(largest * self.eta / self.relative_rate))
            raise NotImplementedError(
                f"Adam with coupled decay is known for eta (lam/n + curvature) / noise up to {largest}, got "
                f"{float(np.max(self.relative_rate)):g}. Take eta below {limit:g}, or decoupled decay."
            )

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        if self._symbolic:
            return super().variance
        x, b1, b2 = self.relative_rate, self.optimizer.beta1, self.optimizer.beta2
        follow = (1 - b2) / (1 - b2 + 2 * x)  # how far v follows the weight's own part of the gradient
        correction = 1 + x / 2 * (follow - 0.5) + x * (1 - b1) / (2 * (1 + b1))
        return self.eta**2 / (2 * x) * self._relative * correction

    @property
    def _relative(self) -> float:
        """S / A: what the live second moment does to diffusion over what it does to drift."""
        return float(self.steps.summed(1.0)) / self.steps.response

    @cached_property
    def balance(self) -> Value:
        """The scale at which decay balances a gradient `noise` of constant sign: their sum, the gradient, vanishes."""
        return self.noise / (self.lam / self.n + self.curvature)

    @cached_property
    def shrink(self) -> Value:
        """Factor per step in the long run: the slowest root of z^2 - (1 + b1 - (1 - b1) A x) z + b1, or its size."""
        b1 = self.optimizer.beta1
        drift = (1 - b1) * self.steps.response * self.relative_rate
        if np.any(drift >= 2 * (1 + b1)):
            raise NoEquilibrium(f"the step overshoots: (1 - beta1) A x must be below 2 (1 + beta1), got {drift}.")
        middle = (1 + b1 - drift) / 2
        inside = middle**2 - b1
        return self._out(np.where(inside < 0, math.sqrt(b1), middle + np.sqrt(np.maximum(inside, 0))))

    @cached_property
    def relaxation_time(self) -> Value:
        """Steps in which the memory of the start falls by e: noise / (eta k A) to leading order, if not oscillating."""
        b1 = self.optimizer.beta1
        drift = (1 - b1) * self.steps.response * self.relative_rate
        middle = 1 - b1 + drift
        inside = middle**2 - 4 * drift
        gap = 2 * drift / (middle + np.sqrt(np.maximum(inside, 0)))  # 1 - z of the slowest root, without cancellation
        with np.errstate(divide="ignore"):
            twice_log = np.where(inside < 0, np.log(b1), np.log1p(gap**2 - 2 * gap))  # ln of abs(z)^2
        return self._out(-2 / twice_log)

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

    def shrink_per_epoch(self, batch_size: Value, *, limit: bool = False) -> Value:
        """Return the factor by which an epoch of n / batch_size steps shrinks the mean weight (see `Equilibrium`)."""
        positive("batch_size", batch_size, "Give the number of examples per step.")
        rate = self.steps.response * self.relative_rate if limit else 1 / self.relaxation_time
        return self._out(np.exp(-rate * self.n / batch_size))
