r"""ASGD: plain SGD whose `lambd` decays the weights and slows the learning rate down, and the mean of its weights.

.. math:: V' = (1 - \eta_t (\Lambda + h))^2 V + \eta_t^2 \sigma^2

with the decay :math:`\Lambda = \mathrm{lambd} + \lambda/n` (the gradient is taken before the weight is shrunk: the two
add exactly), :math:`\eta_1` = lr and :math:`\eta_{t+1} = \mathrm{lr}\,(1 + \mathrm{lambd}\,\mathrm{lr}\,t)^{-\alpha}`.
PyTorch computes that at the end of step t: a schedule of lr arrives one step late. There is an equilibrium only without
`lambd`: then it is SGD.

Assumptions: those of `theory.weight.derivations.plain`. Exact, also for noise with a memory: no error order.

References
----------
Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", SIAM J. Control Optim. 30 (1992). Bottou's
schedule: "Stochastic Gradient Descent Tricks", 2012.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from theory.algebra.scan import affine_scan
from theory.errors import NoEquilibrium
from theory.settings import ASGD
from theory.weight.law import Law, law_of
from theory.weight.laws.linear_path import on_moments
from theory.weight.laws.sgd import PlainLaw, plain_law
from theory.weight.minimising import minimising
from theory.weight.problem import Problem
from theory.weight.rates import Rates

__all__ = ["ASGDLaw"]


@law_of.register
def _(optimizer: ASGD) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return lambda problem: plain_law(minimising(problem)) if problem.symbolic else ASGDLaw(minimising(problem))


class ASGDLaw(PlainLaw):
    """The law of ASGD in numbers: along a path, and without `lambd` that of SGD."""

    def refuse(self) -> None:
        """Raise NoEquilibrium with `lambd`, whose learning rate falls for ever, and where SGD has none."""
        lambd = self.problem.optimizer.lambd
        if lambd:
            raise NoEquilibrium(
                f"no equilibrium under ASGD: lambd = {lambd:g} makes its learning rate fall for ever. "
                "theory.trajectory(...).rms answers for every step of a run; with lambd=0 it is SGD."
            )
        super().refuse()

    def own_rates(self, rates: Rates) -> Rates:
        """Return the learning rates and decays that ASGD makes of those of a schedule."""
        lambd, alpha = self.problem.optimizer.lambd, self.problem.optimizer.alpha
        before, t = rates.lr[:-1], np.arange(1, rates.steps)
        lr = np.concatenate([rates.lr[:1], before / (1 + lambd * before * t) ** alpha])
        return Rates(lr, rates.decay + lambd)

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run."""
        return super().path(self.own_rates(rates), start)

    def forgetting(self, rates: Rates) -> np.ndarray:
        """Return by which power of e the mean weight falls in every step."""
        return super().forgetting(self.own_rates(rates))

    def average_path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E ax^2 along the run, shape (T + 1,), of the average `ax` that ASGD keeps beside the weight.

        It copies the weight up to step t0 + 2 and is the mean of the weights from there on, N of them: late, with a
        held rate, E ax^2 tends to sigma^2 / (Lambda^2 N), which does not know the learning rate. Before the first step
        it is zero.

        Parameters
        ----------
        rates, start
            As in `path`.

        Examples
        --------
        >>> import theory
        >>> from theory.weight.rates import held
        >>> run = theory.trajectory(lr=0.1, weight_decay=0.5, noise=0.02, optimizer=theory.ASGD(lambd=0, t0=0), steps=9)
        >>> print(f"{run.law.average_path(held(0.1, 0.5, 10**5), 0.0)[-1] * 1e5 / (0.02 / 0.5) ** 2:.2f}")
        1.00
        """
        own, at = self.own_rates(rates), self.problem
        before = np.arange(rates.steps)  # steps done when the share of the newest weight was last set
        share = 1 / np.maximum(1, before - at.optimizer.t0)
        keeps = 1 - own.lr * (own.decay + at.curvature)
        zero, one, r = np.zeros(rates.steps), np.ones(rates.steps), np.full(rates.steps, float(at.correlation))
        kick = -own.lr * at.noise  # of noise with unit variance, the third of the state: it remembers r of itself
        rows = [[keeps, zero, kick], [share * keeps, 1 - share, share * kick], [zero, zero, r]]
        M = np.stack([np.stack(row, -1) for row in rows], 1)
        rows_of, columns = np.triu_indices(3)
        added = np.zeros((rates.steps, 6))
        added[:, 5] = one - r**2
        moments = affine_scan(on_moments(M, rows_of, columns), added, np.array([start**2, 0, 0, 0, 0, 1.0]))
        return moments[:, 3]
