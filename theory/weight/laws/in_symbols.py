"""The laws of SGD in SymPy symbols: the derivations themselves, with the symbols of the problem put in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import sympy as sp

from theory.errors import InvalidArgument
from theory.symbols import V, a, d, h, n, r, sigma, t, w_start, z
from theory.weight.derivations.linear import LinearMoments
from theory.weight.derivations.plain import derive_plain
from theory.weight.inverse_sqrt_n import meeting
from theory.weight.law import Law
from theory.weight.problem import Problem

__all__ = ["LinearInSymbols", "PlainInSymbols", "in_theory_symbols", "scale_expression"]

Values = dict[sp.Symbol, Any]


def scale_expression(problem: Problem, variance: sp.Expr) -> sp.Expr:
    """Return the scale in the theory's symbols, those left out that have their default values in the problem."""
    expression = variance if not problem.is_default("correlation") else variance.subs(r, 0)
    if problem.is_default("curvature"):
        expression = expression.subs(h, 0)
    if problem.is_default("noise"):
        expression = expression.subs(sigma, 1 / sp.sqrt(n))
    return sp.Pow(expression, sp.Rational(1, 2), evaluate=False)  # one root, as people write it


def in_theory_symbols(moments: LinearMoments, rates: Values) -> sp.Expr:
    """Return E w^2 in n, lambda, eta, sigma, r, h and the optimizer's own symbols; `rates` are x and y in them."""
    return moments.variance.subs(rates | {d: 1 - r})


class _InSymbols(Law):
    """What laws in symbols share."""

    def refuse(self) -> None:
        """Refuse nothing: what symbols stand for is not known."""

    @property
    def settling_time(self) -> Any:
        """In numbers only."""
        raise NotImplementedError("settling_time is in numbers. Symbols: the transient of theory.derive().")

    @property
    def expression(self) -> Any:
        """The scale in the theory's symbols."""
        return scale_expression(self.problem, self.derived_variance)

    @property
    def derived_variance(self) -> Any:
        """E w^2 in the theory's symbols."""
        raise NotImplementedError(f"{type(self).__name__} must say what was derived.")

    def deviation_bound(self, start: float) -> Callable[[float], float]:
        """Refuse: a bound is a number."""
        raise InvalidArgument(f"tail_off needs numbers, got an equilibrium in symbols: {self.variance}.")


class PlainInSymbols(_InSymbols):
    """The law of SGD without momentum, in symbols."""

    meeting_in_closed_form = True

    @property
    def _derivation(self) -> Any:
        return derive_plain(not self.problem.is_default("correlation"))

    @property
    def derived_variance(self) -> Any:
        """E w^2 in the theory's symbols."""
        return self._derivation.result

    @cached_property
    def variance(self) -> Any:
        """E w^2 in the problem's symbols."""
        return self.problem.substituted(self.derived_variance)

    @property
    def balance(self) -> Any:
        """The scale at which decay balances a gradient `noise` of constant sign."""
        return self.problem.noise / (self.problem.lam / self.problem.n + self.problem.curvature)

    @property
    def shrink(self) -> Any:
        """a = 1 - x."""
        return 1 - self.problem.rate

    @property
    def relaxation_time(self) -> Any:
        """-1/ln of the larger of abs(a) and abs(r)."""
        return -1 / sp.log(sp.Max(sp.Abs(self.shrink), sp.Abs(self.problem.correlation)))

    def variance_after(self, steps: Any, start: Any) -> Any:
        """Return the derived transient."""
        formula = self._derivation["transient"].rhs.doit().subs({V: self.variance, t: steps, w_start: start})
        return self.problem.substituted(formula.subs(a, self.shrink))

    def shrink_over(self, steps: Any, *, limit: bool) -> Any:
        """Return a^steps, or exp(-x steps)."""
        return sp.exp(-self.problem.rate * steps) if limit else self.shrink**steps

    def meeting(self) -> tuple[Any, Any]:
        """Return the lam of white and of coherent noise for 1/sqrt(n)."""
        white, coherent = (self.problem.substituted(meeting(case)) for case in ("white", "coherent"))
        return white, coherent


class LinearInSymbols(_InSymbols):
    """The law of an optimizer that is a linear recursion, in symbols."""

    def __init__(self, problem: Problem, moments: LinearMoments, arguments: Values, rates: Values) -> None:
        super().__init__(problem)
        self.moments, self.arguments, self.rates = moments, arguments, rates

    @property
    def derived_variance(self) -> Any:
        """E w^2 in the theory's symbols."""
        return in_theory_symbols(self.moments, self.rates)

    def _put_in(self, expression: sp.Expr) -> sp.Expr:
        return expression.subs(self.arguments, simultaneous=True)

    @cached_property
    def variance(self) -> Any:
        """E w^2 in the problem's symbols."""
        return self._put_in(self.moments.variance)

    @property
    def balance(self) -> Any:
        """The scale at which decay balances a gradient `noise` of constant sign."""
        return self._put_in(self.moments.balance)

    @cached_property
    def shrink(self) -> Any:
        """The largest modulus of an eigenvalue."""
        polynomial = sp.Poly(self.moments.driven.characteristic(), z).subs(self.arguments)
        return sp.Max(*(sp.Abs(root) for root in sp.roots(polynomial, z, multiple=True)))

    @property
    def relaxation_time(self) -> Any:
        """-1/ln of it."""
        return -1 / sp.log(self.shrink)

    def variance_after(self, steps: Any, start: Any) -> Any:
        """Refuse: there is no closed form of the powers of M."""
        del steps, start
        raise InvalidArgument(
            f"rms needs numbers with momentum, got symbols; see theory.derive({self.problem.optimizer})."
        )

    def shrink_over(self, steps: Any, *, limit: bool) -> Any:
        """Return shrink^steps."""
        del limit  # refused before
        return self.shrink**steps
