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
from dataclasses import dataclass

import numpy as np

from theory.committee.gaussian_integrals import i2
from theory.committee.saturation_laws import least_rate, step_law
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
from theory.settings.notebook import InNotebook
from theory.settings.online import check_rule, check_start

__all__ = ["SaturatedUnit", "saturated_unit"]


@dataclass(frozen=True)
class SaturatedUnit(InNotebook, answer=("diffusive", "crossover")):
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
        law = step_law("drive", "eta", "sigma_eff", "m")
        return float(law(self.rule.eta, math.sqrt(self.outside), self.rule.batch_size))

    @property
    def diffusive(self) -> bool:
        """Whether A > 0: the unit stays saturated."""
        return self.drive > 0

    @property
    def _level(self) -> float:
        """B, where decay and drive balance in Q^(3/2)."""
        return float(step_law("level", "A", "gamma")(self.drive, self.rule.gamma))

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
        law = step_law("decay law", "B", "Q_0", "gamma", "alpha")
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
                f"eta above {least_rate()(math.sqrt(self.outside), self.rule.batch_size):.4g}."
            )
        law = step_law("asymptote", "A", "B", "eta", "m")
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
