"""Rows on their way to the file: gathered for a second, then appended as one block; and when a row is due."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.machinery.paths import as_path
from sim.machinery.saving import refuse_unwritable
from sim.recording.columns import COLUMNS
from sim.recording.rates import Rates
from sim.recording.writing import TraceFile
from theory.settings import check_flag

__all__ = ["Log", "Row", "row_due"]

FLUSH_SECONDS = 1.0  # a process that dies loses the rows of this time at most
SYNC_SECONDS = 30.0  # a machine that dies, of this
RESOLUTION = 0.01  # of the run so far: what a row covers


def row_due(step: int, last: int | None, first: int) -> bool:
    """Say whether a row is due at a reading: it covers a hundredth of the run so far, or one reading.

    A run of any length then has some hundreds of rows a layer, as dense in the logarithm of the time as forecasts need.

    Examples
    --------
    >>> row_due(0, None, 0), row_due(10, 0, 0), row_due(50_000, 49_990, 0)
    (True, True, False)
    """
    return last is None or step - last >= RESOLUTION * (step - first)


@dataclass(frozen=True)
class Row:
    """A row of the file: a layer at a step, and the `MEANS` since its last row, NaN if count is 0."""

    step: int
    layer: str
    segment: int
    norm_sq: float
    rates: Rates
    decay_clock: float
    count: int
    means: Sequence[float]

    @property
    def cells(self) -> tuple[Any, ...]:
        """Its cells in the order of `COLUMNS`."""
        own = self.rates
        return (
            self.step, self.layer, self.segment, self.norm_sq, own.lr, own.effective_lr, own.momentum, own.weight_decay,
            self.decay_clock, self.count, *self.means,
        )  # fmt: skip


class Log:
    """The open file of a run.

    Parameters
    ----------
    path : path
    header : dict
        Of a new file; of one that is gone on with, it is kept with the settings of the segment that begins.
    resume : bool
    """

    def __init__(self, path: Any, header: Mapping[str, Any], resume: bool) -> None:
        check_flag("resume", resume)
        place = refuse_unwritable(as_path("path", path))
        self._file = TraceFile.resume(place, header) if resume else TraceFile.create(place, header)
        self.path, self.segment = place, self._file.segments
        self._run = dict(header) if self.segment else None
        self._settings: dict[int, Any] = {}
        self._notes: list[str] = []
        self._rows: list[tuple[Any, ...]] = []
        self._flushed = self._synced = time.monotonic()

    def begin_segment(self, settings: Mapping[str, Any]) -> int:
        """Return the number of the segment that begins now, with its settings."""
        self.segment += 1
        self._settings[self.segment] = {**settings, **({"run": self._run} if self._run else {})}
        self._run = None
        return self.segment

    def note(self, sentence: str) -> None:
        """Tell readers what they must know."""
        self._notes.append(sentence)

    def add(self, row: Row) -> None:
        """Take a row."""
        self._rows.append(row.cells)

    def flush(self, *, now: bool = False) -> None:
        """Append what is gathered, once a second; `now` at once."""
        clock = time.monotonic()
        if not self._rows or not (now or clock - self._flushed >= FLUSH_SECONDS):
            return
        columns = dict(zip(COLUMNS, map(list, zip(*self._rows, strict=True)), strict=True))
        self._file.append(columns, {"segments": self._settings, "notes": self._notes})
        self._rows, self._settings, self._notes, self._flushed = [], {}, [], clock
        if clock - self._synced >= SYNC_SECONDS:
            self._file.sync()
            self._synced = clock

    def close(self) -> None:
        """Write the rest and end."""
        try:
            self.flush(now=True)
        finally:
            self._file.close()
