"""What Adam and its variants share as rules: how they correct the start, and when epsilon or the sign matters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.errors import InvalidArgument
from theory.settings.types import Value
from theory.weight.laws.second_moment import Filter, StepCovariance, adam_filter, filtered_covariance
from theory.weight.problem import Problem

__all__ = ["LARGEST_EPS", "AdamSteps", "Corrections", "powers", "refuse_eps"]

LARGEST_EPS = 5e-4  # of the noise: it takes its share from every step, twice that from a decoupled variance
NEGLECTED_EPS = 1e-6  # up to which it is neglected where the noise is not known: PyTorch's defaults are 1e-8 and 1e-7


@dataclass(frozen=True)
class Corrections:
    """What the step is made of at every step of a run: average m_t + newest g_t, over the root of v-hat if divided.

    Attributes
    ----------
    average, newest : ndarray, shape (T,)
        Factors of the averaged and of the newest gradient, the corrections of their bias included.
    divided : ndarray of bool, shape (T,)
        Whether the second moment, its bias corrected, divides the step.
    """

    average: np.ndarray
    newest: np.ndarray
    divided: np.ndarray


def powers(base: float, steps: int) -> np.ndarray:
    """Return base^t for t = 1 ... steps."""
    return np.exp(np.arange(1.0, steps + 1) * np.log(base)) if base > 0 else np.zeros(steps)


class AdamSteps:
    """Adam's own; NAdam and RAdam say what they do otherwise. To be mixed into a `Law`."""

    problem: Problem

    @property
    def betas(self) -> tuple[float, float]:
        """Memories of the two moments."""
        beta1, beta2 = self.problem.optimizer.betas
        return beta1, beta2

    @property
    def weights(self) -> Filter:
        """How the gradients enter the step, once the start is forgotten."""
        return adam_filter(self.betas[0])

    @property
    def steps(self) -> StepCovariance:
        """Second moments of the normalised step."""
        return filtered_covariance(self.weights, self.betas[1])

    def corrections(self, steps: int) -> Corrections:
        """Return what every step is made of from the first on."""
        return Corrections(1 / (1 - powers(self.betas[0], steps)), np.zeros(steps), np.ones(steps, dtype=bool))


def refuse_eps(problem: Problem) -> None:
    """Raise NotImplementedError where epsilon is not far below the gradient noise, as the laws assume."""
    eps, noise = problem.optimizer.eps, problem.noise
    if not problem.symbolic and not problem.noise_known and eps > NEGLECTED_EPS:
        raise InvalidArgument(
            f"noise must be given with eps = {eps:g}, got None: the law neglects eps, and only beside the noise can it "
            "be said whether that is right. Give the gradient's standard deviation per weight, or leave eps out."
        )
    if problem.symbolic or not problem.noise_known or np.all(eps <= LARGEST_EPS * np.asarray(noise)):
        return
    least: Value = float(np.min(noise))
    raise NotImplementedError(
        f"{type(problem.optimizer).__name__} is known for eps up to {LARGEST_EPS:g} of the noise, got eps = {eps:g} "
        f"and noise = {least:g}. Take eps below {LARGEST_EPS * least:g}; where eps rules the denominator the optimizer "
        "is SGD with momentum and the learning rate lr/eps."
    )
