r"""E w^2 after any number of steps, and a bound on what is left, for a law that iterates its path step by step.

.. math:: E w_t^2 - V = (E w_L^2 - V) e^{-(t - L)/T}

beyond the L steps that are iterated, with the settling time T: by then the optimizer's own memories have worn off. The
path itself is asked whether this holds over the second half of what was iterated; where it does not, this refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from theory.settings.types import Value
from theory.weight.problem import Problem, out
from theory.weight.rates import Rates, held

__all__ = ["IteratedPath", "variance_after"]


class Way(Protocol):
    """What is asked of a law that iterates its path."""

    @property
    def problem(self) -> Problem:
        """One set of numbers."""

    @property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""

    @property
    def settling_time(self) -> Value:
        """Steps in which the excess falls by e in the long run."""

    @property
    def accuracy(self) -> float:
        """Relative error of the variance."""

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 before the first and after every step."""

    def way_from(self, start: float) -> IteratedPath:
        """Return the path from a start, iterated as far as it is asked for."""


SHORTEST, LONGEST = 2**11, 2**19  # steps that are iterated
SETTLED = 1e-11  # relative change over the second half of a path that has arrived
CONSISTENT = 0.02  # relative error of the predicted change over the second half of a path that is on its way


class IteratedPath:
    """E w^2 along a run at held rates, iterated as far as it is asked for; one set of numbers.

    Parameters
    ----------
    law : Way
        With `path`, `variance` and `settling_time`.
    start : float
        The start weight, or its rms.
    """

    def __init__(self, law: Way, start: float) -> None:
        self.law, self.start = law, start
        self.values = np.array([start**2])

    @property
    def steps(self) -> int:
        """How many have been iterated, L."""
        return len(self.values) - 1

    @property
    def settled(self) -> bool:
        """Whether nothing changes any more."""
        late = self.values[self.steps // 2 :]
        return self.steps >= SHORTEST and bool(np.ptp(late) <= SETTLED * late.max())

    def reach(self, steps: float) -> None:
        """Iterate up to `steps`, to where nothing changes any more, or as far as is sensible."""
        at = self.law.problem
        while self.steps < steps and self.steps < LONGEST and not self.settled:
            length = max(SHORTEST, 4 * self.steps)
            length = min(LONGEST, length if steps > length else max(SHORTEST, int(np.ceil(steps))))
            self.values = self.law.path(held(at.eta, at.lam / at.n, length), self.start)

    def __call__(self, steps: np.ndarray) -> np.ndarray:
        """Return E w^2 after `steps`."""
        steps = np.asarray(steps, dtype=float)
        self.reach(steps.max(initial=0))
        inside = self.values[np.minimum(steps, self.steps).astype(np.int64)]
        if np.all(steps <= self.steps):
            return np.asarray(inside)
        self._refuse_unless_exponential()
        V = float(self.law.variance)
        return np.asarray(np.where(steps <= self.steps, inside, V + (self.values[-1] - V) * self._left(steps)))

    def bound(self, t: float) -> float:
        """Return what no deviation of E w^2 from the variance exceeds after `t` steps."""
        self.reach(np.inf)
        if t > self.steps:
            self._refuse_unless_exponential()
        away = np.abs(self.values[min(int(t), self.steps) :] - float(self.law.variance))
        return float(away.max() * self._left(np.asarray(t)))

    def _left(self, steps: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(-np.maximum(steps - self.steps, 0) / self.law.settling_time))

    def _refuse_unless_exponential(self) -> None:
        V, half = float(self.law.variance), self.steps // 2
        away, before = self.values[-1] - V, self.values[half] - V
        if self.settled:
            consistent = abs(away) <= (self.law.accuracy + 1e-6) * V
        else:
            predicted = before * np.expm1(-(self.steps - half) / self.law.settling_time)
            consistent = abs(away - before - predicted) <= CONSISTENT * abs(predicted) + 1e-6 * V
        if not consistent:
            raise NotImplementedError(
                f"steps beyond {self.steps} are not derived from start = {self.start:g} under "
                f"{self.law.problem.optimizer}: the last, exponential way has not begun. Ask for fewer steps, or start "
                f"nearer to {V**0.5:g}."
            )


def variance_after(at: Problem, law_of_one: Callable[[Problem], Way], steps: Value, start: Value) -> Value:
    """Return E w^2 after `steps` from `start`; they broadcast against the numbers of the law's problem.

    Parameters
    ----------
    at : Problem
        In numbers or arrays.
    law_of_one : callable
        Makes the law of one set of numbers.
    steps, start
        As in `Equilibrium.rms`.
    """
    names = ("n", "lam", "eta", "noise", "correlation", "curvature")
    arrays = np.broadcast_arrays(*(getattr(at, name) for name in names), start, steps)
    rows, where = np.unique(np.stack([a.ravel() for a in arrays[:-1]]), axis=1, return_inverse=True)
    when = arrays[-1].ravel()
    found = np.empty(when.size)
    for i, row in enumerate(rows.T):
        mine = where.ravel() == i
        law = law_of_one(at.at(**{name: float(v) for name, v in zip(names, row, strict=False)}))
        found[mine] = law.way_from(float(row[-1]))(when[mine])
    return out(found.reshape(arrays[-1].shape))
