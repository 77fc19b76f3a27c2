"""Read a recorded run: a file of our recorders, or the table of any logger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sim.errors import DataError
from sim.machinery.paths import as_path
from sim.recording.columns import MEANS
from sim.recording.reading import Recorded, is_trace, read_recorded
from sim.traces.rows import as_dataset

__all__ = ["read_trace"]


def read_trace(path: Any) -> xr.Dataset:
    """Read a recorded run.

    Parameters
    ----------
    path : path
        A file of `sim.Recorder`, also one that is still being written.

    Returns
    -------
    Dataset
        Over layer and step; `segment` counts the parts between restarts and jumps of a setting.

    Raises
    ------
    DataError
        If the file is missing, damaged, or none of these.
    """
    place = as_path("path", path)
    if not place.is_file():
        raise DataError(f"{place} {'is not a file' if place.exists() else 'does not exist'}. Give a recorded run.")
    if is_trace(place):
        return _recorded(place, read_recorded(place))
    raise DataError(f"{place} is no recorded run. Give a file of sim.Recorder.")


def _recorded(path: Path, found: Recorded) -> xr.Dataset:
    """Return what our own file holds."""
    if not len(found.columns["step"]):
        raise DataError(f"{path} has a header and no rows yet. Read it again when the run has made a step.")
    run = as_dataset(str(path), found.columns)
    empty = [name for name in MEANS if np.isnan(run[name]).all()]
    notes = [
        *found.notes,
        *([f"the last {found.torn:,} bytes are of a block that was not whole, and are left out"] if found.torn else []),
    ]
    sizes: dict[str, int] = {}
    header = dict(found.header)
    for said in found.settings.values():
        sizes |= said.get("layers", {})
        header |= said.get("run", {})
    run = run.drop_vars(empty).assign_coords(weights=("layer", [sizes.get(name, 0) for name in run.layer.values]))
    return run.assign_attrs(
        **{key: header[key] if isinstance(header[key], str) else json.dumps(header[key]) for key in header},
        segments=json.dumps(found.settings), notes=json.dumps(list(dict.fromkeys(notes))),
    )  # fmt: skip
