"""Steps that are signs: the arcsine law as a series, and what it sums up to. Lion and Signum share it.

Law, assumptions and references: `theory.weight.laws.lion`.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from theory.settings.types import Value
from theory.weight.laws.directed import DirectedLaw, direction_correlation, summed_series
from theory.weight.laws.odd_series import OddSeries, length

__all__ = ["SignLaw", "arcsine", "sign_sum"]


@lru_cache
def arcsine(largest: float) -> OddSeries:
    """Return (2 / pi) arcsin of a correlation, as a series up to the largest that is asked for."""
    j = np.arange(length(largest))
    coefficients = np.cumprod(np.concatenate([[1.0], (2 * j[1:] - 1) / (2 * j[1:])])) / (2 * j + 1)
    return OddSeries(1.0, 2 / math.pi * coefficients, largest)


def sign_sum(a: Value, beta1: float, beta2: float) -> Value:
    """Return S(a) of Lion's step: 1 + 2 sum over s >= 1 of a^s (2 / pi) arcsin(q b2^s).

    Examples
    --------
    >>> print(f"{sign_sum(1.0, 0.9, 0.99):.3f}")
    45.927
    """
    return summed_series(arcsine(direction_correlation(beta1, beta2)), beta2, a)


class SignLaw(DirectedLaw):
    """The law of a sign as step."""

    def series_up_to(self, largest: float) -> OddSeries:
        """Return the arcsine law's."""
        return arcsine(largest)
