r"""Schedule-free SGD and AdamW: no stationary state, since the average goes on forgetting ever more slowly.

.. math:: E x_t^2 \approx \frac{\sigma^2}{k^2 (1 - \beta^2) t}

for plain SGD at a held learning rate, once :math:`\eta k (1 - \beta) t` is large: no floor, and no learning rate in it.
Along the run the second moments of the steps z and their average x are iterated with every step's rates, from z = x.
`theory.trajectory` gives x, the weights of evaluation mode.

Assumptions
-----------
1. White noise; the curvature (SGD alone) is held. AdamW: Gaussian noise, and epsilon far below it.

Range: any learning rates and decays. SGD: exact. AdamW: its step g / sqrt(v) is white too, for symmetric noise; its
mean square, from the first step on, is by quadrature, good to 1e-5.

References
----------
Defazio, Yang, Mehta, Mishchenko, Khaled and Cutkosky, "The Road Less Scheduled", NeurIPS 2024 (arXiv:2405.15682).
Polyak and Juditsky, SIAM J. Control Optim. 30 (1992), for beta = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from theory.algebra.scan import affine_scan
from theory.settings import ScheduleFreeAdamW, ScheduleFreeSGD
from theory.settings.types import Value
from theory.weight.law import Law, law_of
from theory.weight.laws.adam_steps import refuse_eps
from theory.weight.laws.unsettled import UnsettledLaw
from theory.weight.minimising import minimising
from theory.weight.problem import Problem
from theory.weight.rates import Rates

__all__ = ["ScheduleFreeAdamWLaw", "ScheduleFreeSGDLaw", "normalised_square"]

SPACING, LOWEST, HIGHEST = 0.4, 24.0, 42.0  # of the logarithm that is integrated over
ONE_BY_ONE, GROUPED, MEMORIES = 256, 0.005, 12.0  # of the second moment: how its factors are formed


@lru_cache
def _moments_step() -> Callable[..., tuple[list[Value], list[Value]]]:
    """Compile the entries of the derived recursion of second moments, row by row, and what is added."""
    import sympy as sp

    from theory.symbols import eta, sigma
    from theory.weight.derivations.schedulefree import beta, moments_step, newest, pull

    matrix, added = moments_step()
    return sp.lambdify((beta, newest, pull, eta, sigma), (list(matrix), list(added)), "numpy", cse=True)


@lru_cache
def _means_step() -> Callable[..., list[Value]]:
    import sympy as sp

    from theory.symbols import eta
    from theory.weight.derivations.schedulefree import beta, newest, pull, recursion

    return sp.lambdify((beta, newest, pull, eta), list(recursion().M), "numpy", cse=True)


class _ScheduleFree(UnsettledLaw):
    """What both share."""

    method = "exact"

    @property
    def share(self) -> float:
        """beta: how much of x is in y."""
        raise NotImplementedError

    def noise_of(self, steps: int) -> np.ndarray:
        """Return the rms of what the learning rate multiplies beside the decay, at every step."""
        raise NotImplementedError

    def refuse_unknown(self) -> None:
        """Raise NotImplementedError for noise with a memory."""
        if np.any(self.problem.correlation != 0):
            raise NotImplementedError(
                f"{type(self.problem.optimizer).__name__} with noise that has a memory has no derived form, got "
                f"correlation = {self.problem.correlation!r}. Available: white noise."
            )

    @property
    def reason(self) -> str:
        """The average forgets ever more slowly."""
        return "the average of all steps falls for ever, its mean square as one over their number"

    def _newest(self, lr: np.ndarray) -> np.ndarray:
        """Return the share of the newest z in the average, at every step."""
        at = self.problem.optimizer
        weights = np.arange(1.0, len(lr) + 1) ** at.r * np.maximum.accumulate(lr) ** at.weight_lr_power
        sums = np.cumsum(weights)
        return np.divide(weights, sums, out=np.zeros_like(sums), where=sums > 0)

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E x^2 along the run, exactly."""
        self.refuse_unknown()
        lr, noise = rates.lr, self.noise_of(rates.steps)
        pull = rates.decay + float(self.problem.curvature)
        matrix, added = _moments_step()(self.share, self._newest(lr), pull, lr, noise)
        A = _stacked(matrix, rates.steps).reshape(rates.steps, 3, 3)
        return affine_scan(A, _stacked(added, rates.steps), np.full(3, start**2))[:, 2]

    def forgetting(self, rates: Rates) -> np.ndarray:
        """Return by which power of e the mean of the state (z, x) shortens in every step, for a start at z = x."""
        pull = rates.decay + float(self.problem.curvature)
        M = _stacked(_means_step()(self.share, self._newest(rates.lr), pull, rates.lr), rates.steps).reshape(
            rates.steps, 2, 2
        )
        means = affine_scan(M, np.zeros((rates.steps, 2)), np.ones(2))
        return np.asarray(-np.diff(np.log(np.hypot(means[:, 0], means[:, 1]))))


