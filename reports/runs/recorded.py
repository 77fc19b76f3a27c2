"""A recorded run as the forecasts take it: each layer's last segment, and the rates ahead."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import numpy as np
import xarray as xr

from sim.recording.words import acts_on_weights, has_preconditioner, is_decoupled
from theory import Ahead, LayerRecord
from theory.run.record import LEAST_ROWS

__all__ = ["Plan", "ahead_of", "flags_of", "optimizer_of", "record_of", "series_of"]

SAME = 1e-3  # relative: a preconditioned gradient that differs by more shows an optimizer that adapts


@dataclass(frozen=True)
class Plan:
    """What is planned of a run.

    Attributes
    ----------
    steps : int
        How many more.
    factors : ndarray, optional
        Of the peak learning rate, at every update of the whole run. None: the rate stays as it is.
    peak : float, optional
        The learning rate at the factor 1. Default: what the record shows.
    invariant : tuple of str
        Layers that stand before a normalisation, patterns such as "conv*" allowed; the gradients tell of the others.
    """

    steps: int
    factors: np.ndarray | None = None
    peak: float | None = None
    invariant: tuple[str, ...] = ()


def series_of(run: xr.Dataset, layer: str) -> xr.Dataset:
    """Return the last segment of a layer, the rows in which it has a norm."""
    own = run.sel(layer=layer)
    value = own["norm_sq" if "norm_sq" in run else "rms"]
    own = own.isel(step=np.flatnonzero(value.notnull() & (value > 0)))
    return own.isel(step=np.flatnonzero(own.segment == own.segment.max())) if own.sizes["step"] else own


def record_of(run: xr.Dataset, layer: str, invariant: Sequence[str] = ()) -> LayerRecord | str:
    """Return the record of a layer, or why there is none: what the forecast by its drive would need."""
    own, about = series_of(run, layer), optimizer_of(run, layer)
    rows = own.sizes["step"]
    if not rows:
        return "cannot know: no row has a norm above 0"
    if rows < LEAST_ROWS:
        return f"cannot know: {rows} rows since the run began, or was resumed or changed, are too few"
    if "lr" not in own or "weight_decay" not in own:
        missing = "learning rate" if "lr" not in own else "weight decay"
        return f"the {missing} is not known"
    name, flags = about["class"], flags_of(about)
    scale = np.ones(rows)
    if name and not acts_on_weights(name, flags):
        if "decay_weight" not in own or not own.decay_weight.notnull().any():
            return f"{name} preconditions its decay, and no decay_weight, <w, P w> / ||w||^2, was recorded"
        scale = _filled(own.decay_weight.values)
    lr, weight_decay = _filled(own.lr.values), _filled(own.weight_decay.values)
    rate = _filled(own.effective_lr.values) if "effective_lr" in own else lr
    decay = (lr if name and is_decoupled(name, flags) else rate) * weight_decay
    if not decay.max() > 0:
        return "no weight decay acts on it"
    clock = own.decay_clock.values if "decay_clock" in own else None
    if clock is not None and not np.isfinite(clock).all():
        clock = None
    if clock is not None:
        clock = np.concatenate([[0.0], np.cumsum(np.diff(clock) * scale[1:])])
    whole = "norm_sq" in own
    size = int(own.weights) if whole else 1  # of a mean square the cosine comes out in units of 1 / sqrt(weights)
    squares = own.norm_sq.values if whole else own.rms.values**2
    noise_sq = _column(own, "scaled_grad_sq", whole)
    if noise_sq is None and not (name and has_preconditioner(name)):
        noise_sq = _column(own, "grad_sq", whole)
    return LayerRecord(
        own.step.values, squares, decay * scale, rate, clock, noise_sq=noise_sq,
        **{key: _column(own, key) for key in ("alignment", "grad_sq") if {"alignment", "grad_sq"} <= set(own)},
        weights=size, invariant=True if any(fnmatch(layer, pattern) for pattern in invariant) else None,
        adaptive=_adapts(own, name),
    )  # fmt: skip


def optimizer_of(run: xr.Dataset, layer: str) -> dict[str, Any]:
    """Return the header's entry for the optimizer that has the layer."""
    entries: list[dict[str, Any]] = json.loads(run.attrs["optimizers"])
    for entry in entries:
        for group in entry.get("groups", ()):
            if any(parameter["name"] == layer for parameter in group["parameters"]):
                return {**entry, "groups": [group]}
    return entries[0]


def flags_of(about: dict[str, Any]) -> dict[str, Any]:
    """Return the settings in an optimizer's entry: ours, or those of its group in torch."""
    found: dict[str, Any] = about.get("settings") or (about.get("groups") or [{}])[0]
    return found


def _column(own: xr.Dataset, name: str, there: bool = True) -> np.ndarray | None:
    return own[name].values if there and name in own and own[name].notnull().any() else None


def _adapts(own: xr.Dataset, name: str | None) -> bool:
    if name is not None:
        return has_preconditioner(name)
    if "scaled_grad_sq" not in own or "grad_sq" not in own:
        return False
    ratio = np.log(own.scaled_grad_sq.values / own.grad_sq.values)
    return bool(np.nanmedian(np.abs(ratio)) > SAME)


def _filled(values: np.ndarray) -> np.ndarray:
    """Return the values with those that are missing taken from the row before, at the start from the first known."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return np.zeros(len(values))
    return values[known[np.maximum(np.searchsorted(known, np.arange(len(values)), side="right") - 1, 0)]]


def ahead_of(run: xr.Dataset, layer: str, record: LayerRecord, plan: Plan) -> Ahead:
    """Return the rates of the updates to come; the schedule must reach as far."""
    factors = plan.factors if plan.factors is not None else _planned(run)
    if factors is None:
        return Ahead.held(float(record.decay[-1]), float(record.rate[-1]), plan.steps)
    own, last = series_of(run, layer), int(record.step[-1])
    lr = _filled(own.lr.values)
    at = factors[np.minimum(own.step.values.astype(int), len(factors) - 1)]
    seen = at > 0.01 * factors.max()
    peak = plan.peak if plan.peak is not None else float(np.median(lr[seen] / at[seen])) if seen.any() else lr[-1]
    coming = peak * factors[last : last + plan.steps]
    shown = np.flatnonzero(lr > 0)[-1]
    return Ahead(record.decay[shown] / lr[shown] * coming, record.rate[shown] / lr[shown] * coming)


def _planned(run: xr.Dataset) -> np.ndarray | None:
    """Return the factors of the schedule that the header tells."""
    line, steps = (json.loads(run.attrs.get(name, "null")) for name in ("planned_lr", "planned_steps"))
    return None if line is None else np.interp(np.arange(steps), line["steps"], line["factors"])
