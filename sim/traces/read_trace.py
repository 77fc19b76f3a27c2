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
from sim.recording.plan import planned
from sim.recording.reading import Recorded, is_trace, read_recorded
from sim.traces.logged import from_log
from sim.traces.rows import as_dataset
from sim.traces.settings import Given, with_settings
from sim.traces.trace import Choice
from theory.settings import InvalidArgument

__all__ = ["read_trace"]


def read_trace(
    path: Any, *, optimizer: Any = None, lr: float | None = None, weight_decay: float | None = None,
    planned_steps: int | None = None, schedule: Any = None, **columns: Any,
) -> xr.Dataset:  # fmt: skip
    """Read a recorded run, whoever wrote it.

    Parameters
    ----------
    path : path
        A file of `sim.Recorder` or `sim.torch_recorder`, also one that is still being written. Or what a logger wrote:
        CSV of any kind or JSON lines, packed or not, a column or rows for each layer, of any size; columns are taken by
        their names: the time, `norm`, `norm_sq` or `rms`, and where there are any `lr`, `weight_decay`, `momentum`,
        `decay_clock`, `grad_sq`, `alignment`, `scaled_grad_sq`, `scaled_alignment`, `decay_weight` and `count`.
    optimizer : str or object, optional
        A name such as "adamw", or settings of `theory`, of a run whose file does not say it.
    lr, weight_decay : float, optional
        The same; `lr` at its peak if there is a schedule.
    planned_steps : int, optional
        Of the whole run.
    schedule : object, optional
        One of `theory.schedules`, over `planned_steps`.
    **columns
        Where names do not decide: `time`, `value`, `layer`, `quantity`, `weights`, `decimal`, `epoch_steps`,
        `max_bytes` (see `sim.traces.trace.Choice`).

    Returns
    -------
    Dataset
        Over `layer` and `step`. `segment` counts the parts between restarts and jumps of a setting; `weights` is the
        number of weights of a layer, 0 where it is not known. `norm_sq` is ||w||^2 at the step (or `rms`, of a table
        that has no norms and no `weights`); the quantities of the gradient are means since the row before. In the
        attributes, as JSON: `optimizers`, `planned_steps`, `planned_lr`, `notes` on what was assumed or left out.

    Raises
    ------
    DataError
        If the file is missing, damaged, or no such thing; or names do not decide.
    InvalidArgument
        If an argument is out of range, or tells what the file tells.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "metrics.csv")
    ...     _ = path.write_text("step,fc1/norm,fc2/norm,loss\\n0,3,4,2.3\\n100,2,4,1.7\\n")
    ...     trace = read_trace(path, optimizer="adamw", lr=1e-3, weight_decay=0.1)
    >>> trace.norm_sq.values
    array([[ 9.,  4.],
           [16., 16.]])
    >>> trace.decay_clock.values[0].round(6)
    array([0.      , 0.020001])
    """
    place, given = as_path("path", path), Given(optimizer, lr, weight_decay, planned_steps, schedule)
    unknown = set(columns) - set(Choice.__dataclass_fields__)
    if unknown:
        raise InvalidArgument(
            f"{min(unknown)} is no option of sim.read_trace: {', '.join(Choice.__dataclass_fields__)}."
        )
    if not place.is_file():
        raise DataError(f"{place} {'is not a file' if place.exists() else 'does not exist'}. Give a recorded run.")
    if not is_trace(place):
        value = columns.get("value", ())
        choice = Choice(**{**columns, "value": (value,) if isinstance(value, str) else tuple(value)})
        return with_settings(from_log(place, choice), given)
    told = [name for name in ("optimizer", "lr", "weight_decay") if getattr(given, name) is not None]
    if told or columns:
        raise InvalidArgument(f"{(told or list(columns))[0]} must not be given: {place} says it itself.")
    run = _recorded(place, read_recorded(place))
    if planned_steps is None and schedule is None:
        return run
    return run.assign_attrs({name: json.dumps(entry) for name, entry in planned(planned_steps, schedule).items()})


def _recorded(path: Path, found: Recorded) -> xr.Dataset:
    """Return what our own file holds."""
    if not len(found.columns["step"]):
        raise DataError(f"{path} has a header and no rows yet. Read it again when the run has made a step.")
    run = as_dataset(str(path), found.columns)
    empty = [name for name in MEANS if np.isnan(run[name]).all()]
    notes = [*found.notes]
    if found.torn:
        notes.append(f"the last {found.torn:,} bytes are of a block that was not whole, and are left out")
    sizes: dict[str, int] = {}
    header = dict(found.header)
    for said in found.settings.values():
        sizes |= said.get("layers", {})
        header |= said.get("run", {})
    run = run.drop_vars(empty).assign_coords(weights=("layer", [sizes.get(name, 0) for name in run.layer.values]))
    return run.assign_attrs(
        {name: json.dumps(header[name]) for name in ("optimizers", "planned_steps", "planned_lr")},
        software=header["software"], unit="step", segments=json.dumps(found.settings),
        notes=json.dumps(list(dict.fromkeys(notes))),
    )  # fmt: skip
