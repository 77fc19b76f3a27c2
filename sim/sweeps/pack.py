"""The results of many points as one netCDF file: written in one go, a point of 1 ms costs less than its own file would.

Points whose results have the same arrays, dimensions and coordinates share a file, stacked along a dimension of their
own. What is in a result's attributes is kept as JSON, a text for each point, and every number comes back as it was.
"""

from __future__ import annotations

import json
import sys
import threading
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

import numpy as np
import xarray as xr

from sim.errors import DataError

__all__ = ["POINT", "Packed", "Piece", "pack"]

_alone = threading.Lock()  # HDF5 writes one file at a time anyway
POINT, ATTRIBUTES = "_point", "_attributes"


@dataclass(frozen=True)
class Packed:
    """Some results as one file: which of them it holds, in order; what they have in common, as JSON; its bytes."""

    places: list[int]
    layout: str
    netcdf: bytes


class Piece:
    """The results of several points, read from the bytes of one file.

    Examples
    --------
    >>> results = [xr.Dataset({"scale": ("layer", [i, 2.0 * i])}, attrs={"lam": i}) for i in (3, 4)]
    >>> (packed,) = pack(results)
    >>> packed.places, Piece(packed.netcdf).result(1).identical(results[1])
    ([0, 1], True)
    """

    def __init__(self, content: bytes) -> None:
        try:
            with (
                warnings.catch_warnings(action="ignore"),
                xr.open_dataset(BytesIO(content), engine="h5netcdf", decode_times=False) as lazy,
            ):
                self.stacked = lazy.load()
        except Exception as error:
            raise DataError(f"a result of the store cannot be read ({error}). Run the sweep again.") from error

    def result(self, position: int) -> xr.Dataset:
        """Return the result of one point."""
        one = self.stacked.isel({POINT: position}).drop_vars(ATTRIBUTES)
        kept = json.loads(str(self.stacked[ATTRIBUTES].values[position]))
        one.attrs = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
        return one

    def example(self) -> xr.Dataset:
        """Return the first result, without its attributes."""
        return self.stacked.isel({POINT: 0}).drop_vars(ATTRIBUTES)

    def values(self, name: str) -> np.ndarray:
        """Return an array of all points, or the same for each where they share it."""
        variable = self.stacked[name]
        if POINT in variable.dims:
            return np.asarray(variable.values)
        return np.broadcast_to(variable.values, (self.stacked.sizes[POINT], *variable.shape))


def pack(results: Sequence[xr.Dataset]) -> list[Packed]:
    """Return files that hold the results."""
    groups: dict[str, list[int]] = {}
    for place, result in enumerate(results):
        groups.setdefault(json.dumps(_layout_of(result)), []).append(place)
    return [Packed(p, layout, _written([results[place] for place in p])) for layout, p in groups.items()]


def _written(results: list[xr.Dataset]) -> bytes:
    first = results[0]
    stacked = {
        name: (
            (POINT, *variable.dims),
            np.stack([result.variables[name].values for result in results]),
            variable.attrs,
        )
        for name, variable in first.data_vars.items()
    }
    attributes = [json.dumps({str(n): _plain(v) for n, v in r.attrs.items()}) for r in results]
    whole = xr.Dataset(stacked | {ATTRIBUTES: (POINT, np.array(attributes, object))}, first.coords)
    encoding = {name: {"_FillValue": None} for name, v in whole.variables.items() if v.dtype.kind == "f"}
    with _alone:
        return _bytes_of(whole, encoding)


def _bytes_of(whole: xr.Dataset, encoding: dict[Any, Any]) -> bytes:
    """Return a netCDF file; on a Dask worker xarray would ask the scheduler for leave to write it."""
    dask = sys.modules.get("dask")
    with dask.config.set(scheduler="threads") if dask else nullcontext():
        return bytes(whole.to_netcdf(engine="h5netcdf", encoding=encoding))


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return np.asarray(value).tolist() if isinstance(value, (tuple, list, np.ndarray)) else value


def _layout_of(result: xr.Dataset) -> list[Any]:
    """Return what results must have in common to share a file: arrays and their shapes, and the coordinates' values."""
    data = [[n, list(v.dims), list(v.shape), v.dtype.str, _said(v)] for n, v in result.data_vars.items()]
    return [data, [[n, list(v.dims), _said(v), _hash(v.values)] for n, v in result.coords.items()]]


def _said(variable: Any) -> str:
    return repr(sorted((name, _plain(value)) for name, value in variable.attrs.items()))


def _hash(values: np.ndarray) -> str:
    content = repr(values.tolist()).encode() if values.dtype.kind == "O" else np.ascontiguousarray(values).data
    return f"{values.dtype.str} {sha256(content).hexdigest()}"
