"""The learning rate and the decay of every step of a run whose rates change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.settings import InvalidArgument, non_negative, schedules, whole_number

__all__ = ["Rates", "whole_blocks"]


@dataclass(frozen=True)
class Rates:
    """What a scheduler sets before every step.

    Attributes
    ----------
    eta, decay : ndarray, shape (steps,)
        PyTorch's learning rate and weight_decay.
    """

    eta: np.ndarray
    decay: np.ndarray

    @classmethod
    def scheduled(cls, peak: tuple[float, float], steps: int, schedule: Any, decay_schedule: Any) -> Rates:
        """Return the factors of two schedules (or names, arrays, None for 1) times the peak's (eta, decay)."""
        named = {"schedule": schedule, "decay_schedule": decay_schedule}
        factors = [schedules.named(given).factors(steps) for given in named.values()]
        for name, found in zip(named, factors, strict=True):
            non_negative(name, found)
            if np.shape(found) != (steps,):
                raise InvalidArgument(f"{name} must give one factor a step, got shape {np.shape(found)} for {steps}.")
        return cls(peak[0] * factors[0], peak[1] * factors[1])

    def __iter__(self) -> Iterator[tuple[float, float]]:
        """Go through the steps: (eta, decay)."""
        return zip(self.eta.tolist(), self.decay.tolist(), strict=True)


def whole_blocks(steps: Any, blocks: int) -> int:
    """Return `steps`, refused unless it is a multiple of `blocks`: a run cut short would not end as its schedule."""
    number = whole_number("steps", steps, least=blocks)
    if number % blocks:
        raise InvalidArgument(
            f"steps must be a multiple of {blocks} under a schedule, got {steps!r}. Write "
            f"{number - number % blocks} or {number - number % blocks + blocks}."
        )
    return number
