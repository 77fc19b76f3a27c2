"""Which software made a result, and how a result is written to disk."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import xarray as xr

__all__ = ["save", "versions"]


def versions() -> str:
    """Return the versions that decide a result's numbers, as one line."""
    parts = [f"{name} {version(name)}" for name in ("tailoff", "numpy", "scipy")]
    return ", ".join([*parts, f"Python {platform.python_version()}"])


def save(result: xr.Dataset, path: str | Path) -> Path:
    """Write a result as netCDF, to a temporary name first; return the path."""
    path = Path(path)
    temporary = path.with_name(path.name + ".part")
    result.to_netcdf(temporary, engine="h5netcdf")
    os.replace(temporary, path)
    return path
