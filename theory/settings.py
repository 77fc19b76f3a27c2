"""The words both sides share: the numbers of the weight-decay rule and of the optimizers, and the checks on them.

The optimizers follow PyTorch's conventions: the momentum buffer sums gradients without dampening (v' = mu v + g),
Nesterov's step is g + mu v', coupled decay adds (lam/n) w to the gradient, decoupled decay multiplies the weight by
1 - eta lam/n before the step, and Adam corrects the bias of both moments.

No mathematics lives here. ``theory`` predicts from these settings and ``sim`` runs with them; this module is the only
one of ``theory`` that ``sim`` may import, so that no formula can leak into a measurement.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.errors import InvalidArgument, TailoffError

__all__ = [
    "SGD",
    "Adam",
    "DecayRule",
    "InvalidArgument",
    "Lion",
    "Optimizer",
    "TailoffError",
    "check_fraction",
    "check_range",
    "finite",
    "non_negative",
    "positive",
    "whole_number",
]

Value = Any  # a float, an array of floats, or (in theory) a SymPy expression


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
    if isinstance(value, (int, float)):
        if above(value, low) and below(value, high):
            return
        got = f"got {value!r}"
    else:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise InvalidArgument(f"{name} must be a real number or an array of them, got {value!r}.")
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
        raise InvalidArgument(f"{name} must be a number in [0, 1), got {value!r}.")
    check_range(
        name, float(value), 0, 1, ends=(True, False), must="at least 0 and below 1", hint="Zero means no memory."
    )


def whole_number(name: str, value: Any, least: int = 1) -> int:
    """Return `value` as an int, refusing anything that is not a whole number of at least `least`."""
    try:
        number = operator.index(value) if not isinstance(value, bool) else None
    except TypeError:
        number = int(value) if isinstance(value, float) and math.isfinite(value) and value == int(value) else None
    if number is None or number < least:
        raise InvalidArgument(f"{name} must be a whole number of at least {least}, got {value!r}.")
    return number


@dataclass(frozen=True, slots=True)
class DecayRule:
    """The three numbers of w <- (1 - eta lam / n) w - eta g, checked when made.

    Parameters
    ----------
    n : float or ndarray
        Number of training examples in the decay term. Positive.
    lam : float or ndarray
        Regularisation parameter of the cost (lam / 2n) sum w^2. Zero or positive.
    eta : float or ndarray
        Learning rate per step. Positive.

    Raises
    ------
    InvalidArgument
        If a number is out of range, NaN or infinite.
    """

    n: Value
    lam: Value
    eta: Value

    def __post_init__(self) -> None:
        positive("n", self.n, "Give the number of training examples.")
        non_negative("lam", self.lam, "Give the regularisation parameter of the cost (lam / 2n) sum w^2.")
        positive("eta", self.eta, "Give the learning rate per step.")


@dataclass(frozen=True, slots=True)
class SGD:
    """Stochastic gradient descent as `torch.optim.SGD` does it, with or without momentum.

    Parameters
    ----------
    momentum : float
        mu of the buffer v' = mu v + g, in [0, 1).
    nesterov : bool
        Step along g + mu v' and not along v'. Needs momentum.
    decoupled : bool
        False: the decay is part of the gradient and goes through the buffer (PyTorch). True: it multiplies the weight
        by 1 - eta lam/n and leaves the buffer alone (SGDW). Without momentum the two are the same.

    Raises
    ------
    InvalidArgument
        If the momentum is outside [0, 1), or nesterov is asked for without momentum.
    """

    momentum: float = 0.0
    nesterov: bool = False
    decoupled: bool = False

    def __post_init__(self) -> None:
        check_fraction("momentum", self.momentum)
        if self.nesterov and self.momentum == 0:
            raise InvalidArgument("nesterov must be False without momentum, got True. Give a momentum above 0.")


@dataclass(frozen=True, slots=True)
class Adam:
    """Adam as `torch.optim` does it: AdamW (the default) or Adam with the decay in the gradient.

    Parameters
    ----------
    beta1, beta2 : float
        Memory of the first and the second moment per step, in [0, 1).
    decoupled : bool
        True: `torch.optim.AdamW`. False: `torch.optim.Adam` with weight_decay, which the second moment divides.

    Raises
    ------
    InvalidArgument
        If a beta is outside [0, 1).
    """

    beta1: float = 0.9
    beta2: float = 0.999
    decoupled: bool = True

    def __post_init__(self) -> None:
        check_fraction("beta1", self.beta1)
        check_fraction("beta2", self.beta2)


@dataclass(frozen=True, slots=True)
class Lion:
    """Lion (Chen et al. 2023): the sign of an interpolated gradient, with decoupled decay.

    Parameters
    ----------
    beta1 : float
        Weight of the memory in the step's direction sign(beta1 m + (1 - beta1) g), in [0, 1).
    beta2 : float
        Memory of m per step, in [0, 1).

    Raises
    ------
    InvalidArgument
        If a beta is outside [0, 1).
    """

    beta1: float = 0.9
    beta2: float = 0.99

    def __post_init__(self) -> None:
        check_fraction("beta1", self.beta1)
        check_fraction("beta2", self.beta2)


Optimizer = SGD | Adam | Lion