def _stacked(entries: list[Value], steps: int) -> np.ndarray:
    return np.stack([np.broadcast_to(np.asarray(entry, dtype=float), (steps,)) for entry in entries], axis=-1)


class ScheduleFreeSGDLaw(_ScheduleFree):
    """The law of schedule-free SGD."""

    @property
    def share(self) -> float:
        """Its momentum."""
        return float(self.problem.optimizer.momentum)

    def noise_of(self, steps: int) -> np.ndarray:
        """Return the noise."""
        return np.full(steps, float(self.problem.noise))


class ScheduleFreeAdamWLaw(_ScheduleFree):
    """The law of schedule-free AdamW."""

    method = "quadrature"
    needs_noise = False

    @property
    def accuracy(self) -> float:
        """Relative error of the variance."""
        return 1e-5

    @property
    def share(self) -> float:
        """Its first beta."""
        return float(self.problem.optimizer.beta1)

    def refuse_unknown(self) -> None:
        """Raise NotImplementedError for curvature, noise with a memory, and an epsilon that shows."""
        super().refuse_unknown()
        if np.any(self.problem.curvature != 0):
            raise NotImplementedError(
                "ScheduleFreeAdamW with curvature has no derived form, got curvature = "
                f"{self.problem.curvature!r}. Available: curvature under ScheduleFreeSGD."
            )
        refuse_eps(self.problem)

    def noise_of(self, steps: int) -> np.ndarray:
        """Return the rms of g / sqrt(v), v corrected."""
        known, squares = normalised_square(self.problem.optimizer.beta2)
        return np.sqrt(np.interp(np.log(np.arange(1.0, steps + 1)), np.log(known), squares))


@lru_cache
def normalised_square(beta2: float) -> tuple[np.ndarray, np.ndarray]:
    r"""Return steps t, and E g_t^2 / v_t with the corrected second moment v_t at them; Gaussian noise.

    With p_j the weights of the past in v_t it is the integral over z of
    :math:`(1 + 2 p_0 z)^{-1} \prod_j (1 + 2 p_j z)^{-1/2}`, one for t = 1.

    Examples
    --------
    >>> steps, squares = normalised_square(0.99)
    >>> print(f"{squares[0]:.6f} {squares[-1]:.4f}")
    1.000000 0.9903
    """
    if beta2 == 0:
        return np.ones(1), np.ones(1)
    group = max(1, int(GROUPED / (1 - beta2)))  # so many factors as one, in its middle: they hardly differ
    last = max(ONE_BY_ONE, int(MEMORIES / (1 - beta2)))
    first = np.concatenate([np.arange(ONE_BY_ONE), np.arange(ONE_BY_ONE, last, group)])
    count = np.diff(first, append=first[-1] + group)
    past = beta2 ** (first + (count - 1) / 2)
    ln = np.arange(np.log(1 - beta2) - LOWEST, HIGHEST, SPACING)
    z = np.exp(ln)  # (1 - b2) z over the correction
    product = np.exp(-0.5 * np.cumsum(count[:, None] * np.log1p(2 * past[:, None] * z), axis=0))
    steps = first + count
    squares = (1 - beta2**steps) / (1 - beta2) * SPACING * (product * (z / (1 + 2 * z))).sum(axis=1)
    return steps.astype(float), squares


@law_of.register
def _(optimizer: ScheduleFreeSGD) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return lambda problem: ScheduleFreeSGDLaw(minimising(problem))


@law_of.register
def _(optimizer: ScheduleFreeAdamW) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return lambda problem: ScheduleFreeAdamWLaw(minimising(problem))
