r"""RAdam: Adam that is not divided while its second moment is uncertain, and warms up afterwards.

.. math:: r_t^2 = \frac{(\rho_t - 4)(\rho_t - 2) R}{(R - 4)(R - 2) \rho_t},
   \qquad \rho_t = R - \frac{2 t b_2^t}{1 - b_2^t}, \qquad R = \frac{2}{1 - b_2} - 1

While rho_t <= 5 the step is eta times the averaged gradient, whatever its size; then Adam's times r_t, which tends to 1
within about 1/(1 - b_2) steps. So the stationary laws are Adam's and AdamW's exactly. Where R <= 5, b_2 <= 2/3, the
step is never divided: SGD with an averaged gradient, exact.

Assumptions and range: those of `theory.weight.laws.adam` and `theory.weight.laws.adamw`; white noise of a known size
for the first steps. Error: as there.

References
----------
Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", ICLR 2020 (arXiv:1908.03265), for the rule. The
law is this package's own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from theory.errors import InvalidArgument
from theory.settings import RAdam
from theory.weight.law import Law, law_of
from theory.weight.laws.adam import AdamLaw
from theory.weight.laws.adam_steps import AdamSteps, Corrections, powers
from theory.weight.laws.adamw import AdamWLaw
from theory.weight.laws.adamw_curved import CurvedAdamWLaw
from theory.weight.laws.linear import LinearLaw, LinearOptimizer
from theory.weight.laws.mean_denominator import Pull, mean_denominator_path
from theory.weight.minimising import minimising
from theory.weight.problem import Problem
from theory.weight.rates import Rates

__all__ = ["RAdamLaw", "RAdamSteps", "RAdamWLaw", "UndividedRAdamLaw"]

CERTAIN = 5  # torch divides where rho exceeds it


@law_of.register
def _(optimizer: RAdam) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return radam_law


def radam_law(problem: Problem) -> Law:
    """Return the law of RAdam: divided or not, its decay coupled or decoupled, with or without curvature."""
    problem = minimising(problem)
    if _longest(problem.optimizer.beta2) <= CERTAIN:
        return UndividedRAdamLaw(problem, _averaged(problem.optimizer))
    if not problem.optimizer.decoupled_weight_decay:
        return RAdamLaw(problem)
    return CurvedRAdamWLaw(problem) if np.any(problem.curvature != 0) else RAdamWLaw(problem)


def _longest(beta2: float) -> float:
    """Return R: how many gradients the second moment averages in the long run."""
    return 2 / (1 - beta2) - 1


class RAdamSteps(AdamSteps):
    """Adam's steps times the rectifier; not divided before that is defined."""

    def corrections(self, steps: int) -> Corrections:
        """Return the factor of the averaged gradient at every step, and from when on it is divided."""
        b2 = self.betas[1]
        made = AdamSteps.corrections(self, steps)
        longest, forgotten = _longest(b2), powers(b2, steps)
        known = longest - 2 * np.arange(1, steps + 1) * forgotten / (1 - forgotten)
        divided = known > CERTAIN
        self._refuse_unknown_noise()
        inside = np.where(divided, known, CERTAIN + 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            squared = (inside - 4) * (inside - 2) * longest / ((longest - 4) * (longest - 2) * inside)
        rectifier = np.where(divided, np.sqrt(np.abs(squared)), self._undivided)
        return Corrections(made.average * rectifier, made.newest, divided)

    @property
    def _undivided(self) -> float:
        """Size of a gradient that is not divided, in the units of the path."""
        return 1.0

    def _refuse_unknown_noise(self) -> None:
        if not self.problem.noise_known:
            raise InvalidArgument(
                f"noise must be given with lr and weight_decay for the way under {self.problem.optimizer}, got None: "
                "its first steps are not normalised. Give the gradient's standard deviation per weight."
            )


class RAdamLaw(RAdamSteps, AdamLaw):
    """The law of RAdam with coupled decay."""


class RAdamWLaw(RAdamSteps, AdamWLaw):
    """The law of RAdam with decoupled decay."""

    @property
    def _undivided(self) -> float:
        return float(self.problem.noise)  # the path of a normalised step is in units of the noise


class CurvedRAdamWLaw(RAdamSteps, CurvedAdamWLaw):
    """The law of RAdam with decoupled decay and curvature."""


@lru_cache
def _averaged(optimizer: RAdam) -> LinearOptimizer:
    from theory.weight.derivations.adam import averaged_recursion, b1, newest, tail

    values = {b1: optimizer.beta1, tail: 1 - optimizer.beta1, newest: 0.0}
    return LinearOptimizer(averaged_recursion(), optimizer.decoupled_weight_decay, values)


class UndividedRAdamLaw(RAdamSteps, LinearLaw):
    """The law of RAdam that never divides: a linear recursion, whose start has Adam's correction."""

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run from an empty average."""
        coupled, curvature = not self.problem.optimizer.decoupled_weight_decay, self.problem.curvature
        if self.moments.correlated:
            raise NotImplementedError("the way of RAdam under noise with a memory is not derived. Take white noise.")
        strength = curvature + (rates.decay if coupled else np.zeros(rates.steps))
        left = 1 - (0 if coupled else rates.lr * rates.decay) * np.ones(rates.steps)
        return mean_denominator_path(self, Pull(strength, left), rates, start)

    variance_after = Law.variance_after
    deviation_bound = Law.deviation_bound
