"""What an equilibrium is asked for: the numbers or symbols of one weight's problem, checked once."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from theory.errors import InvalidArgument, OutOfRange
from theory.settings import (
    SGD,
    DecayRule,
    check_labels,
    check_range,
    check_shapes,
    finite,
    non_negative,
    numbers,
    positive,
    shown,
    whole_number,
)
from theory.settings.optimizers.named import named_optimizer
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
    shape : tuple of int or None
        Of the tensor that the weight belongs to, where the law depends on it.
    examples : bool
        Whether n counts training examples. False where a learning rate and a weight decay were given: n is 1 then, and
        lam the weight decay.
    noise_known : bool
        False where such a problem was posed without its noise: `noise` is then a number without meaning.
    """

    n: Value
    lam: Value
    eta: Value
    noise: Value
    correlation: Value = 0.0
    curvature: Value = 0.0
    optimizer: Any = PLAIN
    shape: tuple[int, ...] | None = None
    examples: bool = True
    noise_known: bool = True

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


def posed(given: Mapping[str, Value | None], optimizer: Any, shape: tuple[int, ...] | None = None) -> Problem:
    """Return the problem that these arguments of `theory.equilibrium` pose, the default noise filled in.

    Raises
    ------
    InvalidArgument
        A number out of range, NaN or infinite, shapes that do not broadcast, or both kinds of words at once.
    """
    given, examples = in_our_words(given)
    if isinstance(optimizer, str):
        optimizer = named_optimizer(optimizer)
    if shape is not None:
        if not isinstance(shape, (tuple, list)):
            raise InvalidArgument(f"shape must be a tuple of whole numbers, got {shown(shape)}.")
        shape = tuple(whole_number("shape", length) for length in shape)
    if any(hasattr(value, "free_symbols") for value in given.values()):
        import sympy as sp

        values = {name: sp.nsimplify(value) if value == 0 else sp.sympify(value) for name, value in given.items()}
        values["noise"] = 1 / sp.sqrt(values["n"]) if given["noise"] is None else values["noise"]
        return Problem(**values, optimizer=optimizer, shape=shape, examples=examples)
    check_labels(given)
    values = {name: number(name, value) for name, value in given.items() if value is not None or name != "noise"}
    DecayRule(values["n"], values["lam"], values["eta"])
    if "noise" in values:
        positive("noise", values["noise"], "Give the gradient noise per weight, or leave it out for 1/sqrt(n).")
    hint = "Noise that never changes its sign is the limit `balance`."
    check_range("correlation", values["correlation"], -1, 1, hint=hint)
    finite("curvature", values["curvature"])
    check_shapes(values)
    known = examples or "noise" in values
    values.setdefault("noise", 1 / root(values["n"]))
    problem = Problem(**values, optimizer=optimizer, shape=shape, examples=examples, noise_known=known)
    _refuse_lost_digits(problem)
    return problem


def in_our_words(given: Mapping[str, Value | None]) -> tuple[dict[str, Value | None], bool]:
    """Return n, lam, eta and the rest for either kind of words, and whether n counts examples.

    A learning rate and PyTorch's weight_decay pose the same problem as n = 1, lam = weight_decay, eta = lr.
    """
    book = {name: given.get(name) for name in ("n", "lam", "eta")}
    torch = {name: given.get(name) for name in ("lr", "weight_decay")}
    rest = {name: value for name, value in given.items() if name not in book and name not in torch}
    if all(value is None for value in torch.values()):
        missing = [name for name, value in book.items() if value is None]
        if missing:
            raise InvalidArgument(f"{missing[0]} must be given, got None. Give n, lam and eta, or lr and weight_decay.")
        return book | rest, True
    both = [name for name, value in book.items() if value is not None]
    if both:
        raise InvalidArgument(
            f"{both[0]} must be left out beside lr and weight_decay, got {book[both[0]]!r}. weight_decay is lam/n."
        )
    missing = [name for name, value in torch.items() if value is None]
    if missing:
        raise InvalidArgument(f"{missing[0]} must be given, got None. Give lr and weight_decay, or n, lam and eta.")
    positive("lr", number("lr", torch["lr"]), "Give the learning rate per step.")
    non_negative("weight_decay", number("weight_decay", torch["weight_decay"]), "Give PyTorch's weight_decay.")
    return {"n": 1.0, "lam": torch["weight_decay"], "eta": torch["lr"]} | rest, False


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
