r"""AMSGrad: Adam over the largest second moment so far, which grows for ever; so there is no stationary state.

.. math:: E w_t^2 \approx V_f \left\langle E \frac{1}{v_{max}} \right\rangle

for AdamW, with the law V_f of a fixed second moment and the average over the weight's memory; with coupled decay
:math:`E w_t^2 \approx \frac{\eta \sigma}{2 k} \langle E v_{max}^{-1/2} \rangle`. The path iterates the recursion of a
fixed second moment with the step divided by the denominator of the moment, whose moments are those of
`theory.weight.laws.largest_moment`, over the current bias correction as in torch. It drifts down about as
1 + 2 (1 - b_2) ln t in the denominator's square.

Assumptions
-----------
1. White Gaussian noise, no curvature; epsilon far below it. Coupled decay: the noise dominates the decay in the
   gradient, at the start too, since a large gradient is remembered for ever.
2. The maximum changes slowly against the weight's steps.

Range: b_2 from 0.5 to 0.9999. Error of E w^2, measured for b_2 of 0.9 to 0.99 from t (1 - b_2) = 40 on, in the mean
over a block of steps: high, by at most 0.5% for AdamW and 1.5% for coupled decay with x up to 0.04. Before that it is
high by up to 12% (b_1 = b_2 = 0.9; 6% at b_2 = 0.99), and 30% where b_2 is below 0.9 (27% at 0.6).

References
----------
Reddi, Kale and Kumar, "On the Convergence of Adam and Beyond", ICLR 2018 (arXiv:1904.09237), for the rule. The law is
this package's own.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from theory.errors import NoEquilibrium
from theory.weight.laws.adam_steps import AdamSteps, Corrections, powers
from theory.weight.laws.largest_moment import largest_moment
from theory.weight.laws.mean_denominator import Pull, mean_denominator_path
from theory.weight.rates import Rates
from theory.weight.stages import staged

__all__ = ["CoupledDrifts", "DecoupledDrifts"]

DECOUPLED, COUPLED = 0.005, 0.015  # relative error of the variance once t (1 - beta2) exceeds 40
LATE = 40  # t (1 - beta2) from which on it is
EARLY, EARLY_FAST, LEAST_MEASURED_BETA2 = 0.12, 0.3, 0.9  # before; where beta2 is below the least measured one
DOMINATED = 0.3  # largest k w_0 / sigma


class _Drifts(AdamSteps):
    """Steps over a denominator that only grows."""

    late_error: ClassVar[float]

    @property
    def accuracy(self) -> float:
        """Relative error of the variance along the path, measured once t (1 - beta2) exceeds 40."""
        return self.late_error

    def path_errors(self, rates: Rates, variance: np.ndarray) -> np.ndarray:
        """Return the relative error of what every step adds: larger while the maximum is young."""
        del variance
        beta2 = self.betas[1]
        early = EARLY if beta2 >= LEAST_MEASURED_BETA2 else EARLY_FAST
        return staged(rates.steps, self.accuracy, (1, 0.0), (LATE / (1 - beta2), early))

    def refuse(self) -> None:
        """Raise NoEquilibrium: nothing is stationary."""
        raise NoEquilibrium(
            "AMSGrad has no stationary state: the largest second moment so far grows for ever, and the weights shrink "
            "with it. Take theory.trajectory, whose rms holds at any step, or amsgrad=False."
        )

    def _over_largest(self, steps: int, power: float) -> np.ndarray:
        """Return E (v_max / (1 - b2^t))^(-power) for every step, in units of the noise; at most one."""
        beta2 = self.betas[1]
        known, moments = largest_moment(beta2, power)
        t = np.arange(1.0, steps + 1)
        over = np.exp(np.interp(np.log(t), np.log(known), np.log(moments))) * (1 - powers(beta2, steps)) ** power
        return np.asarray(np.where(t < known[0], 1.0, np.minimum(1.0, over)))


class DecoupledDrifts(_Drifts):
    """What AdamW(amsgrad=True) has in place of AdamW's own."""

    method = "approximate"
    late_error = DECOUPLED

    def corrections(self, steps: int) -> Corrections:
        """Return the averaged gradient's factors: Adam's over the root of the maximum."""
        average = AdamSteps.corrections(self, steps).average * np.sqrt(self._over_largest(steps, 1.0))
        return Corrections(average, np.zeros(steps), np.zeros(steps, dtype=bool))


class CoupledDrifts(_Drifts):
    """What Adam(amsgrad=True), its decay in the gradient, has in place of Adam's own."""

    late_error = COUPLED

    def corrections(self, steps: int) -> Corrections:
        """Return the averaged gradient's factors: Adam's over the root of the maximum."""
        average = AdamSteps.corrections(self, steps).average * self._over_largest(steps, 0.5) / self.problem.noise
        return Corrections(average, np.zeros(steps), np.zeros(steps, dtype=bool))

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run from empty moments."""
        strength = rates.decay + self.problem.curvature
        if np.max(strength) * abs(start) > DOMINATED * self.problem.noise:
            raise NotImplementedError(
                f"AMSGrad with coupled decay is known where the noise dominates the decay, got start = {start:g}: the "
                "large gradients of the start are remembered for ever. Take start below "
                f"{DOMINATED * self.problem.noise / float(np.max(strength)):g}."
            )
        return mean_denominator_path(self, Pull(strength, np.ones(rates.steps)), rates, start)

    def forgetting(self, rates: Rates) -> np.ndarray:
        """Return by which power of e the mean weight falls in every step, to leading order in x."""
        pull = (rates.decay + self.problem.curvature) / self.problem.noise
        return np.asarray(rates.lr * pull * self._over_largest(rates.steps, 0.5))
