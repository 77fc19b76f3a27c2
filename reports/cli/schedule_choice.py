"""Which schedule a person means: from the words of the command line."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

from theory import InvalidArgument
from theory.settings.schedules import NAMED, Schedule, constant

__all__ = ["chosen_schedule", "is_held", "refuse_independent"]


def chosen_schedule(name: str, **options: Any) -> Schedule:
    """Return the schedule that the options mean; refuse options that it does not have.

    Parameters
    ----------
    name : str
        A name of `theory.schedules`.
    **options
        `warmup`, `cooldown`, `floor`, `fall`, `every`, `factor`; None where not given.

    Examples
    --------
    >>> chosen_schedule("cosine", warmup=2, every=None).factors(4).round(2).tolist()
    [0.5, 1.0, 1.0, 0.5]
    >>> chosen_schedule("cosine", every=2)
    Traceback (most recent call last):
    theory.errors.InvalidArgument: --every must be left out with --schedule cosine, got 2. It has --warmup, --floor.
    """
    if name not in NAMED:
        raise InvalidArgument(f"--schedule must be one of {', '.join(NAMED)}, got {name!r}.")
    known = signature(NAMED[name]).parameters
    given = {key: value for key, value in options.items() if value is not None}
    for key, value in given.items():
        if key not in known:
            has = ", ".join(f"--{own}" for own in known)
            raise InvalidArgument(f"--{key} must be left out with --schedule {name}, got {value!r}. It has {has}.")
    for key, parameter in known.items():
        if parameter.default is Parameter.empty and key not in given:
            raise InvalidArgument(f"--{key} must be given with --schedule {name}.")
    made: Schedule = NAMED[name](**given)
    return made


def is_held(schedule: Schedule) -> bool:
    """Return whether the learning rate never changes."""
    return schedule == constant()


def refuse_independent(independent: bool, schedule: Schedule) -> None:
    """Refuse --independent where there is no schedule that could multiply the decay."""
    if independent and is_held(schedule):
        raise InvalidArgument("--independent must be left out without a --schedule or --warmup: the rate is held.")
