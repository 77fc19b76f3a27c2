r"""Lion and Signum with curvature, or Signum with the decay in the gradient: the sign feels the weight. Approximate.

.. math:: E w^2 \approx \frac{\eta S(1)}{2 (k_d + h R)}, \qquad
   R = \sqrt{\frac{2}{\pi}} \frac{1}{\sigma \sqrt{q_c}}

to leading order, with the decoupled decay k_d, h the curvature and the coupled decay together, and q_c = E c^2 in units
of sigma^2: (1 - mu)/(1 + mu) for Signum. The noise's size matters now: E w^2 is proportional to it where h rules. The
numbers are those of `theory.weight.laws.closed_loop`.

Assumptions
-----------
1. White Gaussian noise; the gradient is linear in the weight.
2. The sign of the direction is a linear response and a remainder that does not know the weight.

Range: rates x = eta (k_d + h R) up to 1.9 (1 - b_2), with 1/(1 - b_2) up to 2000 steps. Measured error of the variance:
high, by at most 4% times x/(1 - b_2). That is coupled Signum's; where decoupled decay shares the work it is less.

References
----------
Bernstein et al., ICML 2018 (arXiv:1802.04434); Chen et al., NeurIPS 2023 (arXiv:2302.06675), for the rules. Bussgang,
MIT RLE report 216 (1952), for the linearisation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from theory.errors import NoEquilibrium
from theory.settings.types import Value
from theory.weight.law import Law
from theory.weight.laws.closed_loop import LONGEST_MEMORY, Loop, closed_loop, open_rate
from theory.weight.problem import Problem, out
from theory.weight.rates import Rates

__all__ = ["SignLoopLaw"]

LARGEST_RATE = 1.9  # over 1 - b2
MEASURED, LEAST_ERROR = 0.04, 0.001  # relative error at a rate of 1 - b2, to which it is proportional; and at least


class SignLoopLaw(Law):
    """The law of a sign of a direction that the weight pulls.

    Parameters
    ----------
    problem : Problem
        As for any law.
    betas : (float, float)
        Of the direction.
    decoupled : bool
        Whether the decay stands beside the sign.
    """

    method = "approximate"

    def __init__(self, problem: Problem, betas: tuple[float, float], *, decoupled: bool = True) -> None:
        super().__init__(problem)
        self.betas, self.decoupled = betas, decoupled

    @cached_property
    def _decay(self) -> Value:
        """y: what the decay takes away beside the sign."""
        at = self.problem
        return at.eta * at.lam / at.n if self.decoupled else 0.0 * at.eta

    @cached_property
    def _pull(self) -> Value:
        """eta h / sigma: the weight's part of the gradient per step."""
        at = self.problem
        return at.eta * (at.curvature + (0.0 if self.decoupled else at.lam / at.n)) / at.noise

    @cached_property
    def rate(self) -> Value:
        """The rate at which the weight forgets, to leading order."""
        return open_rate(*self.betas, self._decay, self._pull)

    @property
    def accuracy(self) -> float:
        """Relative error of the variance, as measured at rates up to this one."""
        return max(LEAST_ERROR, MEASURED * float(np.max(self.rate)) / (1 - self.betas[1]))

    def refuse(self) -> None:
        """Raise NotImplementedError outside the range that was measured, NoEquilibrium where nothing holds."""
        at, name = self.problem, type(self.problem.optimizer).__name__
        if np.any(at.correlation != 0):
            raise NotImplementedError(
                f"{name} with noise that has a memory has no derived form, got correlation = {at.correlation!r}. "
                "Available: white noise."
            )
        if np.any(np.asarray(self.rate) <= 0):
            raise NoEquilibrium(
                f"nothing holds the weight under {name}: decay and curvature together must be positive, got lam = "
                f"{at.lam!r} and curvature = {at.curvature!r}. Take more decay."
            )
        if np.any(np.asarray(self._pull) < 0):
            raise NotImplementedError(
                f"{name} on a maximum is not derived, got curvature = {at.curvature!r}. Available: curvature that "
                "holds the weight."
            )
        if 1 / (1 - self.betas[1]) > LONGEST_MEMORY:
            raise NotImplementedError(
                f"{name} with curvature or coupled decay is known for memories up to {LONGEST_MEMORY:g} steps, got "
                f"{1 / (1 - self.betas[1]):g}. Take a smaller beta2 or momentum."
            )
        largest = LARGEST_RATE * (1 - self.betas[1])
        if np.any(np.asarray(self.rate) > largest):
            limit = float(np.min(largest * np.asarray(at.eta) / self.rate))
            raise NotImplementedError(
                f"{name} with curvature or coupled decay is known for rates eta (lam/n + curvature R) up to "
                f"{largest:g}, got {float(np.max(self.rate)):g}. Take eta below {limit:g}."
            )

    @cached_property
    def _loops(self) -> np.ndarray:
        def one(decay: float, pull: float) -> Loop:
            return closed_loop(*self.betas, float(decay), float(pull))

        return np.asarray(np.vectorize(one, otypes=[object])(self._decay, self._pull))

    def _of_loops(self, name: str) -> Value:
        if self.problem.symbolic:
            raise NotImplementedError(
                f"{type(self.problem.optimizer).__name__} has no closed form in symbols. Available: numbers, and "
                "`expression`, the leading order."
            )
        return out(np.vectorize(lambda loop: getattr(loop, name), otypes=[float])(self._loops))

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        return self.problem.eta**2 * self._of_loops("variance")

    @cached_property
    def balance(self) -> Value:
        """The scale for a gradient of constant sign: where its sum with the weight's part, or the decay, stops it."""
        at = self.problem
        decay, pull = at.lam / at.n, at.curvature + (0.0 if self.decoupled else at.lam / at.n)
        with np.errstate(divide="ignore"):
            vanishing = np.divide(at.noise, pull)
            return out(np.minimum(vanishing, np.divide(1.0, decay)) if self.decoupled else vanishing)

    @cached_property
    def shrink(self) -> Value:
        """Factor per step of the slowest mode of the linearised loop."""
        return self._of_loops("slowest")

    @cached_property
    def relaxation_time(self) -> Value:
        """Steps in which the memory of a start near the equilibrium falls by e."""
        return out(1 / np.asarray(self._of_loops("forgetting")))

    @cached_property
    def settling_time(self) -> Value:
        """Steps in which the excess of E w^2 over its equilibrium falls by e: the squares of the means fall so."""
        return self.relaxation_time / 2

    @property
    def expression(self) -> Any:
        """The scale as a SymPy expression: the leading order, S and R left as symbols."""
        import sympy as sp

        from theory.symbols import eta, h, lam, n

        S, R = sp.symbols("S R", positive=True)
        rate = lam / n + h * R if self.decoupled else (lam / n + h) * R
        return sp.Pow(eta * S / (2 * rate), sp.Rational(1, 2), evaluate=False)

    def variance_after(self, steps: Value, start: Value) -> Value:
        """Refuse: far from the equilibrium the sign is not a linear response."""
        del steps, start
        raise NotImplementedError(
            f"the way to equilibrium is not derived for {type(self.problem.optimizer).__name__} with curvature or "
            "coupled decay: far away its steps all have one sign. Available: `scale`, `relaxation_time`; rms for "
            "decoupled decay without curvature."
        )

    def deviation_bound(self, start: float) -> Callable[[float], float]:
        """Refuse, as `variance_after` does."""
        return self.variance_after(0, start)

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Refuse, as `variance_after` does."""
        return self.variance_after(rates.steps, start)

    def shrink_over(self, steps: Value, *, limit: bool) -> Value:
        """Return the factor by which so many steps shrink the mean weight, or its leading order."""
        rate = self.rate if limit else 1 / np.asarray(self.relaxation_time)
        return out(np.exp(-rate * steps))
