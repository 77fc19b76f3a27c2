"""What one optimizer knows of a weight's problem, and the registry that finds it.

Three types, as a differential equation has its terms, its solver and its solution: a `Problem` is what is asked, a
`Law` is what an optimizer knows of it, an `Equilibrium` is the two as people hold them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import singledispatch
from typing import Any, ClassVar

import numpy as np

from theory.errors import InvalidArgument
from theory.settings.checks import shown
from theory.settings.registry import by_stem
from theory.settings.types import Value
from theory.weight.from_path import IteratedPath, variance_after
from theory.weight.inverse_sqrt_n import meeting_by_search
from theory.weight.problem import Problem, out
from theory.weight.rates import Rates

__all__ = ["Law", "law_of", "law_that_holds", "refuse_unknown_noise"]


class Law(ABC):
    """The stationary state of one weight under one optimizer, and the way there; bound to the problem it answers.

    A subclass says what it knows; what it does not know it refuses with a NotImplementedError that says what is there.

    Parameters
    ----------
    problem : Problem
        What is asked.
    """

    method: ClassVar[str] = "exact"
    """"exact", "quadrature" (exact up to numerical integration) or "approximate"."""

    meeting_in_closed_form: ClassVar[bool] = False
    """Whether `meeting` has a closed form."""

    needs_noise: ClassVar[bool] = True
    """Whether the size of the gradient noise enters."""

    memory_needs_noise: ClassVar[bool] = True
    """Whether it enters `relaxation_time` and `settling_time`."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._ways: dict[float, IteratedPath] = {}

    @property
    def accuracy(self) -> float:
        """Relative error of the variance: 0 where exact up to rounding, else as measured; nan where it was not."""
        return 0.0

    @abstractmethod
    def refuse(self) -> None:
        """Raise NoEquilibrium, saying what to change, where there is no stationary state; numbers only."""

    @property
    @abstractmethod
    def variance(self) -> Value:
        """E w^2 in the stationary state."""

    @property
    @abstractmethod
    def balance(self) -> Value:
        """The scale at which decay balances a gradient `noise` of constant sign: the limit correlation to 1."""

    @property
    @abstractmethod
    def shrink(self) -> Value:
        """Factor per step in the long run."""

    @property
    @abstractmethod
    def relaxation_time(self) -> Value:
        """Steps in which the memory of the start falls by e in the long run."""

    @property
    @abstractmethod
    def settling_time(self) -> Value:
        """Steps in which the excess of E w^2 over its equilibrium falls by e in the long run."""

    @property
    def turned(self) -> Value:
        """One minus `step_cosine`, formed without cancellation."""
        name = type(self.problem.optimizer).__name__
        raise NotImplementedError(
            f"the angle of one step is not derived for {name} as it was asked for. Available: numbers for SGD of any "
            "kind, and for normalised steps with decoupled decay without curvature."
        )

    @property
    def step_cosine(self) -> Value:
        """E w w' / E w^2 of one step in the stationary state: the cosine of the angle that many weights turn by."""
        return out(1 - np.asarray(self.turned))

    @property
    def step_angle(self) -> Value:
        """The angle of one step, in radians."""
        return out(2 * np.arcsin(np.sqrt(np.asarray(self.turned) / 2)))

    @property
    @abstractmethod
    def expression(self) -> Any:
        """The scale as a SymPy expression."""

    def variance_after(self, steps: Value, start: Value) -> Value:
        """Return E w^2 after `steps` from weights at `start`: from the path, unless a law knows better."""

        one = np.ndim(self.variance) == 0
        return variance_after(self.problem, (lambda problem: self) if one else law_that_holds, steps, start)

    def deviation_bound(self, start: float) -> Callable[[float], float]:
        """Return a function of a time that no later deviation of E w^2 from the variance exceeds; scalars only."""
        return self.way_from(start).bound

    def way_from(self, start: float) -> IteratedPath:
        """Return the path from a start at the problem's rates, iterated as far as it is asked for; scalars only."""
        if start not in self._ways:
            self._ways[start] = IteratedPath(self, start)
        return self._ways[start]

    @abstractmethod
    def shrink_over(self, steps: Value, *, limit: bool) -> Value:
        """Return the factor by which so many steps shrink the mean weight, or its limit for small steps."""

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 before the first and after every step of a run, shape (T + 1,); one set of numbers.

        Parameters
        ----------
        rates : Rates
            Learning rate and decay of every step; they take the place of the problem's.
        start : float
            The start weight, or its rms about zero; the optimizer's memory is empty.
        """
        del rates, start
        raise NotImplementedError(
            f"the way of a weight under a schedule is not derived for {type(self.problem.optimizer).__name__}."
        )

    def path_errors(self, rates: Rates, variance: np.ndarray) -> np.ndarray:
        """Return the relative error of the start and of what every step of a run adds to E w^2, shape (T + 1,).

        Parameters
        ----------
        rates : Rates
            Of every step.
        variance : ndarray, shape (T + 1,)
            What `path` returned.
        """
        del variance
        return np.full(rates.steps + 1, self.accuracy)

    def forgetting(self, rates: Rates) -> np.ndarray:
        """Return by which power of e the mean weight falls in every step in the long run, shape (T,)."""
        del rates
        raise NotImplementedError(
            f"how a weight forgets under a schedule is not derived for {type(self.problem.optimizer).__name__}."
        )

    def meeting(self) -> tuple[Value, Value]:
        """Return the lam at which white noise, and at which noise of constant sign, gives 1/sqrt(n); NaN for none."""

        white = self.problem.at(correlation=0.0)

        def scale(lam: float) -> float:
            return float(law_that_holds(white.at(lam=lam)).variance) ** 0.5

        def balance(lam: float) -> float:
            return float(law_of(white.optimizer)(white.at(lam=lam)).balance)

        if self.problem.symbolic or np.ndim(self.variance):
            raise NotImplementedError(
                "inverse_sqrt_n beyond plain SGD is found by search, for one set of numbers at a time."
            )
        return meeting_by_search(self.problem.n, self.problem.lam, scale, balance)


@singledispatch
def law_of(optimizer: Any) -> Callable[[Problem], Law]:
    """Return what makes the `Law` of a `Problem` under an optimizer; `law_of.register` adds one of your own.

    Parameters
    ----------
    optimizer : object
        Settings: any of `theory` that has a weight decay, or an instance of a class that is registered.

    Returns
    -------
    callable
        Maps a `Problem` to a `Law`. For an optimizer that is a linear recursion it is a `LinearOptimizer`.

    Raises
    ------
    InvalidArgument
        For what nobody has registered; the message says how to.

    Examples
    --------
    >>> import theory
    >>> law_of(theory.SGD()).__name__ == law_of(theory.SGDW()).__name__
    True
    """
    maker: Callable[[Problem], Law] = by_stem(law_of, optimizer, "theory.weight.laws", "theory.law_of")
    return maker


def law_that_holds(problem: Problem) -> Law:
    """Return the problem's law; raise NoEquilibrium where there is no stationary state."""
    law = law_of(problem.optimizer)(problem)
    if not isinstance(law, Law):
        raise InvalidArgument(
            f"what is registered for {shown(problem.optimizer)} must make a theory.Law of a problem, got {shown(law)}. "
            "Return a theory.LinearOptimizer, or a subclass of theory.Law."
        )
    if not problem.symbolic:
        law.refuse()
    return law


def refuse_unknown_noise(law: Law, noise: Value | None, *, for_memory: bool = False) -> None:
    """Refuse a problem posed by learning rate and decay alone where the noise enters: its default needs n."""
    enters = law.needs_noise and (law.memory_needs_noise or not for_memory)
    if enters and noise is None and not law.problem.examples:
        raise InvalidArgument(
            f"noise must be given with lr and weight_decay for {law.problem.optimizer}, got None: its default is "
            "1/sqrt(n). Give the gradient's standard deviation per weight, or n, lam and eta."
        )
