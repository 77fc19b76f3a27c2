r"""NAdam: Adam with Nesterov's look ahead, decay in the gradient or beside it.

.. math:: u = \frac{1}{\sqrt{v}} \left(\frac{1 - \mu_t}{1 - \Pi_t} g + \frac{\mu_{t+1}}{1 - \Pi_{t+1}} m\right),
   \qquad \mu_t = b_1 \left(1 - \frac{1}{2} 0.96^{t d}\right)

with the products Pi_t of the momenta so far and d = `momentum_decay`. Once mu_t has settled (slowly: by e in 6124 steps
at the default d) this is Adam with the filter b_1 m + (1 - b_1) g, exactly PyTorch's Nesterov if v is held fixed; at
d = 0 the momentum stays b_1 / 2. So the laws are Adam's and AdamW's with that filter
(`theory.weight.laws.second_moment`), and the starts too.

Assumptions and range: those of `theory.weight.laws.adam` and `theory.weight.laws.adamw`; the equilibrium is that of the
settled momentum. Error: as there; with coupled decay 0.5% for x up to 0.05 and 1.8% up to 0.11 (low).

References
----------
Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop 2016, for the rule. The law is this package's own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from theory.settings import NAdam
from theory.weight.law import Law, law_of
from theory.weight.laws.adam import AdamLaw
from theory.weight.laws.adam_steps import AdamSteps, Corrections
from theory.weight.laws.adamw import AdamWLaw
from theory.weight.laws.adamw_curved import CurvedAdamWLaw
from theory.weight.laws.second_moment import Filter
from theory.weight.minimising import minimising
from theory.weight.problem import Problem

__all__ = ["NAdamLaw", "NAdamSteps", "NAdamWLaw"]


@law_of.register
def _(optimizer: NAdam) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return nadam_law


def nadam_law(problem: Problem) -> Law:
    """Return the law of NAdam, its decay coupled or decoupled, with or without curvature."""
    problem = minimising(problem)
    if not problem.optimizer.decoupled_weight_decay:
        return NAdamLaw(problem)
    return CurvedNAdamWLaw(problem) if np.any(problem.curvature != 0) else NAdamWLaw(problem)


class NAdamSteps(AdamSteps):
    """Averaged and newest gradient, mixed by a momentum that rises from beta1 / 2 to beta1."""

    @property
    def weights(self) -> Filter:
        """The filter of the settled momentum."""
        b1 = self.betas[0]
        settled = b1 if self.problem.optimizer.momentum_decay > 0 else b1 / 2
        return Filter(b1, settled * (1 - b1), 1 - settled)

    def corrections(self, steps: int) -> Corrections:
        """Return both gradients' factors at every step."""
        t = np.arange(1.0, steps + 2)
        momentum = self.betas[0] * (1 - 0.5 * 0.96 ** (t * self.problem.optimizer.momentum_decay))
        left = 1 - np.cumprod(momentum)
        newest, average = (1 - momentum[:-1]) / left[:-1], momentum[1:] / left[1:]
        return Corrections(average, newest, np.ones(steps, dtype=bool))


class NAdamLaw(NAdamSteps, AdamLaw):
    """The law of NAdam with coupled decay."""

    measured = {0.05: 0.005, 0.11: 0.018}  # noqa: RUF012 - largest x, error of the coupled law


class NAdamWLaw(NAdamSteps, AdamWLaw):
    """The law of NAdam with decoupled decay."""


class CurvedNAdamWLaw(NAdamSteps, CurvedAdamWLaw):
    """The law of NAdam with decoupled decay and curvature."""
