"""A sweep as a file for other programs."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from sim.machinery.paths import as_path
from sim.machinery.saving import refuse_unwritable, save, write
from theory.settings import InvalidArgument

__all__ = ["export", "refuse_export"]


def refuse_export(path: str | Path) -> Path:
    """Return the path if a sweep can be exported there; ask before long work, not after it.

    Raises
    ------
    InvalidArgument
        If it ends in neither .nc nor .csv.
    DataError
        If nothing can be written there.
    """
    to = as_path("path", path)
    if to.suffix not in {".nc", ".csv"}:
        raise InvalidArgument(f"the export must end in .nc (netCDF) or .csv, got {str(to)!r}.")
    return refuse_unwritable(to)


def export(sweep: xr.Dataset, path: str | Path) -> Path:
    """Write a sweep as netCDF, all of it, or as CSV.

    Parameters
    ----------
    sweep : Dataset
        From `sim.open_sweep`.
    path : path
        NAME.nc or NAME.csv. CSV has a line for each point, with its labels and all that is one number; where there is
        no such thing, a line for each number of each point.
    """
    to = refuse_export(path)
    if to.suffix == ".nc":
        return save(sweep.load(), to)
    grid = sweep.status.dims
    single = [name for name, variable in sweep.data_vars.items() if variable.dims == grid]
    plain = [name for name in single if name not in {"status", "reason", "seconds"}]
    table = (sweep[single] if plain else sweep).to_dataframe()
    return write(to, table.to_csv().encode())
