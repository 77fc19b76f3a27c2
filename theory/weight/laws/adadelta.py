r"""Adadelta: the root mean square of its own steps scales the next one, and epsilon is what sets that scale.

.. math:: E w^2 = \frac{\eta \sigma \sqrt{\epsilon} c}{2 k B} (1 + R)

with the mean square c of the step over epsilon and its response B, averages over a Markov chain of two means that
depend on rho and :math:`e = \epsilon/\sigma^2` alone (`theory.weight.laws.adadelta_chain`). The step is white. R, two
per cent at most, is the first order in the rate :math:`x = \eta k B \sqrt{\epsilon}/\sigma`, by linear response of the
chain. Doubling epsilon raises E w^2 by 1.4 while e is far below 1 - rho: epsilon is the step size.

Assumptions
-----------
1. The gradient is white Gaussian noise and dominates the decay in it: x is small.

Range: x / B up to 0.02 and rho from 0.5 to 0.999. Error of E w^2, measured for rho of 0.8 to 0.99: 0.7%; 1.5% is
stated, since a path, whose first order in x is that of means, ends so near to it. Along a path from k w_0 up to
0.2 sigma: 12% (high) while the scale sets up, 1/(1 - rho)^2 steps, 2% later, 6% where a rising k w exceeds 0.3 sigma;
farther out nothing is given.

References
----------
Zeiler, 2012 (arXiv:1212.5701), for the rule. The law is this package's own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from theory.settings import Adadelta
from theory.settings.types import Value
from theory.weight.law import Law, law_of
from theory.weight.laws.adadelta_chain import StepChain, step_chain
from theory.weight.laws.coupled import CoupledLaw
from theory.weight.laws.coupled_path import STEPS, Corrections, Denominator, coupled_path
from theory.weight.laws.rmsprop import averages_from_zero
from theory.weight.problem import Problem, out
from theory.weight.rates import Rates

__all__ = ["AdadeltaLaw"]

MOST_RATES = 64  # at which the response of the chain is solved for


@law_of.register
def _(optimizer: Adadelta) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return AdadeltaLaw


class AdadeltaLaw(CoupledLaw):
    """The law of Adadelta: the leading order in the rate, with constants from a Markov chain."""

    largest_start = 0.2
    measured = {0.02: 0.015}  # noqa: RUF012
    _neglects_eps = False

    def _chain(self, noise: float) -> StepChain:
        optimizer = self.problem.optimizer
        return step_chain(float(optimizer.rho), float(optimizer.eps / noise**2))

    @property
    def on_the_way(self) -> tuple[float, float, float, float]:
        """Errors along paths; the start is that of the scale."""
        return (1 - self.problem.optimizer.rho) ** -2, 0.12, 0.02, 0.06

    @cached_property
    def unit(self) -> Value:
        """The noise over the root of epsilon: what a rate is counted in."""
        return self.problem.noise / np.sqrt(self.problem.optimizer.eps)

    @cached_property
    def response(self) -> Any:
        """B."""
        return self._of_noise(lambda chain: chain.response)

    def _of_noise(self, what: Callable[[StepChain], float]) -> Any:
        self._in_numbers()
        found = [what(self._chain(float(noise))) for noise in np.ravel(self.problem.noise)]
        return out(np.reshape(found, np.shape(self.problem.noise)))

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        self._in_numbers()
        at, chains = self.problem, self._of_noise(lambda chain: chain.square / chain.response)
        rates = self.relative_rate * self.response
        noises, rates = np.broadcast_arrays(at.noise, rates)
        slow = np.empty(rates.shape)
        for noise in np.unique(noises):
            slow[noises == noise] = _at_rates(self._chain(float(noise)).slow, rates[noises == noise])
        leading = at.eta * at.noise * np.sqrt(at.optimizer.eps) / (2 * (at.lam / at.n + at.curvature))
        return out(leading * chains * (1 + slow))

    @property
    def expression(self) -> Any:
        """The scale as a SymPy expression: the leading order, c and B left as symbols."""
        import sympy as sp

        from theory.symbols import eta, h, lam, n, sigma

        c, B, eps = sp.symbols("c B epsilon", positive=True)
        return sp.Pow(eta * sigma * sp.sqrt(eps) * c / (2 * B * (lam / n + h)), sp.Rational(1, 2), evaluate=False)

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run, from the means of both denominators."""
        pull, noise = self._pull(rates), float(self.problem.noise)
        eps, rho, chain = float(self.problem.optimizer.eps), float(self.problem.optimizer.rho), self._chain(noise)
        self._refuse_start(start, pull)
        e, steps = eps / noise**2, rates.steps
        share = chain.square / (1 + chain.square)  # of g^2 / (v + e), with which a recursion of means rests at c
        limits = chain.response * np.sqrt((1 + e) / (1 + chain.square)), share * (1 + e)
        both = []
        for early, limit in zip(averages_from_zero(rho, e), limits, strict=True):  # before v and D are correlated
            alone = np.concatenate([early[:steps], np.full(max(0, steps - len(early)), early[-1])])
            both.append(alone * (limit / early[-1]) ** (1 - rho ** np.arange(1.0, steps + 1)))
        return coupled_path(
            Denominator(STEPS, rho, eps=eps),
            Corrections(*both),
            lr=rates.lr,
            pull=pull,
            noise=noise,
            start=start,
        )


def _at_rates(slow: Callable[[float], float], rates: np.ndarray) -> np.ndarray:
    """Return a smooth function of the rate, interpolated where so many rates are asked for as along a schedule."""
    if rates.size <= MOST_RATES:
        return np.array([slow(float(x)) for x in rates])
    from scipy.interpolate import CubicSpline

    knots = np.linspace(0.0, np.sqrt(rates.max()), MOST_RATES)  # it begins in proportion to the rate
    return np.asarray(CubicSpline(knots, [slow(float(x) ** 2) for x in knots])(np.sqrt(rates)))
