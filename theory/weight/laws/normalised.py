r"""What AdamW and Lion share: a step whose size does not depend on the gradient's, and a decay that is decoupled.

.. math:: w' = a w - \eta u, \qquad E w^2 = \frac{\eta^2}{1 - a^2} S(a), \qquad S(a) = C_0 + 2 \sum_{s \ge 1} a^s C_s

with :math:`a = 1 - \eta\lambda/n` and the autocovariance :math:`C_s = E u_t u_{t+s}` of the normalised step u. The
noise per weight drops out; a gradient that keeps its sign is balanced at n / lam, whatever its size.

Assumptions
-----------
1. The gradient is white noise, symmetric about zero: no curvature, no memory.
2. u is stationary: its start (bias corrections, an empty memory) has worn off.

Range: 0 < eta lam/n < 2. The identity is exact; where C_s comes from is told in `theory.weight.laws.second_moment`
(AdamW) and `theory.weight.laws.lion`.

References
----------
Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019 (arXiv:1711.05101); Kosson, Messmer and Jaggi,
"Rotational Equilibrium", ICML 2024 (arXiv:2305.17212), for the leading order.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Any

import numpy as np

from theory.settings.types import Value
from theory.weight.laws.one_factor import OneFactorLaw
from theory.weight.problem import out
from theory.weight.stability import refuse_plain

__all__ = ["NormalisedLaw"]


class NormalisedLaw(OneFactorLaw):
    """The law of a normalised step with decoupled decay; a subclass says what S(a) is."""

    needs_noise = False

    @abstractmethod
    def modes(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Return C_0, and C_1 and the factor per lag of each mode: C_s is the sum of C_1 factor^(s - 1), s >= 1."""

    def summed(self, a: Value) -> Value:
        """Return S(a): the sum over all lags of a^s times the autocovariance of the step."""
        alone, _, _ = self.modes()
        return alone + 2 * a * self._with_the_last(a)

    def _with_the_last(self, a: Value) -> Value:
        """Return the sum of a^(s - 1) C_s over s >= 1."""
        _, first, factor = self.modes()
        return out(np.sum(first / (1 - np.asarray(a, dtype=float)[..., None] * factor), axis=-1))

    @property
    def name(self) -> str:
        """The optimizer's, for messages."""
        return type(self.problem.optimizer).__name__

    def refuse(self) -> None:
        """Raise NotImplementedError for what is not derived, NoEquilibrium if nothing holds the weight."""
        self.refuse_unknown()
        refuse_plain(self.problem)

    def refuse_unknown(self) -> None:
        """Raise NotImplementedError for what is not derived, with or without an equilibrium."""
        at, available = self.problem, f"Available for {self.name}: white noise without curvature, in numbers."
        if np.any(at.curvature != 0):
            raise NotImplementedError(
                f"{self.name} with curvature has no derived form, got curvature = {at.curvature!r}. {available}"
            )
        if np.any(at.correlation != 0):
            raise NotImplementedError(
                f"{self.name} with noise that has a memory has no derived form, got correlation = {at.correlation!r}. "
                f"{available}"
            )

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        if self.problem.symbolic:
            raise NotImplementedError(
                f"{self.name} has no closed form in symbols. Available: numbers, `expression` (with S for the sum over "
                "lags), and theory.weight.derivations.adam.fixed_second_moment() with v held fixed."
            )
        return self.problem.eta**2 * self.summed(self.shrink) / (self.rate * (2 - self.rate))

    @cached_property
    def balance(self) -> Value:
        """The scale at which decay balances a gradient of constant sign: the step is then one, whatever the noise."""
        return self.problem.n / self.problem.lam

    @property
    def expression(self) -> Any:
        """The scale as a SymPy expression in n, lambda, eta and S, the sum of the step's autocovariances."""
        import sympy as sp

        from theory.symbols import eta, lam, n

        variance = eta * n * sp.Symbol("S", positive=True) / (lam * (2 - eta * lam / n))
        return sp.Pow(variance, sp.Rational(1, 2), evaluate=False)

    @property
    def turned(self) -> Value:
        """One minus the cosine of one step's angle, about eta lam/n C_0 / S(1); formed without cancellation.

        eta u = a w - w' gives the cosine (1 + a^2 - (1 - a^2) C_0 / S) / 2a, and S = C_0 + 2 a Y, Y the sum of
        a^(s - 1) C_s: one minus it is x (C_0 - x Y) / S.
        """
        a, x = self.shrink, self.rate
        alone, _, _ = self.modes()
        return x * (alone - x * self._with_the_last(a)) / self.summed(a)
