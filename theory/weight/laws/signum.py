r"""Signum and signSGD: Lion's law with both memories equal, decoupled; with the decay in the gradient, approximately.

.. math:: E w^2 = \frac{\eta^2}{1 - a^2} \left(1 + \frac{4}{\pi} \sum_{s=1}^{\infty} a^s \arcsin \mu^s\right)

Without momentum, :math:`\eta^2 / (1 - a^2)`, whatever the noise as long as it is symmetric. Decay in the gradient, or
curvature: `theory.weight.laws.sign_loop`.

Assumptions
-----------
1. The gradient is white Gaussian noise of any size: no curvature, no memory.
2. For the equilibrium: the average is stationary. The way there, from an empty one: `theory.weight.laws.directed`.

Range: 0 < eta lam/n < 2. Exact, summed to rounding.

References
----------
Bernstein, Wang, Azizzadenesheli and Anandkumar, "signSGD: Compressed Optimisation for Non-Convex Problems", ICML 2018
(arXiv:1802.04434): the rule. Van Vleck and Middleton, Proc. IEEE 54 (1966): the arcsine law.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from theory.settings import Signum
from theory.weight.law import Law, law_of
from theory.weight.laws.signs import SignLaw
from theory.weight.minimising import minimising
from theory.weight.problem import Problem

__all__ = ["SignumLaw"]


@law_of.register
def _(optimizer: Signum) -> Callable[[Problem], Law]:
    betas = (optimizer.momentum, optimizer.momentum)

    def law(problem: Problem) -> Law:
        problem = minimising(problem)
        if not optimizer.decoupled or np.any(problem.curvature != 0):
            from theory.weight.laws.sign_loop import SignLoopLaw

            return SignLoopLaw(problem, betas, decoupled=optimizer.decoupled)
        return SignumLaw(problem)

    return law


class SignumLaw(SignLaw):
    """The law of Signum with decoupled decay."""

    @property
    def betas(self) -> tuple[float, float]:
        """Its momentum, twice: the direction is the average itself."""
        return self.problem.optimizer.momentum, self.problem.optimizer.momentum
