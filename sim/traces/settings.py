"""What an optimizer's settings add to a record: the rates that no column tells, and the clock of the decay."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from sim.recording.plan import planned
from sim.recording.rates import Rates
from sim.recording.words import acts_on_weights, described, is_decoupled, sums_gradients, the_optimizer
from theory.settings import InvalidArgument, non_negative, one_number

__all__ = ["Given", "with_settings"]


@dataclass(frozen=True)
class Given:
    """What a caller says of a run whose file does not; None: nothing.

    Attributes
    ----------
    optimizer : str or object
        A name, or settings of `theory`.
    lr, weight_decay : float
        The learning rate at its peak, if there is a schedule.
    planned_steps : int
    schedule : object
        One of `theory.schedules`.
    """

    optimizer: Any = None
    lr: float | None = None
    weight_decay: float | None = None
    planned_steps: int | None = None
    schedule: Any = None

    def __post_init__(self) -> None:
        for name in ("lr", "weight_decay"):
            if (value := getattr(self, name)) is not None:
                non_negative(name, one_number(name, value))


def with_settings(run: xr.Dataset, given: Given) -> xr.Dataset:
    """Return a logger's record with the rates and the clock that its columns and the caller's words give.

    Raises
    ------
    InvalidArgument
        If both tell a rate, or a schedule does not reach as far as the record.
    """
    optimizer = the_optimizer(given.optimizer)
    about = described(optimizer)
    plan = planned(given.planned_steps, given.schedule)
    for name in ("lr", "weight_decay"):
        if name in run and getattr(given, name) is not None:
            raise InvalidArgument(
                f"{name} must not be given, got {getattr(given, name)!r}: the file has a column of it."
            )
    run = run.assign_attrs(
        optimizers=json.dumps([about]), planned_lr=json.dumps(plan["planned_lr"]),
        planned_steps=json.dumps(plan["planned_steps"]), notes=json.dumps(run.attrs["notes"]),
    )  # fmt: skip
    shape = run.sizes["layer"], run.sizes["step"]
    lr = run.lr.values if "lr" in run else _planned_lr(run, given)
    if lr is None:
        return run
    decay = run.weight_decay.values if "weight_decay" in run else given.weight_decay
    run["lr"] = ("layer", "step"), np.broadcast_to(lr, shape).copy()
    if decay is None:
        return run
    run["weight_decay"] = ("layer", "step"), np.broadcast_to(decay, shape).copy()
    return _with_clock(run, about)


def _planned_lr(run: xr.Dataset, given: Given) -> np.ndarray | None:
    """Return the learning rate at each step of the record, None if nobody tells it."""
    if given.lr is None or given.schedule is None:
        return None if given.lr is None else np.full(run.sizes["step"], float(given.lr))
    steps = run.step.values
    whole = given.schedule.factors(given.planned_steps)
    if run.attrs["unit"] not in ("step", "iteration", "batch") or steps.min() < 0 or steps.max() > len(whole):
        raise InvalidArgument(
            f"planned_steps must be at least the record's last step, counted in steps, got {given.planned_steps} for a "
            f"record to {steps.max():g} {run.attrs['unit']}s. Give the whole run's steps."
        )
    return given.lr * np.interp(steps, np.arange(len(whole)), whole)


def _with_clock(run: xr.Dataset, about: dict[str, Any]) -> xr.Dataset:
    """Add the clock of the decay, from the rates at each step and a line between."""
    name, flags = about["class"] or "SGD", about.get("settings", {})
    momentum = float((flags.get("betas") or (flags.get("beta1") or flags.get("momentum") or 0.0,))[0])
    mu = run.momentum.values if "momentum" in run else np.full(run.lr.shape, momentum)
    rates = Rates(
        run.lr.values, run.weight_decay.values, mu, sums_gradients(name), float(flags.get("dampening", 0.0)),
        is_decoupled(name, flags),
    )  # fmt: skip
    moves = np.asarray(rates.clock)
    run["effective_lr"] = ("layer", "step"), np.array(rates.effective_lr)
    if "decay_clock" not in run:
        run["decay_clock"] = ("layer", "step"), _clock(run, moves)
    if "decay_weight" not in run and acts_on_weights(name, flags):
        run["decay_weight"] = ("layer", "step"), np.where(np.isfinite(moves), 1.0, np.nan)
    return run


def _clock(run: xr.Dataset, moves: np.ndarray) -> np.ndarray:
    """Sum over the steps between the rows, in each segment of each layer, from 0 at its first row."""
    clock = np.full(moves.shape, np.nan)
    steps, segments = run.step.values.astype(float), run.segment.values
    for layer in range(len(moves)):
        for segment in np.unique(segments):
            there = np.flatnonzero((segments == segment) & np.isfinite(moves[layer]))
            if len(there):
                gap, move = np.diff(steps[there]), moves[layer, there]
                passed = gap * move[:-1] + np.diff(move) * np.maximum(gap - 1, 0) / 2
                clock[layer, there] = np.concatenate([[0.0], np.cumsum(passed)])
    return clock
