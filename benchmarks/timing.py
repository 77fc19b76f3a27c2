"""Times that mean something on a busy machine: rivals in turn, the best of several rounds of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["Row", "best", "exponent"]


def best(works: Mapping[str, Callable[[], object]], rounds: int = 5) -> dict[str, float]:
    """Return the shortest time in seconds of each piece of work; each was done once before, unmeasured."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: min(values) for name, values in times.items()}


def exponent(sizes: list[float], seconds: list[float]) -> float:
    """Return p of the fit seconds ~ sizes^p."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


@dataclass(frozen=True)
class Row:
    """A piece of work, what it is measured against, and how many times as fast it should be at least."""

    work: str
    seconds: float
    against: str
    rival_seconds: float
    target: float | None

    def __str__(self) -> str:
        ratio = self.rival_seconds / self.seconds
        target = "" if self.target is None else f"{self.target:.3g}x{'' if ratio >= self.target else ' (missed)'}"
        times = f"{_readable(self.seconds)} | {self.against} | {_readable(self.rival_seconds)}"
        return f"| {self.work} | {times} | {ratio:.3g}x | {target} |"


def _readable(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"
