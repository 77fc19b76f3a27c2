r"""The decay of a saturated unit, where it tails off, and what stops it: closed forms.

A unit with :math:`Q = |w|^2 \gg 1` feels an input only within a band of relative width :math:`1/\sqrt Q`; its flow is

.. math:: \dot Q = -2\gamma Q + \frac{\sqrt2}{\pi} \frac{A}{\sqrt Q}, \qquad
          A = \frac{\eta^2}{m} \Big(\sigma_{\rm eff}^2 + \frac{2}{\pi} \arcsin\frac13\Big) - 2\eta
.. math:: Q^{3/2}(\alpha) = B + (Q_0^{3/2} - B)\, e^{-3\gamma\alpha}, \qquad
          B = \frac{A}{\sqrt2\,\pi\gamma}, \quad Q_c = |B|^{2/3}

A > 0 (diffusive): the kicks hold the unit saturated, :math:`Q^* \approx Q_c \propto \gamma^{-2/3}`. A < 0: below
Q_c the gradient pulls the unit out of saturation, faster than decay, to a scale of order one that gradients set. For
one unit and noise labels (K = 1, M = 0) the fixed point is the root of

.. math:: \pi\gamma Q \sqrt{1 + 2Q} + \frac{2\eta Q}{1 + Q}
          = \frac{\eta^2}{m} \Big[\sigma^2 + \frac{2}{\pi} \arcsin\frac{Q}{1 + 3Q}\Big]

Assumptions
-----------
1. Those of `theory.committee.order_parameters`; in the decay law Q is much larger than one and the other units do not
   change.
2. sigma_eff^2 = sigma^2 + what the other units put into the error while the unit is at its threshold.

Range: as stated with each function. Leading error of the decay law: relative 1/sqrt(Q) in dQ/dalpha + 2 gamma Q with
teachers, 1/Q without. The root is exact.

References
----------
Derived here from the flow of D. Saad and S. A. Solla, Phys. Rev. E 52, 4225 (1995), and NIPS 9 (1996); no search for
earlier closed forms was made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from theory.committee.gaussian_integrals import i2
from theory.errors import NoFixedPoint, OutOfRange
from theory.settings import (
    OnlineRule,
    Overlaps,
    check_range,
    computable,
    non_negative,
    numbers,
    one_number,
    positive,
    positive_answer,
    representable,
    whole_number,
)
from theory.settings.online import check_rule, check_start
from theory.settings.representable import finite_or_overflow

__all__ = ["SaturatedUnit", "gradient_scale", "noise_fixed_point", "saturated_unit", "small_rate_scale"]


@lru_cache
def _law(step: str, *arguments: str) -> Callable[..., float]:
    """Compile the right-hand side of a step of the derivation as a function of the symbols of the given names."""
    import sympy as sp

    from theory.committee.saturation_derivation import derive_saturation

    law = derive_saturation()[step].rhs
    return sp.lambdify([sp.Symbol(name, positive=True) for name in arguments], law, "numpy")


@lru_cache
def _imbalance_law() -> Callable[..., float]:
    """Compile left minus right of the fixed point's equation, over eta."""
    import sympy as sp

    from theory.committee.saturation_derivation import derive_saturation

    symbols = sp.symbols("eta gamma sigma m Q", positive=True)
    equation = derive_saturation()["fixed point"]
    return sp.lambdify(symbols, sp.expand((equation.lhs - equation.rhs) / symbols[0]), "math")


@lru_cache
def _least_rate() -> Callable[..., float]:
    """Compile the eta at which the drive vanishes, as a function of sigma_eff and m."""
    import sympy as sp

    from theory.committee.saturation_derivation import derive_saturation

    eta, outside, m = sp.symbols("eta sigma_eff m", positive=True)
    (rate,) = sp.solve(derive_saturation()["drive"].rhs / eta, eta)
    return sp.lambdify([outside, m], rate, "math")


