"""A sweep as one labelled Dataset, whose arrays are read from the store when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sim.sweeps.lazy import Places, variable
from sim.sweeps.merge import merged
from sim.sweeps.store import Row, Store, reader

__all__ = ["Opened", "open_sweep", "opened"]


def open_sweep(store: str | Path) -> xr.Dataset:
    """Open the last sweep of a store.

    Parameters
    ----------
    store : path
        The folder that `sim.sweep` was given. A sweep that still runs, or was ended, can be opened too.

    Returns
    -------
    Dataset
        Over the grid's dimensions (`point` if it was a list of settings) and those of a single result: all that the
        simulation returns, read when it is asked for; NaN where a point is missing, failed or shorter than others.
        `status` says "done", "diverged", "failed" or "missing", `reason` why a point failed, `seconds` how long it
        took. A name of a single result that the grid has too is followed by `_result`. The attributes have the
        simulation, its version, the sweep's seed and what all points shared.

    Raises
    ------
    DataError
        If there is no store, it holds no sweep, or it is damaged; on reading values, if their checksum is wrong.

    Examples
    --------
    >>> import sim, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = sim.sweep(sim.walk, {"lam": [5.0, 20.0]}, store=folder, fixed={"n": 100, "eta": 0.5, "steps": 640})
    ...     open_sweep(folder).rms.dims
    ('lam', 'step')
    """
    return opened(store).dataset()


@dataclass(frozen=True)
class Opened:
    """The last sweep of a store: its specification, and what is known of each point in order."""

    store: Store
    spec: dict[str, Any]
    rows: list[Row | None]

    def results(self) -> Iterator[tuple[int, xr.Dataset]]:
        """Yield the number and the result of every point that is done."""
        for number, row in enumerate(self.rows):
            if row is not None and row.status == "done":
                yield number, self.store.result(row)

    def dataset(self) -> xr.Dataset:
        """Return the sweep as a Dataset (see `open_sweep`)."""
        dims = dict(self.spec["dims"])
        shape, grid = tuple(dims.values()), tuple(dims)
        status = [row.status if row else "missing" for row in self.rows]
        variables: dict[str, Any] = {}
        there = {row.piece for row in self.rows if row is not None and row.piece is not None}
        layout = merged(self.store, sorted(there), {*dims, *self.spec["labels"], "status", "reason", "seconds"})
        places = Places(self.store, shape, self.rows)
        for name, described in layout.variables.items():
            variables[name] = variable(places, described, grid)
        variables |= {
            "status": (grid, np.array(status).reshape(shape)),
            "reason": (grid, np.array([row.reason if row else "" for row in self.rows], object).reshape(shape)),
            "seconds": (grid, np.array([row.seconds if row else np.nan for row in self.rows]).reshape(shape)),
        }
        variables["seconds"] += ({"long_name": "how long the point took", "units": "s"},)
        labels = {name: (dim, _coordinate(values)) for name, (dim, values) in self.spec["labels"].items()}
        fixed = {name: _attribute(value) for name, value in self.spec["fixed"].items()}
        about = {"run": self.spec["run"], "sweep_seed": self.spec["seed"], "version": self.spec["version"]}
        result = xr.Dataset(variables, layout.coords | labels, fixed | about)
        result.set_close(self.store.close)
        return result


def opened(store: str | Path) -> Opened:
    """Return the last sweep of a store."""
    there = reader(store)
    text, keys = there.last_sweep()
    rows = there.rows(keys)
    return Opened(there, json.loads(text), [rows.get(key) for key in keys])


def _coordinate(values: list[Any]) -> np.ndarray:
    """Return the labels of a dimension; where some are words or none, all are words."""
    numbers = all(isinstance(value, (int, float)) for value in values)
    if not numbers and all(value is None or isinstance(value, (int, float)) for value in values):
        values, numbers = [np.nan if value is None else value for value in values], True
    return np.array(values) if numbers else np.array(["" if value is None else str(value) for value in values])


def _attribute(value: Any) -> Any:
    """Return what a description says as netCDF can hold it."""
    if isinstance(value, (int, float, str)):
        return int(value) if isinstance(value, bool) else value
    if isinstance(value, dict) and "data" in value:
        return value["data"]["name"]
    return json.dumps(value)
