r"""RMSprop: a second moment that starts from zero divides the gradient, its decay included; momentum sums the steps.

.. math:: E w^2 = \frac{\eta \sigma C_0}{2 k A (1 - \mu)} \left(1 + \frac{x}{2 (1 + \mu)}
   + \frac{y}{2} \left(\phi - \frac{1}{2}\right) - s_2 (1 - \phi)\right)

with :math:`x = \eta k / \sigma`, :math:`y = x / (1 - \mu)`, :math:`\phi = d / (d + 2 y)`, :math:`d = 1 - \alpha`,
:math:`s_2 = d / (2 (1 + \alpha))`. C_0 and A are averages over the second moment of Gaussian noise by quadrature
(`theory.weight.laws.second_moment` without a first moment: the step is white, by the symmetry of the sign). Centered,
times the second factor of `theory.weight.derivations.coupled`.

Assumptions
-----------
1. The gradient is white Gaussian noise; epsilon is far below its standard deviation.
2. The noise dominates the decay in the gradient: y is small.

Range: y up to 0.3 and alpha from 0.05. Error of E w^2, measured for alpha of 0.9 and more: 0.3% for y <= 0.1, 1.5% up
to 0.3; centered only for 1 - alpha up to 0.15 (1 - mu) (at alpha = 0.9, mu = 0.9 it is 6%). Along a path from any
start: 3% in the first memory of v (4.5% centered), 7% where k w is about sigma, 1% elsewhere; where k rises, as Adam's.

References
----------
Tieleman and Hinton, "Lecture 6.5: RMSProp", 2012; Graves, "Generating sequences with recurrent neural networks", 2013
(arXiv:1308.0850), for the centered form. The law is this package's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, lru_cache

import numpy as np

from theory.settings import RMSprop
from theory.settings.types import Value
from theory.weight.law import Law, law_of
from theory.weight.laws.coupled import CoupledLaw
from theory.weight.laws.coupled_path import AVERAGE, CENTERED, Corrections, Denominator, coupled_path
from theory.weight.laws.second_moment import StepCovariance, step_covariance
from theory.weight.problem import Problem
from theory.weight.rates import Rates

__all__ = ["RMSpropLaw", "averages_from_zero"]

EXACT_STEPS = 512  # of the averages from an empty memory; beyond, their first order with the exact limit
LEAST_MEASURED_ALPHA = 0.9
SLOW_MEAN = 0.15  # 1 - alpha over 1 - momentum, up to which the centered form was measured: it takes the step as white
EXCESS = 2  # kurtosis of the Gaussian minus one


@law_of.register
def _(optimizer: RMSprop) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return RMSpropLaw


@lru_cache
def _factors(is_centered: bool) -> tuple[Callable[..., Value], Callable[..., Value]]:
    """Compile the factors to first order: of the law, and of the step's square beyond a recursion of means."""
    import sympy as sp

    from theory.symbols import mu, x
    from theory.weight.derivations.coupled import centered, finite_step, forget, moving_denominator, phi, rate, spread

    own = moving_denominator()
    whole, beyond = 1 + finite_step(inside=False) + own.whole, 1 + own.beyond_mean
    if is_centered:
        taken_off = centered()
        whole, beyond = whole * (1 + taken_off.whole), beyond * (1 + taken_off.beyond_mean)
    slow = {phi: forget / (forget + 2 * rate), spread: sp.Rational(EXCESS, 4) * forget / (2 - forget)}
    law, rest = whole.subs(slow), beyond.subs(slow)
    return sp.lambdify((x, rate, mu, forget), law, "numpy"), sp.lambdify((rate, forget), rest, "numpy")