@dataclass(frozen=True)
class SaturatedUnit:
    """The decay law of one saturated unit, made by `saturated_unit`.

    Attributes
    ----------
    rule : OnlineRule
        The rates.
    outside : float
        sigma_eff^2: variance of the error that the unit cannot cause itself, at its threshold.
    """

    rule: OnlineRule
    outside: float

    @property
    @representable
    def drive(self) -> float:
        """A: what is left of kicks (outward) and gradient (inward)."""
        law = _law("drive", "eta", "sigma_eff", "m")
        return float(law(self.rule.eta, math.sqrt(self.outside), self.rule.batch_size))

    @property
    def diffusive(self) -> bool:
        """Whether A > 0: the unit stays saturated."""
        return self.drive > 0

    @property
    def _level(self) -> float:
        """B, where decay and drive balance in Q^(3/2)."""
        return float(_law("level", "A", "gamma")(self.drive, self.rule.gamma))

    @property
    @representable
    def crossover(self) -> float:
        """Q_c: the decay is exponential only far above it."""
        return abs(self._level) ** (2 / 3)

    @computable
    def Q(self, alpha: float | np.ndarray, start: float) -> np.ndarray:
        """Return Q(alpha) from Q = `start`; NaN after the touchdown, where the law has ended."""
        alpha, start = numbers("alpha", alpha), one_number("start", start)
        non_negative("alpha", alpha)
        positive("start", start)
        law = _law("decay law", "B", "Q_0", "gamma", "alpha")
        power = np.asarray(law(self._level, start, self.rule.gamma, np.asarray(alpha)))
        return np.where(power >= 0, power, np.nan) ** (2 / 3)

    @computable
    def touchdown(self, start: float) -> float:
        """Return the alpha at which the law reaches Q = 0: infinite if A >= 0."""
        start = one_number("start", start)
        positive("start", start)
        if self.drive >= 0:
            return math.inf
        return math.log1p(start**1.5 / -self._level) / (3 * self.rule.gamma)

    @property
    @positive_answer
    def asymptote(self) -> float:
        """Q* of K = 1 with noise labels as gamma falls, to relative order (gamma / A)^(4/3); diffusive only.

        Raises
        ------
        NoFixedPoint
            If A <= 0: the unit does not stay saturated.
        """
        if not self.diffusive:
            raise NoFixedPoint(
                f"no saturated fixed point for {self.rule}: A must be positive, got {self.drive:.4g}. Take "
                f"eta above {_least_rate()(math.sqrt(self.outside), self.rule.batch_size):.4g}."
            )
        law = _law("asymptote", "A", "B", "eta", "m")
        return float(law(self.drive, self._level, self.rule.eta, self.rule.batch_size))


@representable
def saturated_unit(rule: OnlineRule, start: Overlaps, unit: int = 0) -> SaturatedUnit:
    """Return the decay law of a saturated unit among others.

    Parameters
    ----------
    rule : OnlineRule
        The rates.
    start : Overlaps
        The unit's squared norm must be positive, and should be large. The law does not depend on its own norm.
    unit : int
        Which student.

    Returns
    -------
    SaturatedUnit

    Raises
    ------
    InvalidArgument
        If there is no such unit, or it has no norm.

    Examples
    --------
    >>> law = saturated_unit(OnlineRule(eta=0.5, gamma=0.001, sigma=1.0), Overlaps(Q=1e4))
    >>> print(f"Q_c = {law.crossover:.1f}, Q = {law.Q(1000.0, start=1e4):.1f}; decay alone {1e4 * np.exp(-2):.1f}")
    Q_c = 29.1, Q = 1350.7; decay alone 1353.4
    """
    check_rule(rule)
    check_start(start)
    unit = whole_number("unit", unit, least=0)
    check_range("unit", unit, 0, start.K - 1, ends=(True, True))
    own = float(start.Q[unit, unit])
    positive("Q of the unit", own)
    C = start.gram
    at_threshold = C - np.outer(C[unit], C[unit]) / own
    signs = np.where(np.arange(len(C)) < start.K, -1.0, 1.0)
    signs[unit] = 0
    a, b = np.ogrid[: len(C), : len(C)]
    outside = rule.sigma**2 + float(signs @ i2(at_threshold, a, b) @ signs)
    if outside < 0:  # a variance that cancels, to rounding
        raise OutOfRange(f"the other units' variance at the threshold is lost in rounding ({outside:.2g}). Give sigma.")
    return SaturatedUnit(rule, outside)


