"""What an equilibrium is asked for: the numbers or symbols of one weight's problem, checked once."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from theory.errors import OutOfRange
from theory.settings import SGD, DecayRule, check_range, check_shapes, finite, numbers, positive
from theory.settings.types import Number, Value

__all__ = ["PLAIN", "Problem", "number", "out", "posed", "root"]

PLAIN = SGD()


@dataclass(frozen=True)
class Problem:
    """One weight under decay and gradient noise (made by `posed`).

    Attributes
    ----------
    n, lam, eta, noise, correlation, curvature : float, ndarray or Expr
        As in `theory.equilibrium`; all numbers or all SymPy expressions.
    optimizer : object
        Settings that `theory.law_of` knows.
    """

    n: Value
    lam: Value
    eta: Value
    noise: Value
    correlation: Value = 0.0
    curvature: Value = 0.0
    optimizer: Any = PLAIN

    @cached_property
    def symbolic(self) -> bool:
        """Whether it is posed in SymPy symbols."""
        return hasattr(self.n, "free_symbols")

    @cached_property
    def rate(self) -> Value:
        """x = eta (lam/n + curvature): the fraction of a weight that decay and curvature take away per step."""
        strength = self.lam / self.n
        if not (isinstance(self.curvature, float) and self.curvature == 0):
            strength = strength + self.curvature
        return self.eta * strength

    def at(self, **change: Value) -> Problem:
        """Return the problem with some numbers changed."""
        return replace(self, **change)

    def is_default(self, name: str) -> bool:
        """Whether `noise`, `correlation` or `curvature` is what it is when it is left out."""
        if name == "noise":
            return bool(self.noise**-2 == self.n) if self.symbolic else bool(np.all(self.noise == 1 / root(self.n)))
        return bool(np.all(getattr(self, name) == 0))

    def substituted(self, expression: Any) -> Any:
        """Return an expression of the theory with its symbols replaced by what the problem was posed in."""
        from theory.symbols import ARGUMENTS

        return expression.subs({symbol: getattr(self, name) for symbol, name in ARGUMENTS.items()}, simultaneous=True)


def posed(given: Mapping[str, Value | None], optimizer: Any) -> Problem:
    """Return the problem that these arguments of `theory.equilibrium` pose, the default noise filled in.

    Raises
    ------
    InvalidArgument
        A number out of range, NaN or infinite, or shapes that do not broadcast.
    """
    if any(hasattr(value, "free_symbols") for value in given.values()):
        import sympy as sp

        values = {name: sp.nsimplify(value) if value == 0 else sp.sympify(value) for name, value in given.items()}
        values["noise"] = 1 / sp.sqrt(values["n"]) if given["noise"] is None else values["noise"]
        return Problem(**values, optimizer=optimizer)
    values = {name: number(name, value) for name, value in given.items() if value is not None or name != "noise"}
    DecayRule(values["n"], values["lam"], values["eta"])
    if "noise" in values:
        positive("noise", values["noise"], "Give the gradient noise per weight, or leave it out for 1/sqrt(n).")
    hint = "Noise that never changes its sign is the limit `balance`."
    check_range("correlation", values["correlation"], -1, 1, hint=hint)
    finite("curvature", values["curvature"])
    check_shapes(values)
    values.setdefault("noise", 1 / root(values["n"]))
    problem = Problem(**values, optimizer=optimizer)
    _refuse_lost_digits(problem)
    return problem


def _refuse_lost_digits(problem: Problem) -> None:
    """Refuse numbers whose products, of which all laws are made, overflow or have lost digits to underflow."""
    strength, step = problem.lam / problem.n, problem.eta * problem.noise
    none = np.asarray(problem.lam) == 0
    for name, value, allowed in (
        ("lam/n", strength, none),
        ("eta lam/n", problem.eta * strength, none),
        ("(eta noise)^2", step * step, False),
    ):
        held = np.greater_equal(value, sys.float_info.min) & np.less_equal(value, sys.float_info.max)
        if not (held | allowed).all():
            raise OutOfRange(f"{name} is too large or small for a double. Take numbers nearer to 1, in other units.")


def number(name: str, value: Value) -> Number:
    """Return `value` as a float or an array of floats; refuse anything else."""
    if isinstance(value, float):
        return value
    array = numbers(name, value)
    return float(array) if array.ndim == 0 else array.astype(float)


def root(value: Number) -> Number:
    """Return the square root of a float or an array, as what it was."""
    return math.sqrt(value) if isinstance(value, float) else np.sqrt(value)


def out(value: Value) -> Number:
    """Return a float for scalars and an array otherwise."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value)
