"""A unit whose labels are noise alone: where decay holds it, exactly and at small rates.

Law, assumptions, range and references: those of `theory.committee.saturation`.
"""

from __future__ import annotations

import math
import sys

from scipy.optimize import brentq

from theory.committee.saturation import SaturatedUnit
from theory.committee.saturation_laws import imbalance_law, step_law
from theory.errors import NoFixedPoint, OutOfRange
from theory.settings import (
    OnlineRule,
    positive,
    positive_answer,
    representable,
)
from theory.settings.online import check_rule
from theory.settings.representable import finite_or_overflow

__all__ = ["gradient_scale", "noise_fixed_point", "small_rate_scale"]


def _imbalance(rule: OnlineRule, gamma: float, Q: float) -> float:
    """Return left minus right of the exact equation of the fixed point (K = 1, noise labels), over eta."""
    return finite_or_overflow(imbalance_law()(rule.eta, gamma, rule.sigma, rule.batch_size, Q))


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
    if low * 1e-15 < sys.float_info.min:
        raise OutOfRange(f"Q* is too small for a double, about {low:.2g}. Take numbers nearer to 1, in other units.")
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
    return float(step_law("small rates", "eta", "sigma", "m")(rule.eta, rule.sigma, rule.batch_size))
