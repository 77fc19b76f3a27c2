r"""What optimizers share whose decay is in the gradient and is divided with it: rates in units of the noise.

.. math:: x = \eta k / \sigma, \qquad z^2 - (1 + \mu - c A x) z + \mu = 0

with k = lam/n + h, the response A of the mean step to a pull in the gradient, and the momentum mu: c is 1 - mu where it
averages gradients before they are divided (Adamax) and 1 where it sums divided steps (RMSprop). The larger root is the
factor per step in the long run.

Assumptions
-----------
1. The gradient noise is white and Gaussian, and dominates the decay in the gradient: x is small.
2. epsilon is far below the noise (but for Adadelta, where it is what scales the steps).

Range and error: those of each law.

References
----------
Loshchilov and Hutter, ICLR 2019 (arXiv:1711.05101), for the coupling. The laws are this package's own.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from theory.errors import NoEquilibrium
from theory.settings.types import Value
from theory.weight.law import Law
from theory.weight.laws.adam_steps import refuse_eps
from theory.weight.minimising import minimising
from theory.weight.problem import Problem, out
from theory.weight.rates import Rates, fall
from theory.weight.stability import refuse_plain
from theory.weight.stages import staged

__all__ = ["CoupledLaw", "refuse_memory_and_eps"]

DOMINATED = 0.3  # of k |w| / sigma: beyond, the noise no longer rules the denominator


class CoupledLaw(Law):
    """A law of steps that are divided together with their decay; a subclass says what A and the variance are."""

    method = "approximate"
    inside: ClassVar[bool] = False
    """Whether the momentum averages gradients before they are divided."""

    measured: ClassVar[dict[float, float]]
    """Largest relative rate, and the relative error of the variance measured up to it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(minimising(problem))

    @property
    @abstractmethod
    def response(self) -> float:
        """A: the mean step per unit of pull, in units of the noise."""

    @property
    def momentum(self) -> float:
        """Memory of the first moment per step."""
        return 0.0

    @property
    def unit(self) -> Value:
        """What the noise is in the units of the relative rate."""
        return self.problem.noise

    @property
    def name(self) -> str:
        """The optimizer's, for messages."""
        return type(self.problem.optimizer).__name__

    @cached_property
    def relative_rate(self) -> Value:
        """x: the small parameter of the approximation."""
        return self.problem.rate / self.unit

    @property
    def slow_rate(self) -> Value:
        """The rate per step at which the weight relaxes to leading order, but for the response."""
        return self.relative_rate if self.inside else self.relative_rate / (1 - self.momentum)

    @property
    def accuracy(self) -> float:
        """Relative error of the variance measured at rates up to this one."""
        largest = np.max(self.slow_rate)
        return next((error for limit, error in self.measured.items() if largest <= limit), math.nan)

    def refuse(self) -> None:
        """Raise NoEquilibrium if nothing holds the weight, NotImplementedError where nothing is derived."""
        self.refuse_unknown()
        refuse_plain(self.problem)
        self._refuse_rates(self.slow_rate, self.problem.eta)

    def refuse_unknown(self) -> None:
        """Raise NotImplementedError for noise with a memory, and an epsilon that shows."""
        refuse_memory_and_eps(self.problem, neglects_eps=self._neglects_eps)

    _neglects_eps: ClassVar[bool] = True

    def _refuse_rates(self, rate: Value, eta: Value) -> None:
        largest = max(self.measured)
        if np.max(rate, initial=0) > largest:
            limit = float(np.min(largest * np.asarray(eta) / np.maximum(rate, np.finfo(float).tiny)))
            share = "" if self.inside else ", over 1 - momentum"
            raise NotImplementedError(
                f"{self.name} is known for relative rates up to {largest:g} per step, got {float(np.max(rate)):g} "
                f"(eta (lam/n + curvature) over the noise{share}). Take eta below {limit:g}."
            )

    @cached_property
    def balance(self) -> Value:
        """The scale at which decay balances a gradient `noise` of constant sign: their sum, the gradient, vanishes."""
        return self.problem.noise / (self.problem.lam / self.problem.n + self.problem.curvature)

    def _in_numbers(self) -> None:
        if self.problem.symbolic:
            raise NotImplementedError(
                f"{self.name} has no closed form in symbols. Available: numbers, and `expression`, the leading order."
            )

    def _gap(self, rate: Value) -> tuple[Value, Value]:
        """Return 1 - z of the slowest root for relative rates x, and where it is complex; nothing cancels."""
        drift = (1 - self.momentum if self.inside else 1.0) * self.response * np.asarray(rate)
        if np.any(drift >= 2 * (1 + self.momentum)):
            raise NoEquilibrium(f"the step overshoots: the pull must be below {2 * (1 + self.momentum)}, got {drift}.")
        middle = 1 - self.momentum + drift
        inside = middle**2 - 4 * drift
        return 2 * drift / (middle + np.sqrt(np.maximum(inside, 0))), inside < 0

    def _fall(self, rate: Value) -> Value:
        """Return by which power of e the mean weight falls per step at relative rates x."""
        gap, swings = self._gap(rate)
        swinging = -math.log(self.momentum) / 2 if self.momentum else 0.0
        return np.where(swings, swinging, fall(gap))

    @cached_property
    def shrink(self) -> Value:
        """Factor per step in the long run: the slowest root, or its size if it is complex."""
        gap, swings = self._gap(self.relative_rate)
        return out(np.where(swings, math.sqrt(self.momentum), 1 - gap))

    @cached_property
    def relaxation_time(self) -> Value:
        """Steps in which the memory of the start falls by e, once the noise rules the gradient."""
        with np.errstate(divide="ignore"):
            return out(1 / self._fall(self.relative_rate))

    @cached_property
    def settling_time(self) -> Value:
        """Steps in which the excess of E w^2 over its equilibrium falls by e: the squares of the means fall so."""
        return self.relaxation_time / 2

    def forgetting(self, rates: Rates) -> np.ndarray:
        """Return by which power of e the mean weight falls in every step, once the noise rules the gradient."""
        rate = rates.lr * (rates.decay + self.problem.curvature) / self.unit
        return np.broadcast_to(self._fall(rate), (rates.steps,))

    @property
    @abstractmethod
    def on_the_way(self) -> tuple[float, float, float, float]:
        """Measured along paths: steps of the start, the relative error of E w^2 in them, in the first memory of the
        weight, and as long as decay makes more than 0.3 of the noise in the gradient.
        """

    def path_errors(self, rates: Rates, variance: np.ndarray) -> np.ndarray:
        """Return the relative error of the start and of what every step adds; NaN where betas were not measured."""
        steps, first, later, at_the_noise = self.on_the_way
        late = self.accuracy
        begun = int(np.searchsorted(np.cumsum(self.forgetting(rates)), 1.0)) + 1  # a memory after the start
        errors = staged(rates.steps, late, (steps, first), (max(begun, steps), max(later, late)))
        pull = (rates.decay + self.problem.curvature) * np.sqrt(variance[:-1])
        past = np.flatnonzero(pull > DOMINATED * self.problem.noise)
        if past.size:
            errors[: past[-1] + 2] = np.maximum(errors[: past[-1] + 2], at_the_noise)
        return np.where(np.isnan(late), np.nan, errors)

    def shrink_over(self, steps: Value, *, limit: bool) -> Value:
        """Return the factor by which so many steps shrink the mean weight, or its leading order in x."""
        rate = self.response * self.slow_rate if limit else 1 / self.relaxation_time
        return out(np.exp(-rate * steps))

    def _pull(self, rates: Rates) -> np.ndarray:
        """Return lam/n + h of every step; refuse what the path is not derived for."""
        self.refuse_unknown()
        pull = rates.decay + self.problem.curvature
        share = (1.0 if self.inside else 1 / (1 - self.momentum)) * rates.lr * pull / self.unit
        if np.min(pull, initial=0) < 0:
            raise NotImplementedError(
                f"the way of a weight under {self.name} needs lam/n + curvature of at least 0, got {pull.min():g}."
            )
        self._refuse_rates(share, rates.lr)
        return np.asarray(pull)

    largest_start: ClassVar[float] = math.inf
    """Largest pull of a start on the gradient, in units of the noise, from which the path was measured."""

    def _refuse_start(self, start: float, pull: np.ndarray) -> None:
        noise = float(self.problem.noise)
        strongest = abs(start) * float(pull.max(initial=0))
        if strongest <= self.largest_start * noise:
            return
        smaller = f"abs(start) below {abs(start) * self.largest_start * noise / strongest:g}"
        known = (
            f"the way of a weight under {self.name} is known from starts with a decay of at most "
            f"{self.largest_start:g} of the noise in the gradient, got {strongest / noise:g}"
        )
        if abs(start) * pull[0] > self.largest_start * noise:
            raise NotImplementedError(f"{known}. Take {smaller}.")
        raise NotImplementedError(
            f"{known} in step {int(np.argmax(pull)) + 1}, {abs(start) * pull[0] / noise:.3g} in the first: the decay "
            "per unit of learning rate rises, as where the learning rate's schedule does not multiply it "
            f"(independent). Let the decay follow the schedule, give the schedule a higher floor, or take {smaller}."
        )

    @property
    def expression(self) -> Any:
        """The scale as a SymPy expression: the leading order, S and A left as symbols."""
        import sympy as sp

        from theory.symbols import eta, h, lam, n, sigma

        S, A = sp.symbols("S A", positive=True)
        law = eta * sigma * S / (2 * A * (lam / n + h))
        return sp.Pow(law, sp.Rational(1, 2), evaluate=False)


def refuse_memory_and_eps(at: Problem, *, neglects_eps: bool = True) -> None:
    """Raise NotImplementedError for noise with a memory, and where epsilon is not far below the noise."""
    name = type(at.optimizer).__name__
    if np.any(at.correlation != 0):
        raise NotImplementedError(
            f"{name} with noise that has a memory has no derived form, got correlation = {at.correlation!r}. "
            "Available: white noise; AR(1) noise with SGD of any kind."
        )
    if neglects_eps:
        refuse_eps(at)
