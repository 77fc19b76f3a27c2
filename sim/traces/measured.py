"""Rows of layers from tables of any size: time, value and the quantities beside it; where they are many, merged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from sim.errors import DataError
from sim.traces.cells import numbers
from sim.traces.extras import extra_columns
from sim.traces.layers import Layer
from sim.traces.table import Table
from sim.traces.vocabulary import words

__all__ = ["Rows", "rows_of"]

MOST_ROWS = 2_000_000  # of all layers together
LAST = ("lr", "effective_lr", "momentum", "weight_decay", "decay_clock")  # what of two rows is the later one's


@dataclass
class Rows:
    """The rows of each layer, in the file's order.

    Attributes
    ----------
    extras : tuple of str
        Of `EXTRAS`: those that the table has.
    of_layer : dict of list of ndarray, shape (rows, 3 + extras)
        Time, value, how many rows of the table it stands for, and the extras.
    """

    extras: tuple[str, ...]
    of_layer: dict[str, list[np.ndarray]] = field(default_factory=dict)
    total: int = 0
    merged: bool = False

    def add(self, layer: str, rows: np.ndarray) -> None:
        """Take rows of a layer; where there are too many, two neighbours become one, of twice the length."""
        self.of_layer.setdefault(layer, []).append(rows)
        self.total += len(rows)
        before = math.inf
        while MOST_ROWS < self.total < before:  # restarts at every row cannot be merged
            self.of_layer = {name: [self._in_pairs(np.concatenate(own))] for name, own in self.of_layer.items()}
            before, self.total = self.total, sum(len(own[0]) for own in self.of_layer.values())
            self.merged = True

    def _in_pairs(self, rows: np.ndarray) -> np.ndarray:
        """Merge rows 0 and 1, 2 and 3, ...: means are averaged, all else is the later row's."""
        odd = rows[len(rows) // 2 * 2 :]
        first, second = rows[0 : len(rows) - 1 : 2], rows[1::2]
        both, merged = np.stack([first, second]), second.copy()
        weight = both[..., 2]
        merged[:, 2] = weight.sum(0)
        for place, name in enumerate(self.extras, 3):
            if name not in LAST:
                known = np.isfinite(both[..., place]) * weight
                with np.errstate(invalid="ignore"):
                    mean = (np.nan_to_num(both[..., place]) * known).sum(0) / known.sum(0)
                merged[:, place] = mean * 2 if name == "count" else mean
        kept = np.where((second[:, 0] < first[:, 0])[:, None], np.nan, merged)
        back = np.flatnonzero(second[:, 0] < first[:, 0])  # a restart between the two: both stay
        kept[back] = second[back]
        return np.concatenate([np.insert(kept, back, first[back], axis=0), odd])


def rows_of(
    table: Table, time: np.ndarray, layers: list[Layer], extras: tuple[str, ...]
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the rows of each layer of a table, those that have a time and a value.

    Raises
    ------
    DataError
        If a cell is no number, or a norm or a square is negative, with its place.
    """
    found = extra_columns(table.names)
    columns: dict[str, np.ndarray] = {}

    def column(name: str) -> np.ndarray:
        if name not in columns:
            columns[name] = numbers(table, name)
        return columns[name]

    for layer, pair, rows in layers:
        value = column(pair.value.name)[rows]
        there = np.isfinite(time[rows]) & np.isfinite(value)
        low = rows[there & (value < 0)]
        if len(low):
            raise DataError(
                f"{table.path}, {table.where(int(table.frame.index[low[0]]))}: {pair.value.name!r} is "
                f"{column(pair.value.name)[low[0]]:g}, and a {pair.value.quantity} of weights is not negative. Mend "
                "the row, or choose another column."
            )
        cells = np.full((int(there.sum()), 3 + len(extras)), np.nan)
        cells[:, 0], cells[:, 1], cells[:, 2] = time[rows][there], value[there], 1
        for at, name in enumerate(extras, 3):
            own = _of(found.get(name, {}), layer, pair.value.label)
            if own is not None:
                cells[:, at] = column(own)[rows][there]
        if len(cells):
            yield layer, cells


def _of(columns: Mapping[frozenset[str], str], layer: str, label: str) -> str | None:
    """Return the column of a layer: its own, or else the one of all."""
    for name in (label, layer):
        if (said := frozenset(words(name))) in columns:
            return columns[said]
    return columns.get(frozenset())
