"""Read a recorded decay from a file that people have: a training run of ours, or a CSV of their own."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import xarray as xr

import sim
from reports.runs.averages import mean_and_error
from sim import DataError

__all__ = ["read_decay", "read_run"]


def read_decay(path: Path, layer: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return time, rms and its error (None if there is none).

    Parameters
    ----------
    path : Path
        A netCDF file of `sim.train`: time is in epochs, the rms is the replicas' mean, with their standard
        error. Or a CSV file with two or three columns, time, rms and its error; one line of headings is allowed.
    layer : int
        Which layer of a training run.

    Raises
    ------
    DataError
        If the file is missing or is neither, or the layer is not in it.
    """
    _refuse_missing(path, "Give a .nc file of `tailoff train --out` or a CSV file.")
    with path.open("rb") as file:
        start = file.read(4)
    return _from_run(path, layer) if start in (b"\x89HDF", b"CDF\x01", b"CDF\x02") else _from_csv(path)


def read_run(path: Path) -> xr.Dataset:
    """Return a run that `tailoff train --out` has written; DataError if it is not one."""
    _refuse_missing(path, "Give a .nc file of `tailoff train --out`.")
    run = sim.load(path)
    if "rms" not in run or "layer" not in run.dims:
        raise DataError(f"{path} has no rms over layers. Give a file written by `tailoff train --out`.")
    return run


def _refuse_missing(path: Path, what_to_give: str) -> None:
    if not path.is_file():
        raise DataError(f"{path} {'is not a file' if path.exists() else 'does not exist'}. {what_to_give}")


def _from_run(path: Path, layer: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    run = read_run(path)
    if layer not in run.layer:
        raise DataError(f"{path} has the layers {run.layer.values.tolist()}, not {layer}. Give --layer one of these.")
    rms = run.rms.sel(layer=layer)
    if rms.sizes["replica"] < 2:
        return run.epoch.values, rms.mean("replica").values, None
    return run.epoch.values, *mean_and_error(rms.transpose("replica", ...))


def _from_csv(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row]
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is neither netCDF nor text. Give a .nc file of `tailoff train --out` or a CSV."
        ) from error
    numbers = []
    for line, row in enumerate(rows, 1):
        try:
            numbers.append([float(cell) for cell in row])
        except ValueError as error:
            if line > 1:
                raise DataError(f"{path}, line {line}: {row} are not numbers.") from error
    widths = {len(row) for row in numbers}
    if len(widths) != 1 or not widths <= {2, 3}:
        raise DataError(
            f"{path} must have two or three columns (time, rms, error) in every line, got {sorted(widths)}."
        )
    columns = np.array(numbers).T
    return columns[0], columns[1], columns[2] if len(columns) == 3 else None
