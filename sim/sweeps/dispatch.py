"""Points to workers and back: batches of some tenths of a second or more, and another try where it may help."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sim.sweeps.batch import End, Outcome

__all__ = ["Batch", "Crew", "Died", "Progress", "run_points"]

SECONDS = 0.3  # of a batch: long against handing it over, short against what a crash may cost
BATCHES = 200  # in flight for each second that one takes: of many workers' no scheduler and no disk takes all
LARGEST = 500  # points
BYTES = 8_000_000  # of results


@dataclass(frozen=True)
class Batch:
    """Points by their numbers in the sweep, and their settings."""

    numbers: tuple[int, ...]
    settings: list[dict[str, Any]]


@dataclass(frozen=True)
class Died:
    """What came in place of an outcome: the worker is gone, for a reason."""

    reason: str


class Crew(Protocol):
    """What runs batches: processes here, or a cluster."""

    size: int

    def submit(self, batch: Batch) -> None:
        """Let the batch run."""

    def next(self) -> tuple[Batch, Outcome | Died]:
        """Wait for one to end."""

    def close(self) -> None:
        """End the crew, at once."""


@dataclass(frozen=True)
class Progress:
    """How far a sweep is: points done before it began, done now, failed, in all; points a second; seconds left."""

    before: int
    done: int
    failed: int
    total: int
    rate: float
    left: float

    def __str__(self) -> str:
        minutes, seconds = divmod(round(self.left), 60)
        failed = f", {self.failed} failed" if self.failed else ""
        return (
            f"{self.before + self.done} of {self.total} points{failed}, {self.rate:.3g} a second, "
            f"{minutes}:{seconds:02d} left"
        )


class _Sizes:
    """How many points a batch may have, from what points have cost so far."""

    def __init__(self) -> None:
        self.points, self.seconds, self.bytes = 0, 0.0, 0

    def learn(self, outcome: Outcome) -> None:
        self.points += len(outcome.ends)
        self.seconds += sum(end.seconds for end in outcome.ends)
        self.bytes += sum(len(piece.netcdf) for piece in outcome.pieces)

    def next(self, waiting: int, workers: int) -> int:
        if not self.points:
            return 1
        by_time = max(SECONDS, workers / BATCHES) * self.points / max(self.seconds, 1e-6)
        by_size = BYTES * self.points / max(self.bytes, 1)
        fair = -(-waiting // workers)  # the last batches end together
        return max(1, min(int(by_time), int(by_size), fair, LARGEST))


def run_points(
    crew: Crew,
    settings: Sequence[dict[str, Any]],
    keep: Callable[[list[int], Outcome], None],
    retries: int,
) -> None:
    """Run all points.

    Parameters
    ----------
    crew : Crew
    settings : sequence of dict
        Of every point.
    keep : callable
        Called with the numbers of points that have ended for good, and how.
    retries : int
        How often a point is tried again whose worker died, or that ran out of memory or files.

    Notes
    -----
    Of a batch whose worker died nobody knows which point killed it: each of them is run alone then.
    """
    waiting, alone = deque(range(len(settings))), deque[int]()
    tries: Counter[int] = Counter()
    sizes, flying = _Sizes(), 0
    while waiting or alone or flying:
        while flying < crew.size and (waiting or alone):
            if alone:
                numbers = [alone.popleft()]
            else:
                numbers = [waiting.popleft() for _ in range(sizes.next(len(waiting), crew.size))]
            crew.submit(Batch(tuple(numbers), [settings[number] for number in numbers]))
            flying += 1
        batch, outcome = crew.next()
        flying -= 1
        if isinstance(outcome, Died):
            if len(batch.numbers) > 1:
                alone.extend(batch.numbers)
                continue
            outcome = Outcome([End("failed", outcome.reason, 0.0, again=True)], [])
        else:
            sizes.learn(outcome)
        ended = []
        for place, number in enumerate(batch.numbers):
            if outcome.ends[place].again and tries[number] < retries:
                tries[number] += 1
                alone.append(number)
            else:
                ended.append(place)
        keep([batch.numbers[place] for place in ended], Outcome([outcome.ends[p] for p in ended], outcome.pieces))


class Clock:
    """Says how far a sweep is."""

    def __init__(self, before: int, total: int) -> None:
        self._begun, self._before, self._total = time.perf_counter(), before, total
        self._done = self._failed = 0

    def count(self, ends: Sequence[End]) -> Progress:
        """Return how far it is once these points have ended too."""
        self._done += len(ends)
        self._failed += sum(end.status != "done" for end in ends)
        rate = self._done / max(time.perf_counter() - self._begun, 1e-9)
        left = (self._total - self._before - self._done) / rate if rate else 0.0
        return Progress(self._before, self._done, self._failed, self._total, rate, left)
