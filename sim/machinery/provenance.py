"""Which software made a result, and how a result is written to disk."""

from __future__ import annotations

import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

import xarray as xr

from sim.errors import DataError

__all__ = ["refuse_unwritable", "save", "versions"]


def versions() -> str:
    """Return the versions that decide a result's numbers, as one line."""
    parts = [f"{name} {version(name)}" for name in ("tailoff", "numpy", "scipy")]
    return ", ".join([*parts, f"Python {platform.python_version()}"])


def refuse_unwritable(path: Path) -> Path:
    """Return the path if a file can be written there; ask before long work, not after it.

    Raises
    ------
    DataError
        If it is a folder, its folder does not exist, or files cannot be made in that.
    """
    if path.is_dir() or not path.name:
        raise DataError(f"the output must be a file, got the folder {str(path)!r}. Add a file name.")
    if not path.parent.is_dir():
        raise DataError(f"the folder of {str(path)!r} does not exist. Make it first, or name another.")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            return path
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be written: {error.strerror}. Name another place.") from error


def save(result: xr.Dataset, path: str | Path) -> Path:
    """Write a result as netCDF, to a temporary name first.

    Parameters
    ----------
    result : Dataset
        From `sim.train`, `sim.walk` or `sim.online`.
    path : path
        An existing file is replaced.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If the path is a folder, its folder does not exist, or files cannot be made in that.

    Examples
    --------
    >>> import tempfile, sim
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(sim.walk(100, 20.0, 0.5, steps=1000), f"{folder}/walk.nc").name
    'walk.nc'
    """
    path = refuse_unwritable(Path(path))
    temporary = path.with_name(path.name + ".part")
    result.to_netcdf(temporary, engine="h5netcdf")
    os.replace(temporary, path)
    return path
