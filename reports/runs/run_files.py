"""Read a recorded run with the words that people add to it: optimizer, rates and the schedule ahead."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import sim
from reports.runs.files import refuse_missing
from reports.runs.recorded import Plan
from sim import DataError
from sim.recording.reading import is_trace
from sim.traces.lexicon import CLOCKS
from sim.traces.logged import from_log
from sim.traces.settings import Given, with_settings
from sim.traces.trace import Choice
from theory import InvalidArgument
from theory.settings import whole_number
from theory.settings.schedules import Schedule

__all__ = ["Said", "read_with"]

NOT_STEPS = {*CLOCKS.values()} - {"step", "iteration", "batch", "unit of time"}
MOST_STEPS = 10_000_000


@dataclass(frozen=True)
class Said:
    """What is said of a run beside its file; None where nothing is.

    Attributes
    ----------
    optimizer : object
        Settings of `theory`.
    lr, weight_decay : float
        The learning rate at its peak, if there is a schedule.
    schedule : Schedule
    total_steps : int
        Of the whole run. Default: the forecast ends with it.
    steps : int
        How many more. Default: to the end of the run.
    invariant : tuple of str
        Layers before a normalisation.
    """

    optimizer: Any = None
    lr: float | None = None
    weight_decay: float | None = None
    schedule: Schedule | None = None
    total_steps: int | None = None
    steps: int | None = None
    invariant: tuple[str, ...] = ()


def read_with(path: Path, said: Said, choice: Choice | None = None) -> tuple[xr.Dataset, Plan, list[str]]:
    """Return the run, what is planned of it, and notes on what was assumed.

    Raises
    ------
    DataError
        If the file is missing, damaged, or no record of weights.
    InvalidArgument
        If what is said is out of range or contradicts the file.
    """
    refuse_missing(path, "Give a recorded run.")
    if is_trace(path):
        given = [name for name in ("optimizer", "lr", "weight_decay") if getattr(said, name) is not None]
        if given and not (given == ["lr"] and said.schedule is not None):
            raise InvalidArgument(f"{given[0]} must be left out: {path} says it itself.")
        run = sim.read_trace(path)
        last, planned = int(run.step.max()), json.loads(run.attrs["planned_steps"])
    else:
        run = from_log(path, choice or Choice())
        if (unit := run.attrs["unit"]) in NOT_STEPS:
            raise DataError(
                f"the time in {str(path)!r} is in {unit}s, and decay is counted in steps. Multiply it by the "
                f"steps of one {unit}, and name the column 'step'."
            )
        last, planned = int(run.step.max()), None
    total = said.total_steps if said.total_steps is not None else planned
    steps = said.steps
    if steps is None:
        if total is None:
            raise InvalidArgument("steps must be given: nothing says how long the run will be. Say --steps.")
        if total <= last:
            raise InvalidArgument(
                f"total_steps must be beyond the record's last step, {last:,}, got {total:,}. Say how many more: "
                "--steps."
            )
        steps = total - last
    whole_number("steps", steps)
    if steps > MOST_STEPS:
        raise InvalidArgument(f"steps must be at most {MOST_STEPS:,}, got {steps:,}. Forecast less far.")
    total = last + steps if total is None else total
    if last + steps > total and (said.schedule is not None or json.loads(run.attrs.get("planned_lr", "null"))):
        raise InvalidArgument(
            f"steps must end within the schedule, got {steps} after step {last:,} of {total:,}. Take at most "
            f"{total - last}, or give the run's whole length (--total-steps)."
        )
    factors = None if said.schedule is None else np.asarray(said.schedule.factors(total), float)
    peak, notes = said.lr, []
    if not is_trace(path):
        if said.lr is not None and "lr" in run:
            peak = None  # the column tells it
            notes.append(f"lr = {said.lr:g} is not used: the file has a column of the learning rate")
        run = with_settings(run, _given(run, said, total))
    return (
        run,
        Plan(steps, factors, peak, _invariant(run, said)),
        [*json.loads(run.attrs["notes"]), *_assumed(run, said), *notes],
    )


def _invariant(run: xr.Dataset, said: Said) -> tuple[str, ...]:
    layers = [str(layer) for layer in run.layer.values]
    for pattern in said.invariant:
        if not any(fnmatch(layer, pattern) for layer in layers):
            raise InvalidArgument(f"invariant must name a layer, got {pattern!r}. The layers are {', '.join(layers)}.")
    return said.invariant


def _given(run: xr.Dataset, said: Said, total: int) -> Given:
    """Return what the file does not tell: a column of the learning rate counts more than the word on its peak."""
    lr = None if "lr" in run else said.lr
    told = "weight_decay" in run and said.weight_decay is not None
    if told:
        raise InvalidArgument(f"weight_decay must be left out, got {said.weight_decay!r}: the file has a column of it.")
    schedule = said.schedule if lr is not None else None
    return Given(said.optimizer, lr, said.weight_decay, total if schedule is not None else None, schedule)


def _assumed(run: xr.Dataset, said: Said) -> list[str]:
    notes = []
    if "norm_sq" not in run:
        notes.append("norm_sq is the mean square: the file has no norms, and nobody says how many weights a layer has")
    if "lr" not in run:
        return notes
    if json.loads(run.attrs["optimizers"])[0]["class"] is None:
        notes.append("no optimizer is named: a step is taken to decay the weights by lr * weight_decay")
    scheduled = said.schedule is not None or json.loads(run.attrs["planned_lr"]) is not None
    lr = run.lr.values[np.isfinite(run.lr.values)]
    if not scheduled and len(lr) and np.ptp(lr) > 1e-6 * lr.max():
        notes.append("the learning rate has moved, and no schedule is told: ahead it is taken to stay as it is")
    return notes