@lru_cache(maxsize=8)
def averages_from_zero(alpha: float, eps: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return E[g^2 / sqrt(v + eps)] and E[g^2 / (v + eps)] after 1, 2, ... steps, times the powers of E v + eps.

    Parameters
    ----------
    alpha : float
        Memory of v = (1 - alpha) sum of alpha^j g^2, which starts from zero; g is the newest gradient, a unit Gaussian.
    eps : float
        Added to v (Adadelta; RMSprop's is negligible).

    Returns
    -------
    response, square : ndarray
        For the first 512 steps. Both are 1 for a v that does not fluctuate.

    Examples
    --------
    >>> response, square = averages_from_zero(0.9)
    >>> print(f"{response[0]:.6f} {square[0]:.6f}")  # the first step is a sign: E abs(g), and 1
    0.797885 1.000000
    """
    log_z = np.arange(-46.0, 80.0, 0.3)  # trapezoid sums in ln z, as in second_moment; slow tails at the first steps
    z, powers = np.exp(log_z), alpha ** np.arange(EXACT_STEPS)
    log_f = -np.cumsum(np.log1p(2 * (1 - alpha) * np.multiply.outer(powers, z)), axis=0) / 2
    integrand = np.exp(log_f - eps * z) / (1 + 2 * (1 - alpha) * z)
    mean = 1 - alpha ** np.arange(1, EXACT_STEPS + 1) + eps
    square = 0.3 * integrand @ z * mean
    response = 0.3 / np.sqrt(np.pi) * integrand @ np.sqrt(z) * np.sqrt(mean)
    return response, square


class RMSpropLaw(CoupledLaw):
    """The law of RMSprop: a first-order form over averages by quadrature."""

    measured = {0.1: 0.003, 0.3: 0.015}  # noqa: RUF012

    @property
    def accuracy(self) -> float:
        """Relative error of the variance measured at rates up to this one; NaN where it was not measured."""
        at = self.problem.optimizer
        slow = not at.centered or 1 - at.alpha <= SLOW_MEAN * (1 - at.momentum)
        return super().accuracy if slow and at.alpha >= LEAST_MEASURED_ALPHA else math.nan

    @property
    def momentum(self) -> float:
        """Memory of the sum of steps."""
        return float(self.problem.optimizer.momentum)

    @cached_property
    def averages(self) -> StepCovariance:
        """Second moment and response of the step."""
        return step_covariance(0.0, float(self.problem.optimizer.alpha))

    @property
    def response(self) -> float:
        """A."""
        return self.averages.response

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        self._in_numbers()
        at, forget = self.problem, 1 - self.problem.optimizer.alpha
        law, _ = _factors(at.optimizer.centered)
        leading = at.eta * at.noise / (2 * (at.lam / at.n + at.curvature) * (1 - self.momentum))
        ratio = self.averages.lags[0] / self.response
        return leading * ratio * law(self.relative_rate, self.slow_rate, self.momentum, forget)

    def corrections(self, slow_rate: np.ndarray) -> Corrections:
        """Return what the means of the denominator leave out, for every step."""
        optimizer, steps = self.problem.optimizer, len(slow_rate)
        alpha = float(optimizer.alpha)
        settled = -np.expm1(np.arange(1, steps + 1) * np.log(alpha))  # 1 - alpha^t
        both = []
        limits = (self.response, self.averages.lags[0])
        for power, early, limit in zip((0.5, 1.0), averages_from_zero(alpha), limits, strict=True):
            newest, all_of = (1 - alpha) / settled, (1 - alpha) / (1 + alpha) * (2 - settled) / settled
            late = EXCESS * power * (-newest + (power + 1) / 2 * all_of)
            found = limit + late - EXCESS * power * (1 - alpha) * (-1 + (power + 1) / 2 / (1 + alpha))
            found[:EXACT_STEPS] = early[:steps]
            both.append(found)
        _, beyond = _factors(optimizer.centered)
        both[1] = both[1] * (1 + (beyond(slow_rate, 1 - alpha) - 1) * settled**2)
        return Corrections(*both)

    @property
    def on_the_way(self) -> tuple[float, float, float, float]:
        """Errors along paths; the start lasts a memory of v."""
        optimizer = self.problem.optimizer
        return 1 / (1 - optimizer.alpha), 0.045 if optimizer.centered else 0.03, 0.01, 0.07

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run, from the means of the denominator."""
        optimizer, pull = self.problem.optimizer, self._pull(rates)
        kind = CENTERED if optimizer.centered else AVERAGE
        return coupled_path(
            Denominator(kind, float(optimizer.alpha)),
            self.corrections(rates.lr * pull / self.unit / (1 - self.momentum)),
            momentum=self.momentum,
            lr=rates.lr,
            pull=pull,
            noise=float(self.problem.noise),
            start=start,
        )
