"""Arrays over a grid that are read from the store, piece by piece, when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from sim.sweeps.merge import Variable
from sim.sweeps.store import Row, Store

__all__ = ["Places", "variable"]


class Places:
    """Where the result of every point of a grid is: the number of its piece, or -1, and its position there."""

    def __init__(self, store: Store, shape: tuple[int, ...], rows: Sequence[Row | None]) -> None:
        self.store, self.shape = store, shape
        self.piece = np.array([-1 if row is None or row.piece is None else row.piece for row in rows])
        self.position = np.array([0 if row is None or row.position is None else row.position for row in rows])

    def read(self, of: Variable, numbers: np.ndarray, fill: Any, dtype: np.dtype[Any]) -> np.ndarray:
        """Return an array of the points with these numbers, shape (points, ...)."""
        out = np.full((numbers.size, *of.shape), fill, dtype)
        pieces = self.piece[numbers]
        for piece in np.unique(pieces[pieces >= 0]).tolist():
            which = np.flatnonzero(pieces == piece)
            found = self.store.piece(piece)
            if of.source in found.stacked.variables:
                values = found.values(of.source)
                inside: tuple[Any, ...] = (which, *(slice(length) for length in values.shape[1:]))
                out[inside] = values[self.position[numbers[which]]]
        return out


class _Array(BackendArray):
    """One array of all points, for xarray."""

    def __init__(self, places: Places, of: Variable) -> None:
        self.places, self.of = places, of
        missing = of.ragged or bool((places.piece < 0).any())
        self.dtype, self.fill = _with_room_for_nothing(of.dtype) if missing else _of_what_is_there(of.dtype)
        self.shape = (*places.shape, *of.shape)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> np.ndarray:
        grid = len(self.places.shape)
        picked = [np.arange(n)[k] for n, k in zip(self.places.shape, key[:grid], strict=True)]
        numbers = np.arange(int(np.prod(self.places.shape))).reshape(self.places.shape)
        numbers = numbers[np.ix_(*(np.atleast_1d(index) for index in picked))]
        values = self.places.read(self.of, numbers.ravel(), self.fill, self.dtype)
        values = values.reshape(*numbers.shape, *self.of.shape)
        for axis, index in enumerate(key[grid:], grid):  # one axis after another, each kept, so that they stay in place
            values = np.take(values, np.atleast_1d(np.arange(self.shape[axis])[index]), axis)
        one = tuple(0 if not isinstance(index, slice) and np.ndim(index) == 0 else slice(None) for index in key)
        return np.asarray(values[one])


def variable(places: Places, of: Variable, grid: tuple[str, ...]) -> xr.Variable:
    """Return an array over the grid and its own dimensions, not yet read."""
    return xr.Variable((*grid, *of.dims), indexing.LazilyIndexedArray(_Array(places, of)), of.attrs)


def _of_what_is_there(dtype: np.dtype[Any]) -> tuple[np.dtype[Any], Any]:
    """Return a type, and what stands for nothing where all is there."""
    return dtype, "" if dtype.kind in "OUS" else 0


def _with_room_for_nothing(dtype: np.dtype[Any]) -> tuple[np.dtype[Any], Any]:
    """Return a type that has a value for what is missing, and that value."""
    if dtype.kind in "fc":
        return dtype, np.nan
    return (np.dtype(float), np.nan) if dtype.kind in "biu" else (np.dtype(object), "")
