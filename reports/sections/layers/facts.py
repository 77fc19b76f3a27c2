"""The numbers that the section on layers quotes in every report: budgets, stationary scales, and the mean field."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr

import theory
from reports.comparison import Comparison
from reports.document.section import Results
from reports.runs.averages import over_replicas
from reports.runs.balance import DRIFTS, LayerBalance, balance_of, budget_of, stationary_mean, stationary_part
from reports.sections.mnist_run.section import STARTS
from sim.estimates.stationarity import drift

__all__ = [
    "DOMINATED",
    "Drift",
    "EndGap",
    "Settled",
    "budget_facts",
    "common_drifts",
    "course",
    "end_gaps",
    "field_facts",
    "same_ends",
    "settled",
]

DOMINATED = 10.0  # decay dominates where it is so many times the gradient's drive


@dataclass(frozen=True)
class Settled:
    """One layer of one run at its end, beside the balance."""

    lam: float
    init: str
    layer: int
    epochs: int
    balance: LayerBalance

    def comparison(self) -> Comparison:
        """Compare the measured rms with the balance."""
        name = f"norm balance: rms of layer {self.layer}, lam = {self.lam:g}, {self.init} start"
        return self.balance.comparison(name)

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers, for JSON."""
        where = {"lam": self.lam, "init": self.init, "layer": self.layer, "epochs": self.epochs}
        return where | asdict(self.balance)


@dataclass(frozen=True)
class Drift:
    """Change of a layer's ||w||^2 over the last third of all runs at one lam, relative, with its standard error."""

    lam: float
    layer: int
    change: float
    error: float

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers, for JSON."""
        sigma = self.change / self.error
        return asdict(self) | {"sigma": sigma, "stationary": abs(sigma) < DRIFTS}


@dataclass(frozen=True)
class EndGap:
    """By how much the rms from the large start ends above that from the default start, relative.

    `gap` is of the last third of the run; `earlier` of the third before it.
    """

    lam: float
    layer: int
    gap: float
    error: float
    earlier: float

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers and whether the starts end at one scale, for JSON."""
        name = f"large start over default start, layer {self.layer}, lam = {self.lam:g}"
        ratio = Comparison(name, 1.0, 1 + self.gap, self.error, precision=0.02)
        return asdict(self) | {"verdict": ratio.verdict}


def settled(runs: Results) -> list[Settled]:
    """Balance every layer of every run."""
    return [
        Settled(run.attrs["lam"], run.attrs["init"], layer, int(run.epoch[-1]), balance_of(run, layer))
        for run in runs.datasets
        for layer in run.layer.values.tolist()
    ]


def common_drifts(runs: Results) -> list[Drift]:
    """Test each lam and layer for drift of ||w||^2 over the last third, the replicas of both starts taken together."""
    out = []
    for lam in sorted({run.attrs["lam"] for run in runs.datasets}):
        parts = [stationary_part(run).rms ** 2 for run in runs.where(lam=lam).datasets]
        for layer in parts[0].layer.values:
            series = np.concatenate([p.sel(layer=layer).transpose("replica", "epoch").values for p in parts])
            out.append(Drift(lam, int(layer), *drift(series / series.mean(axis=1, keepdims=True))))
    return out


def end_gaps(runs: Results) -> list[EndGap]:
    """Compare the rms at which the two starts end, for each lam and layer, and what the gap was before."""
    out = []
    for lam in sorted({run.attrs["lam"] for run in runs.datasets}):
        pair = [runs.one(lam=lam, init=init) for init in STARTS]
        for layer in pair[0].layer.values:
            ends = [stationary_mean(stationary_part(run).rms.sel(layer=layer)) for run in pair]
            before = [float(_third_before(run).rms.sel(layer=layer).mean()) for run in pair]
            ratio = ends[0][0] / ends[1][0]
            error = ratio * math.hypot(*(error / value for value, error in ends))
            out.append(EndGap(lam, int(layer), ratio - 1, error, before[0] / before[1] - 1))
    return out


def _third_before(run: xr.Dataset) -> xr.Dataset:
    length = run.sizes["epoch"] // 3
    return run.isel(epoch=slice(-2 * length, -length))


def budget_facts(question: Results) -> dict[str, Any]:
    """Return the terms of the first and the last epoch, relative to ||w||^2 per epoch, and where each layer turns.

    `course` says in a word who wins in the first epoch: "decay" alone (ten times the gradient's drive), or a gradient
    that "grows" the layer against the decay, "slows" it or "helps" it.
    """
    out = {}
    for init in STARTS:
        run = question.one(init=init)
        for layer in run.layer.values.tolist():
            budget = budget_of(run, layer)
            total = budget.total.mean(axis=0)
            turns = np.flatnonzero(np.sign(total[1:]) != np.sign(total[:-1]))
            first = budget.at(0)
            out[f"{init}-{layer}"] = {
                "first": first, "last": budget.at(-1), "turn": int(turns[0]) + 2 if turns.size else None,
                "course": course(first["decay"], first["noise"] + first["signal"]),
            }  # fmt: skip
    return out


def course(decay: float, drive: float) -> str:
    """Say who wins where decay and the gradient's drive change ||w||^2 by these fractions."""
    if -decay > DOMINATED * abs(drive):
        return "decay"
    if drive > -decay:
        return "grows"
    return "slows" if drive > 0 else "helps"


def field_facts(mine: Results, question: Results) -> tuple[dict[str, Any], list[Comparison]]:
    """Put the mean field's gradients beside those of untrained networks, with the ratio that decides claim 1."""
    rows, ratios, comparisons = [], {}, []
    for init in STARTS:
        run, measured = question.one(init=init), mine.one(experiment="untrained", init=init)
        field = theory.mean_field(
            run.attrs["sizes"], inputs=measured.inputs.values, init=init, batch_size=run.attrs["batch_size"]
        )
        ratios[init] = field.decay_ratio(run.attrs["n"], run.attrs["lam"], run.attrs["eta"]).tolist()
        for i, layer in enumerate(measured.layer.values.tolist()):
            for what in ("grad_sq", "alignment"):
                average, predicted = over_replicas(measured[what].sel(layer=layer)), float(getattr(field, what)[i])
                name = f"mean field: {what} of layer {layer}, {init} start"
                comparisons.append(Comparison(name, predicted, average.value, average.error, precision=0.1))
                rows.append({"init": init, "layer": layer, "what": what, "predicted": predicted,
                             "measured": average.value, "error": average.error})  # fmt: skip
    facts = {"rows": rows, "decay_ratio": ratios, "replicas": int(measured.sizes["replica"]),
             "batch_size": run.attrs["batch_size"], "saturation_scale": float(field.saturation_scale[0])}  # fmt: skip
    return facts, comparisons


def same_ends(gaps: Sequence[EndGap]) -> dict[str, str]:
    """Say of each layer whether the two starts end at one scale; "differs" if at one lam they do not."""
    out: dict[str, str] = {}
    for layer in sorted({gap.layer for gap in gaps}):
        found = {gap.as_dict()["verdict"] for gap in gaps if gap.layer == layer}
        out[str(layer)] = next(word for word in ("differs", "undecided", "agrees") if word in found)
    return out
