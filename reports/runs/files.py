"""Read a recorded decay from a file that people have: a training run of ours, or a table of their own."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

import sim
from sim import DataError
from sim.machinery.loading import MAX_BYTES
from sim.traces.read import from_run, from_table
from sim.traces.trace import Choice, Trace

__all__ = ["read_decay", "read_run", "refuse_missing"]

NETCDF = (b"\x89HDF", b"CDF\x01", b"CDF\x02")


def read_decay(path: Path, choice: Choice | None = None) -> Trace:
    """Return the record of a run: each layer's rms over time, its error where there is one, and what was assumed.

    Parameters
    ----------
    path : Path
        A netCDF file of `sim.train`: time is in epochs, the rms is the replicas' mean, with their standard
        error. Or a table that a logger wrote (see `sim.traces.read.from_table`).
    choice : Choice, optional
        Which columns, layer and quantity, where the names do not decide.

    Raises
    ------
    DataError
        If the file is missing or is neither, the layer is not in it, or names do not decide.
    """
    refuse_missing(path, "Give a .nc file of `tailoff train --out`, a CSV or JSON lines.")
    with path.open("rb") as file:
        start = file.read(4)
    if start in NETCDF:
        max_bytes = choice.max_bytes if choice and choice.max_bytes is not None else MAX_BYTES
        return from_run(read_run(path, max_bytes), str(path), choice)
    return from_table(path, choice)


def read_run(path: Path, max_bytes: int = MAX_BYTES) -> xr.Dataset:
    """Return a run that `tailoff train --out` has written; DataError if it is not one."""
    refuse_missing(path, "Give a .nc file of `tailoff train --out`.")
    run = sim.load(path, max_bytes=max_bytes)
    if "rms" not in run or "layer" not in run.dims:
        raise DataError(f"{path} has no rms over layers. Give a file written by `tailoff train --out`.")
    return run


def refuse_missing(path: Path, what_to_give: str) -> None:
    """Raise DataError if there is no such file, with what to give instead."""
    if not path.is_file():
        raise DataError(f"{path} {'is not a file' if path.exists() else 'does not exist'}. {what_to_give}")
