r"""SGD: without momentum the closed form of the derivation, with momentum the law of its linear recursion.

.. math:: E w^2 = \frac{\eta^2 \sigma^2 (1 + a r)}{(1 - a^2)(1 - a r)}

Derivation, assumptions, range and references are those of `theory.weight.derivations.plain`, and with momentum those of
`theory.weight.derivations.linear`. Exact in discrete time: no error order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from theory.settings import SGD
from theory.settings.types import Value
from theory.weight.inverse_sqrt_n import meeting_law
from theory.weight.law import Law, law_of
from theory.weight.laws.one_factor import OneFactorLaw
from theory.weight.minimising import minimising
from theory.weight.problem import Problem, out
from theory.weight.rates import Rates
from theory.weight.stability import refuse_plain
from theory.weight.transient import variance_after

__all__ = ["PlainLaw", "plain_law"]


@law_of.register
def _(optimizer: SGD) -> Callable[[Problem], Law]:
    if optimizer.momentum:
        from theory.weight.laws.linear import momentum_optimizer

        make: Callable[[Problem], Law] = momentum_optimizer(optimizer)
    else:
        make = plain_law
    return make if not optimizer.maximize else lambda problem: make(minimising(problem))


def plain_law(problem: Problem) -> Law:
    """Return the law of SGD without momentum, in numbers or symbols as the problem is."""
    if problem.symbolic:
        from theory.weight.laws.in_symbols import PlainInSymbols

        return PlainInSymbols(problem)
    return PlainLaw(problem)


@lru_cache
def _stable_form(correlated: bool, backend: str) -> Callable[..., Value]:
    """Compile the derivation's stable form as a function of x, d = 1 - r, eta, sigma."""
    import sympy as sp

    from theory.symbols import d, eta, sigma, x
    from theory.weight.derivations.plain import derive_plain

    return sp.lambdify([x, d, eta, sigma], derive_plain(correlated)["stable form"].rhs, backend)


class PlainLaw(OneFactorLaw):
    """The law of SGD without momentum, in numbers."""

    meeting_in_closed_form = True

    def refuse(self) -> None:
        """Raise NoEquilibrium, saying what to change, unless 0 < x < 2."""
        refuse_plain(self.problem)

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        at = self.problem
        arguments = at.rate, 1 - at.correlation, at.eta, at.noise
        backend = "math" if all(isinstance(v, float) for v in arguments) else "numpy"
        return _stable_form(bool(np.any(at.correlation != 0)), backend)(*arguments)

    @cached_property
    def balance(self) -> Value:
        """The scale at which decay balances a gradient `noise` of constant sign: the limit correlation to 1."""
        at = self.problem
        return at.noise / (at.lam / at.n + at.curvature)

    @property
    def expression(self) -> Any:
        """The scale as a SymPy expression in n, lambda, eta (and sigma, r, h where they are not the defaults)."""
        from theory.weight.derivations.plain import derive_plain
        from theory.weight.laws.in_symbols import scale_expression

        return scale_expression(self.problem, derive_plain(not self.problem.is_default("correlation")).result)

    @property
    def turned(self) -> Value:
        """One minus the cosine of one step's angle: that of the recursion of one weight."""
        from theory.weight.laws.linear import LinearLaw, plain_optimizer

        return LinearLaw(self.problem, plain_optimizer()).turned

    def variance_after(self, steps: Value, start: Value) -> Value:
        """Return E w^2 after `steps` from weights at `start`; the noise has been running for ever."""
        at = self.problem
        return variance_after(
            steps, start, x=at.rate, d=1 - at.correlation, eta=at.eta, sigma=at.noise, V=self.variance
        )

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run, from the recursion of its moments."""
        from theory.weight.laws.linear import plain_optimizer

        return plain_optimizer().path(self.problem, rates, start)

    def deviation_bound(self, start: float) -> Callable[[float], float]:
        """Return a bound on later deviations: abs(a)^t (a^t - r^t)/(a - r) is at most t slowest^(t - 1) abs(a)^t."""
        at, a = self.problem, abs(self.shrink)
        slowest = np.exp(-1 / self.relaxation_time) if self.relaxation_time else 0.0
        memory = 2 * (at.eta * at.noise) ** 2 * abs(at.correlation) / (1 - self.shrink * at.correlation)
        away = abs(start**2 - self.variance)
        return lambda t: float(away * slowest ** (2 * t) + memory * t * slowest ** (t - 1) * a**t)

    def meeting(self) -> tuple[Value, Value]:
        """Return the lam of white and of coherent noise for 1/sqrt(n), in closed form."""
        inputs = (self.problem.n, self.problem.eta, self.problem.noise, self.problem.curvature)
        white, coherent = (out(meeting_law(case)(*inputs)) for case in ("white", "coherent"))
        return white, coherent
