"""What is drawn over what: the settings of a sweep, the longest first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Axes", "axes_of"]

LINES = 6  # in one panel; more values of a second setting are a map


@dataclass(frozen=True)
class Axes:
    """The settings that a figure of a sweep shows.

    Attributes
    ----------
    x : str
        The setting with the most values.
    lines : str
        The next; empty if there is none.
    others : dict
        What the remaining settings are in the figure: their first values.
    shown : ndarray of bool
        Which points have these.
    columns : dict of ndarray
        Every setting of the grid, for every point.
    """

    x: str
    lines: str
    others: dict[str, Any]
    shown: np.ndarray
    columns: dict[str, np.ndarray]

    @property
    def map(self) -> bool:
        """Whether the two settings span a map: too many values for lines, numbers, and a point for every pair."""
        if not self.lines or any(not is_number(self.columns[name]) for name in (self.x, self.lines)):
            return False
        across, along = (len(np.unique(self.columns[name][self.shown])) for name in (self.x, self.lines))
        return bool(along > LINES and across * along == self.shown.sum())

    def groups(self) -> Iterator[tuple[Any, np.ndarray]]:
        """Yield each value of the second setting and the numbers of its points, in the order of x."""
        if not self.lines:
            yield None, self._in_order(self.shown)
            return
        values = self.columns[self.lines]
        for value in dict.fromkeys(values[self.shown].tolist()):
            yield value, self._in_order(self.shown & (values == value))

    def _in_order(self, mask: np.ndarray) -> np.ndarray:
        numbers = np.flatnonzero(mask)
        x = self.columns[self.x][numbers]
        return numbers[np.argsort(x, kind="stable")] if is_number(x) else numbers


def axes_of(spec: dict[str, Any]) -> Axes:
    """Return the axes of a sweep from its specification in the store.

    Examples
    --------
    >>> labels = {"eta": ("eta", [0.1, 0.5]), "lam": ("lam", [5, 12, 30]), "seed": ("seed", [1, 2])}
    >>> axes = axes_of({"dims": [("eta", 2), ("lam", 3), ("seed", 2)], "labels": labels})
    >>> axes.x, axes.lines, axes.others, axes.shown.sum()
    ('lam', 'eta', {'seed': 1}, np.int64(6))
    """
    dims = dict(spec["dims"])
    places = dict(zip(dims, np.indices(tuple(dims.values())).reshape(len(dims), -1), strict=True))
    columns = {name: _column(values)[places[dim]] for name, (dim, values) in spec["labels"].items()}
    distinct = {name: len(set(column.tolist())) for name, column in columns.items()}

    def rank(name: str) -> tuple[bool, bool, bool, int]:
        return distinct[name] == 1, name == "seed", not is_number(columns[name]), -distinct[name]

    names = sorted(columns, key=rank)
    varied = [name for name in names if distinct[name] > 1] or names[:1]
    x, lines, rest = varied[0], *(varied[1:2] or [""]), varied[2:]
    shown, others = np.ones(len(columns[x]), bool), {}
    if len(dims) > 1:  # of a list of settings none is left out: they may all differ in each
        others = {name: columns[name][0] for name in rest}
        for name, value in others.items():
            shown &= columns[name] == value
    return Axes(x, lines, {name: _plain(value) for name, value in others.items()}, shown, columns)


def is_number(column: np.ndarray) -> bool:
    """Whether a setting is a number at every point."""
    return column.dtype.kind in "biuf"


def _column(values: list[Any]) -> np.ndarray:
    if all(isinstance(value, (int, float)) for value in values):
        return np.array(values)
    return np.array([value if isinstance(value, str) else json.dumps(value) for value in values], object)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
