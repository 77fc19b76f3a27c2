r"""Lion: the scale at which decoupled decay holds a random walk of signs.

.. math:: E w^2 = \frac{\eta^2}{1 - a^2} \left(1 + \frac{4}{\pi} \sum_{j=0}^{\infty}
   \frac{\binom{2j}{j}}{4^j (2j + 1)} q^{2j+1} \frac{a b_2^{2j+1}}{1 - a b_2^{2j+1}}\right)

with :math:`a = 1 - \eta\lambda/n` and q the number for which c = b_1 m + (1 - b_1) g, whose sign is the step, has the
autocorrelation q b_2^s at lag s >= 1 (`theory.weight.derivations.direction`). Signs of Gaussians that correlate by r
correlate by (2 / pi) arcsin r. The way there, from an empty memory: `theory.weight.laws.directed`. With curvature:
`theory.weight.laws.sign_loop`.

Assumptions
-----------
1. The gradient is white Gaussian noise of any size: no curvature, no memory.
2. For the equilibrium: the memory m is stationary.

Range: 0 < eta lam/n < 2. Exact as a series, summed to rounding. Leading order (eta lam/n far below 1 - b_2):
eta / (2 lam/n) times 1 + (4 / pi) q b_2 / (1 - b_2), within a few percent.

References
----------
Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023 (arXiv:2302.06675): the rule. Van Vleck and
Middleton, "The spectrum of clipped noise", Proc. IEEE 54 (1966): the arcsine law.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from theory.settings import Lion
from theory.weight.law import Law, law_of
from theory.weight.laws.signs import SignLaw
from theory.weight.minimising import minimising
from theory.weight.problem import Problem

__all__ = ["LionLaw"]


@law_of.register
def _(optimizer: Lion) -> Callable[[Problem], Law]:
    def law(problem: Problem) -> Law:
        problem = minimising(problem)
        if np.any(problem.curvature != 0):
            from theory.weight.laws.sign_loop import SignLoopLaw

            return SignLoopLaw(problem, optimizer.betas)
        return LionLaw(problem)

    return law


class LionLaw(SignLaw):
    """The law of Lion."""

    @property
    def betas(self) -> tuple[float, float]:
        """Its own."""
        return self.problem.optimizer.betas