def _imbalance(rule: OnlineRule, gamma: float, Q: float) -> float:
    """Return left minus right of the exact equation of the fixed point (K = 1, noise labels), over eta."""
    return finite_or_overflow(_imbalance_law()(rule.eta, gamma, rule.sigma, rule.batch_size, Q))


@positive_answer
def noise_fixed_point(rule: OnlineRule) -> float:
    """Return Q* for one unit and noise labels: the root of the exact equation.

    Parameters
    ----------
    rule : OnlineRule
        With sigma > 0.

    Returns
    -------
    float

    Raises
    ------
    InvalidArgument
        If sigma is zero: without noise the weights decay to nothing, or chaos of large rates holds them.

    Examples
    --------
    >>> print(f"{noise_fixed_point(OnlineRule(eta=3.0, gamma=0.01, sigma=1.0)):.4f}")
    23.6463
    """
    check_rule(rule)
    positive("sigma", rule.sigma, "Noise labels need noise.")
    kicks = rule.eta**2 / rule.batch_size  # times sigma^2 and at most <g^2> < 1/3 at the threshold: bounds of the root
    high = (kicks * (rule.sigma**2 + 1 / 3) / (math.sqrt(2) * math.pi * rule.gamma)) ** (2 / 3)
    low = kicks * rule.sigma**2 / (math.pi * rule.gamma * math.sqrt(1 + 2 * high) + 2 * rule.eta)
    low, high = low * (1 - 1e-12), high * (1 + 1e-12)  # where the bounds meet, rounding must not put them past the root
    return float(
        brentq(lambda Q: _imbalance(rule, rule.gamma, Q), low, high, xtol=1e-15 * low, rtol=1e-14, maxiter=5000)
    )


@positive_answer
def gradient_scale(rule: OnlineRule) -> float:
    """Return the limit of Q* as gamma falls to zero, for A < 0 (one unit, noise labels): gradients alone set it.

    Parameters
    ----------
    rule : OnlineRule
        Rates, label noise and batch size; gamma does not matter.

    Raises
    ------
    NoFixedPoint
        If A >= 0: without decay Q grows without bound.
    InvalidArgument
        If sigma is zero.

    Examples
    --------
    >>> print(f"{gradient_scale(OnlineRule(eta=0.5, gamma=1e-6, sigma=1.0)):.3f}")
    0.386
    """
    check_rule(rule)
    positive("sigma", rule.sigma, "Noise labels need noise.")
    drive = SaturatedUnit(rule, rule.sigma**2).drive
    if drive >= 0:
        raise NoFixedPoint(
            f"no limit without decay for {rule}: A must be negative, got {drive:.4g}. Take a smaller eta."
        )
    high = 1.0
    while _imbalance(rule, 0.0, high) < 0:  # it tends to -A / eta > 0
        high *= 2
    return float(brentq(lambda Q: _imbalance(rule, 0.0, Q), 0.0, high, xtol=1e-16, rtol=1e-14, maxiter=5000))


@representable
def small_rate_scale(rule: OnlineRule) -> float:
    """Return eta sigma^2 / 2m: the limit of Q* for small eta, then smaller gamma (noise labels).

    Parameters
    ----------
    rule : OnlineRule
        Rates, label noise and batch size; see the module for the assumptions.

    Examples
    --------
    >>> small_rate_scale(OnlineRule(eta=0.01, gamma=1e-6, sigma=2.0))
    0.02
    """
    check_rule(rule)
    return float(_law("small rates", "eta", "sigma", "m")(rule.eta, rule.sigma, rule.batch_size))
