"""Checks of arguments: one clear message with the name, the value and the rule."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from theory.errors import InvalidArgument
from theory.settings.types import Value

__all__ = [
    "check_batch",
    "check_flag",
    "check_fraction",
    "check_labels",
    "check_range",
    "check_shapes",
    "finite",
    "non_negative",
    "numbers",
    "one_number",
    "positive",
    "run_length",
    "shown",
    "whole_number",
]

LARGEST = sys.float_info.max
MOST_STEPS = 10_000_000  # of a run, each of which is kept, in up to 450 bytes


def check_range(
    name: str,
    value: Value,
    low: float,
    high: float,
    *,
    ends: tuple[bool, bool] = (False, False),
    must: str = "",
    hint: str = "",
) -> None:
    """Refuse `value` unless all of it lies between `low` and `high`; NaN never does.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : float or ndarray
        What the caller gave.
    low, high : float
        The range.
    ends : (bool, bool)
        Whether each end is allowed itself.
    must : str, optional
        The rule in words, completing "eta must be ...". Made from the range if not given.
    hint : str
        What to do about it.

    Raises
    ------
    InvalidArgument
        Names the argument, the value (of an array: the first offending index and how many offend), and the rule.
    """
    above = operator.ge if ends[0] else operator.gt
    below = operator.le if ends[1] else operator.lt
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if above(value, low) and below(value, high) and abs(value) <= LARGEST:
            return
        got = f"got {shown(value)}"
    else:
        array = numbers(name, value)
        if array.size == 0 or (above(array.min(), low) and below(array.max(), high)):  # NaN is the min of its array
            return
        bad = ~(above(array, low) & below(array, high))
        if array.ndim == 0:
            got = f"got {array.item()!r}"
        else:
            index = tuple(int(i) for i in np.argwhere(bad)[0])
            where = index[0] if array.ndim == 1 else index
            got = f"got {array[index].item()!r} at index {where} ({int(bad.sum())} of {array.size} values are wrong)"
    must = must or f"between {low:g} and {high:g}, {'both included' if all(ends) else 'both excluded'}"
    raise InvalidArgument(f"{name} must be {must}, {got}." + (f" {hint}" if hint else ""))


def positive(name: str, value: Value, hint: str = "") -> None:
    """Refuse `value` unless it is finite and above zero everywhere (see `check_range`)."""
    check_range(name, value, 0, math.inf, must="positive and finite", hint=hint)


def non_negative(name: str, value: Value, hint: str = "") -> None:
    """Refuse `value` unless it is finite and at least zero everywhere (see `check_range`)."""
    check_range(name, value, 0, math.inf, ends=(True, False), must="zero or positive, and finite", hint=hint)


def finite(name: str, value: Value, hint: str = "") -> None:
    """Refuse `value` unless it is finite everywhere (see `check_range`)."""
    check_range(name, value, -math.inf, math.inf, must="finite", hint=hint)


def check_fraction(name: str, value: Value) -> None:
    """Refuse `value` unless it is one number in [0, 1): how much of a memory one step keeps."""
    if not isinstance(value, (int, float, np.floating)) or isinstance(value, bool):
        raise InvalidArgument(f"{name} must be a number in [0, 1), got {shown(value)}.")
    hint = "Zero means no memory."
    check_range(name, value, 0, 1, ends=(True, False), must="at least 0 and below 1", hint=hint)


def check_flag(name: str, value: Any) -> None:
    """Refuse `value` unless it is True or False."""
    if not isinstance(value, bool):
        raise InvalidArgument(f"{name} must be True or False, got {shown(value)}.")


def whole_number(name: str, value: Any, least: int = 1) -> int:
    """Return `value` as an int, refusing anything that is not a whole number of at least `least`."""
    try:
        number = operator.index(value) if not isinstance(value, bool) else None
    except TypeError:
        number = int(value) if isinstance(value, float) and math.isfinite(value) and value == int(value) else None
    if number is None or not least <= number <= LARGEST:
        raise InvalidArgument(f"{name} must be a whole number of at least {least}, got {shown(value)}.")
    return number


def run_length(steps: Any) -> int:
    """Return the length of a run whose every step is kept; refuse what is no whole number from 1 to 10,000,000."""
    number = whole_number("steps", steps)
    if number > MOST_STEPS:
        raise InvalidArgument(
            f"steps must be at most {MOST_STEPS:,}, got {shown(steps)}: every step is kept, in up to 450 bytes. "
            "Where the rate is held, theory.equilibrium(...).rms(steps, start) knows the rms after any number of steps."
        )
    return number


def one_number(name: str, value: Value) -> float:
    """Return `value` as a float; refuse what is not one real number, such as an array, None or a string."""
    if not isinstance(value, float):
        array = numbers(name, value)
        if array.ndim:
            raise InvalidArgument(f"{name} must be one number, got {shown(value)}. Call once for each.")
        value = float(array)
    return value


def numbers(name: str, value: Value) -> np.ndarray:
    """Return `value` as an array of real numbers; refuse anything else, and what is masked."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # rows of several lengths, a tensor with a gradient
        raise InvalidArgument(f"{name} must be a real number or an array of them, got {shown(value)}.") from error
    if array.dtype.kind not in "iuf":
        raise InvalidArgument(f"{name} must be a real number or an array of them, got {shown(value)}.")
    if np.ma.is_masked(value):
        raise InvalidArgument(f"{name} must not be masked, got {shown(value)}. Leave the masked entries out.")
    return array


def shown(value: Any) -> str:
    """Return how a message shows a value, in a line at most."""
    if isinstance(value, int) and abs(value) > LARGEST:
        return f"a whole number of about {int(value.bit_length() * math.log10(2)) + 1} digits"
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def check_batch(batch_size: Value, n: Value, name: str = "batch_size") -> None:
    """Refuse a batch of more examples than there are: an epoch would have less than one step."""
    if np.any(np.asarray(batch_size) > np.asarray(n)):
        raise InvalidArgument(
            f"{name} must not exceed the n training examples, got {shown(batch_size)} for n = {shown(n)}. "
            "Swap them if they are in each other's place."
        )


def check_labels(values: Mapping[str, Any]) -> None:
    """Refuse labelled arrays (pandas', xarray's) among named values whose labels differ: arrays pair by position."""
    labelled = {name: labels for name, value in values.items() if (labels := _labels(value))}
    first, *others = labelled or [""]
    for other in others:
        for (dim, one), (name, two) in zip(labelled[first], labelled[other], strict=False):
            if dim != name and dim and name:
                differ = f"the dimensions {dim} and {name}"
            elif one is None or two is None or one.equals(two):
                continue
            else:
                differ = f"{one[:3].tolist()}, ... and {two[:3].tolist()}, ..."
            raise InvalidArgument(
                f"{first} and {other} must have the same labels, got {differ}: they would be paired by position. Align "
                "them first, or give plain arrays (.to_numpy())."
            )


def _labels(value: Any) -> list[tuple[str, Any]]:
    """Return name and index of each axis, the last first: of xarray's arrays, or of pandas', whose axis has no name."""
    if hasattr(value, "indexes") and hasattr(value, "dims"):
        return [(str(dim), value.indexes.get(dim)) for dim in reversed(value.dims)]
    index = getattr(value, "index", None)
    return [("", index)] if hasattr(index, "equals") else []


def check_shapes(values: Mapping[str, Value]) -> None:
    """Raise InvalidArgument unless the arrays among named values broadcast against each other."""
    shapes = {name: np.shape(value) for name, value in values.items()}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError as error:
        got = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
        raise InvalidArgument(f"the arguments' shapes must broadcast, got {got}.") from error
