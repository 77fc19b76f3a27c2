r"""What laws share in which every step multiplies the mean weight by one factor: plain SGD, and decoupled decay.

.. math:: a = 1 - x, \qquad \tau = -1 / \ln \max(|a|, r)

with the rate x and the factor r per step by which what drives the weight forgets. Exact.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from theory.settings import check_range
from theory.settings.types import Value
from theory.weight.law import Law
from theory.weight.problem import out
from theory.weight.rates import Rates

__all__ = ["OneFactorLaw"]


class OneFactorLaw(Law):
    """A law in which a step leaves the fraction a = 1 - x of the mean weight."""

    memory_needs_noise = False

    @property
    def memory(self) -> Value:
        """Factor per step by which what drives the weight forgets."""
        return np.abs(self.problem.correlation)

    @property
    def rate(self) -> Value:
        """x: the fraction of a weight that one step takes away."""
        return self.problem.rate

    @cached_property
    def shrink(self) -> Value:
        """a = 1 - x: the fraction of a weight that one step leaves."""
        return 1 - self.rate

    @cached_property
    def relaxation_time(self) -> Value:
        """Steps in which the weight's memory falls by e: -1/ln of the larger of abs(a) and the noise's memory."""
        slowest = np.minimum(_gap(self.rate), 1 - self.memory)  # 1 - abs of each, without cancellation
        with np.errstate(divide="ignore"):
            return out(-1 / np.log1p(-slowest))

    @cached_property
    def settling_time(self) -> Value:
        """Steps in which the excess of E w^2 over its equilibrium falls by e in the long run.

        Its terms fall as a^2t and as (a r)^t, r the noise's memory: half the relaxation time where a is the slower.
        """
        with np.errstate(divide="ignore"):
            own = -np.log1p(-_gap(self.rate))
            return out(1 / (own + 1 / np.asarray(self.relaxation_time)))

    def forgetting(self, rates: Rates) -> np.ndarray:
        """Return -ln abs(a) of every step."""
        with np.errstate(divide="ignore"):
            return -np.log1p(-_gap(rates.lr * (rates.decay + self.problem.curvature)))

    def shrink_over(self, steps: Value, *, limit: bool) -> Value:
        """Return a^steps, or its limit for small steps, exp(-x steps)."""
        if limit:
            return out(np.exp(-self.rate * steps))
        hint = "Above it every step flips the sign of the weight."
        check_range("eta (lam/n + curvature)", self.rate, 0, 1, must="below 1 for a shrink per epoch", hint=hint)
        return out(np.exp(steps * np.log1p(-self.rate)))


def _gap(x: Value) -> Value:
    """Return 1 - abs(1 - x) without cancellation."""
    return np.where(np.asarray(x) <= 1, x, 2 - np.asarray(x))
