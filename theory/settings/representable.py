"""Answers that a double can hold: over- and underflow end in one named error, never in a NaN without a word."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from theory.errors import OutOfRange

__all__ = ["computable", "finite_or_overflow", "positive_answer", "representable"]

P = ParamSpec("P")
R = TypeVar("R")

REMEDY = "Take numbers nearer to 1, in other units if need be."


def computable(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function or method end in `OutOfRange` where a number overflows on its way; a NaN may have a meaning."""

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                return function(*args, **kwargs)
        except (ArithmeticError, np.linalg.LinAlgError) as error:
            why = error.args[-1] if error.args else type(error).__name__
            raise OutOfRange(
                f"{function.__name__}: a number is too large or too small for a double ({why}). {REMEDY}"
            ) from error

    return checked


def representable(function: Callable[P, R]) -> Callable[P, R]:
    """As `computable`, for an answer that is finite.

    Examples
    --------
    >>> @representable
    ... def cube(x):
    ...     return x**3
    >>> cube(1e200)
    Traceback (most recent call last):
    theory.errors.OutOfRange: cube: a number is too large or too small for a double (Numerical result out of range).
    Take numbers nearer to 1, in other units if need be.
    """

    without_overflow = computable(function)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        answer = without_overflow(*args, **kwargs)
        if not np.isfinite(_numbers(answer)).all():
            raise OutOfRange(f"{function.__name__} is too large for a double, or cannot be computed in one. {REMEDY}")
        return answer

    return checked


def positive_answer(function: Callable[P, R]) -> Callable[P, R]:
    """As `representable`, for an answer that is above zero: one that underflowed is refused too."""
    finite = representable(function)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        answer = finite(*args, **kwargs)
        if np.min(_numbers(answer), initial=np.inf) < sys.float_info.min:
            raise OutOfRange(f"{function.__name__} is too small for a double, below {sys.float_info.min:.2g}. {REMEDY}")
        return answer

    return checked


def finite_or_overflow(value: float) -> float:
    """Return a number that a root finder asks for; OverflowError if it is not finite."""
    if not math.isfinite(value):
        raise OverflowError("not finite")
    return value


def _numbers(answer: Any) -> np.ndarray:
    """Return the floats of an answer in one row: of a number, an array, or the fields of a dataclass.

    Anything else, such as an expression, has none.
    """
    if is_dataclass(answer) and not isinstance(answer, type):
        return np.concatenate([np.empty(0), *(_numbers(getattr(answer, field.name)) for field in fields(answer))])
    numeric = isinstance(answer, (float, np.floating)) or (isinstance(answer, np.ndarray) and answer.dtype.kind == "f")
    return np.ravel(answer if numeric else []).astype(float)
