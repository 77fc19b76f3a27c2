"""Learning-rate schedules: a warm-up, a plateau and a fall, as factors of the peak rate at every step.

>>> from theory.settings.schedules import cosine
>>> cosine(warmup=2).factors(6).round(3).tolist()
[0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from theory.errors import InvalidArgument
from theory.settings.checks import check_range, non_negative, run_length, shown, whole_number

__all__ = [
    "FALLS",
    "Given",
    "Schedule",
    "Steps",
    "WarmupFall",
    "constant",
    "cosine",
    "given",
    "linear",
    "named",
    "one_minus_sqrt",
    "step",
    "trapezoid",
]

FALLS: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # factor of the peak over the remaining fraction of the fall
    "constant": np.ones_like,
    "linear": lambda y: y,
    "cosine": lambda y: np.sin(np.pi * y / 2) ** 2,
    "1-sqrt": lambda y: 1 - np.sqrt(1 - y),
}


class Schedule(Protocol):
    """What gives the factor of the peak rate at every step of a run."""

    def factors(self, steps: int) -> np.ndarray:
        """Return the factors of `steps` steps, shape (steps,)."""


@dataclass(frozen=True, slots=True)
class WarmupFall:
    """A linear warm-up to the peak, a plateau, and a fall to a floor at the end of the run.

    Parameters
    ----------
    fall : {"constant", "linear", "cosine", "1-sqrt"}
        Shape of the fall.
    warmup : int
        Steps of the warm-up: step j of it, counted from one, has the factor j / warmup.
    cooldown : int or None
        Steps of the fall. None: all that the warm-up leaves.
    floor : float
        Factor at the end of the fall, in [0, 1].

    Raises
    ------
    InvalidArgument
        If a number is out of range; from `factors`, if the run is shorter than its parts.
    """

    fall: str
    warmup: int = 0
    cooldown: int | None = None
    floor: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.fall, str) or self.fall not in FALLS:
            raise InvalidArgument(f"fall must be one of {', '.join(FALLS)}, got {shown(self.fall)}.")
        whole_number("warmup", self.warmup, least=0)
        if self.cooldown is not None:
            whole_number("cooldown", self.cooldown)
        check_range("floor", self.floor, 0, 1, ends=(True, True))

    def factors(self, steps: int) -> np.ndarray:
        """Return the factors; as `torch.optim.lr_scheduler` has them, the step after the last would reach the floor."""
        steps = run_length(steps)
        cooldown = steps - self.warmup if self.cooldown is None else self.cooldown
        if self.warmup + cooldown > steps or self.warmup >= steps:
            raise InvalidArgument(
                f"steps must cover the warm-up of {self.warmup} and the cooldown"
                f"{'' if self.cooldown is None else f' of {self.cooldown}'}, got {steps}. Shorten them or run longer."
            )
        t = np.arange(steps)
        remaining = np.clip((steps - t) / cooldown, 0, 1)
        fall = self.floor + (1 - self.floor) * FALLS[self.fall](remaining)
        return np.where(t < self.warmup, (t + 1) / max(self.warmup, 1), fall)


@dataclass(frozen=True, slots=True)
class Steps:
    """A rate that is multiplied by `factor` every `every` steps, as `torch.optim.lr_scheduler.StepLR`."""

    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        whole_number("every", self.every)
        check_range("factor", self.factor, 0, np.inf, ends=(True, False), must="zero or positive, and finite")

    def factors(self, steps: int) -> np.ndarray:
        """Return the factors; InvalidArgument if they overflow."""
        falls = np.arange(run_length(steps)) // self.every
        with np.errstate(over="ignore"):
            factors = np.asarray(float(self.factor) ** falls)
        if not np.isfinite(factors[-1]):
            raise InvalidArgument(
                f"factor must keep the rate finite, got {self.factor!r}, {falls[-1]} times in {steps} steps. Take one "
                "below 1: the rate then falls."
            )
        return factors


@dataclass(frozen=True, slots=True)
class Given:
    """A schedule of your own: one factor a step."""

    values: tuple[float, ...]

    def factors(self, steps: int) -> np.ndarray:
        """Return them; InvalidArgument if the run has another number of steps."""
        if len(self.values) != steps:
            raise InvalidArgument(
                f"schedule must have one factor a step, got {len(self.values)} for {steps} steps. Give {steps}, or "
                f"steps = {len(self.values)}."
            )
        return np.array(self.values)


def constant(*, warmup: int = 0) -> WarmupFall:
    """Return the peak rate throughout, after an optional warm-up."""
    return WarmupFall("constant", warmup)


def linear(*, warmup: int = 0, floor: float = 0.0) -> WarmupFall:
    """Return a linear fall to `floor`."""
    return WarmupFall("linear", warmup, None, floor)


def cosine(*, warmup: int = 0, floor: float = 0.0) -> WarmupFall:
    """Return half a cosine from the peak to `floor`."""
    return WarmupFall("cosine", warmup, None, floor)


def one_minus_sqrt(*, warmup: int = 0, cooldown: int | None = None, floor: float = 0.0) -> WarmupFall:
    """Return a fall as one minus the root of the progress."""
    return WarmupFall("1-sqrt", warmup, cooldown, floor)


def trapezoid(*, warmup: int = 0, cooldown: int, fall: str = "linear", floor: float = 0.0) -> WarmupFall:
    """Return warm-up, plateau and a fall over the last `cooldown` steps (WSD: warm-up, stable, decay)."""
    return WarmupFall(fall, warmup, cooldown, floor)


def step(every: int, factor: float = 0.1) -> Steps:
    """Return a rate that falls by `factor` every `every` steps."""
    return Steps(every, factor)


def given(values: Sequence[float] | np.ndarray) -> Given:
    """Return a schedule from its factors, one a step."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(
            f"schedule must be a name, one of theory.schedules called, or one factor a step, got {shown(values)}. "
            "Write theory.schedules.cosine(), with its brackets."
        ) from error
    if array.ndim != 1 or array.size == 0:
        raise InvalidArgument(f"schedule must be a list of factors, one a step, got shape {array.shape}.")
    non_negative("schedule", array)
    return Given(tuple(array.tolist()))


NAMED: dict[str, Callable[..., Any]] = {
    "constant": constant, "linear": linear, "cosine": cosine, "1-sqrt": one_minus_sqrt, "trapezoid": trapezoid,
    "wsd": trapezoid, "step": step,
}  # fmt: skip


def named(schedule: Any) -> Schedule:
    """Return the schedule that a name, an array or a schedule means; None is constant.

    Raises
    ------
    InvalidArgument
        For an unknown name (the message lists them) or what is none of these.
    """
    if schedule is None:
        return constant()
    if isinstance(schedule, str):
        if schedule not in NAMED:
            raise InvalidArgument(f"schedule must be one of {', '.join(NAMED)}, got {shown(schedule)}.")
        try:
            return NAMED[schedule]()
        except TypeError as error:
            raise InvalidArgument(
                f"schedule {shown(schedule)} needs settings: theory.schedules.{schedule}(...)."
            ) from error
    if hasattr(schedule, "factors"):
        return schedule
    return given(schedule)
