"""Which n is it? The scale of layer 2 over the inputs, the width and lam, and what that makes of each reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from reports.comparison import SIGMAS, Comparison
from reports.document.section import Results
from reports.runs.balance import stationary_mean, stationary_part
from reports.sections.layers.facts import Settled
from sim.estimates.stationarity import drift

__all__ = [
    "PowerLaw",
    "as_facts",
    "hidden_facts",
    "inputs_facts",
    "lam_laws",
    "power_law",
    "readings",
    "saturation_facts",
]

HALF = -0.5  # the exponent of every reading of 1/sqrt(n)
TOLERANCE = 0.05  # an exponent is -1/2 if it is so close to it, and within 4 sigma
SCATTER = 0.05  # points follow a power law if they lie within this fraction of it
MET = 0.10  # a scale is met if it is within this fraction


@dataclass(frozen=True)
class PowerLaw:
    """y = prefactor x^value: the exponent, its error from the scatter about the law, and that scatter (of ln y)."""

    value: float
    error: float
    prefactor: float
    scatter: float

    def is_near(self, exponent: float) -> bool:
        """Whether the exponent is this one: within 4 standard errors, and within 0.05."""
        off = abs(self.value - exponent)
        return off < SIGMAS * self.error and off < TOLERANCE

    @property
    def falls(self) -> bool:
        """Whether y falls with x beyond doubt."""
        return self.value < -SIGMAS * self.error


def power_law(points: Sequence[tuple[float, float]]) -> PowerLaw:
    """Fit ln y = c + p ln x by least squares to points (x, y).

    Examples
    --------
    >>> law = power_law([(1.0, 2.0), (4.0, 1.0), (16.0, 0.5)])
    >>> print(f"{law.value:.2f} {law.prefactor:.2f} {law.falls}")
    -0.50 2.00 True
    """
    x, y = (np.log(np.array(column)) for column in zip(*points, strict=True))
    centred = x - x.mean()
    exponent = float(centred @ y / (centred @ centred))
    rest = y - y.mean() - exponent * centred
    error = float(np.sqrt(rest @ rest / (len(x) - 2) / (centred @ centred)))
    scatter = float(np.std(rest, ddof=2))
    return PowerLaw(exponent, error, float(np.exp(y.mean() - exponent * x.mean())), scatter)


def lam_laws(rows: Sequence[Settled]) -> dict[int, PowerLaw]:
    """Return each layer's power law of the stationary rms in lam."""
    layers = sorted({row.layer for row in rows})
    return {i: power_law([(row.lam, row.balance.measured) for row in rows if row.layer == i]) for i in layers}


def inputs_facts(mine: Results) -> dict[str, Any]:
    """Return the scale of layer 2 for every change of the inputs, and the laws that it follows."""

    def point(run: xr.Dataset, kind: str, value: float, squared_norm: float) -> dict[str, Any]:
        return {"kind": kind, "value": value, "squared_norm": squared_norm} | _scale_of_layer_2(run)

    changed = mine.where(experiment="inputs").datasets
    points = [point(run, *(run.attrs[name] for name in ("kind", "value", "squared_norm"))) for run in changed]
    untouched = next(p["squared_norm"] / p["value"] ** 2 for p in points if p["kind"] == "scaled")
    for lam in sorted({p["lam"] for p in points}):
        points.append(point(_same_length(mine, lam, changed[0]), "as they are", 1.0, untouched))
    laws = {}
    for kind in ("scaled", "masked"):
        for lam in sorted({p["lam"] for p in points if p["kind"] == kind}):
            chosen = [p for p in points if p["lam"] == lam and p["kind"] in (kind, "as they are")]
            laws[f"{kind}-{lam:g}"] = power_law([(p["squared_norm"], p["rms"]) for p in chosen])
    padded = next(p for p in points if p["kind"] == "padded")
    plain = next(p for p in points if p["kind"] == "as they are" and p["lam"] == padded["lam"])
    ratio = padded["rms"] / plain["rms"]
    error = ratio * math.hypot(padded["error"] / padded["rms"], plain["error"] / plain["rms"])
    verdict = Comparison("padded over plain", padded["value"] ** -0.5, ratio, error, precision=0.02).verdict
    return {
        "inputs": points, "input_laws": laws, "squared_norm": untouched,
        "padded": {"value": ratio, "error": error, "times": padded["value"], "verdict": verdict, "lam": padded["lam"]},
        "inputs_drift": max(abs(p["drift"]) for p in points),
    }  # fmt: skip


def hidden_facts(mine: Results) -> dict[str, Any]:
    """Return the scale of layer 2 for every number of hidden neurons, and its power law in all weights."""
    changed = mine.where(experiment="hidden").datasets
    own = _same_length(mine, changed[0].attrs["lam"], changed[0])
    points = [
        {"hidden": int(run.fan_in[1]), "fan_in": int(run.fan_in[0]), "weights": _all_weights(run), "own": run is own}
        | _scale_of_layer_2(run)
        for run in sorted([own, *changed], key=_all_weights)
    ]
    steps = [
        math.log(b["rms"] / a["rms"]) / math.log(b["weights"] / a["weights"]) for a, b in pairwise(points)
    ]  # between neighbours
    return {
        "hidden": points,
        "hidden_law": power_law([(p["weights"], p["rms"]) for p in points]),
        "hidden_steps": steps,
    }


def _all_weights(run: xr.Dataset) -> int:
    return int(run.layer_weights.sum())


def _same_length(mine: Results, lam: float, other: xr.Dataset) -> xr.Dataset:
    """Return the network as it is at this lam, from the default start, cut to the length of another run."""
    run = mine.one(experiment="lam", lam=lam, init="default")
    return run.isel(epoch=slice(other.sizes["epoch"]))


def _scale_of_layer_2(run: xr.Dataset) -> dict[str, float]:
    """Return the rms in the last third of a run, and by which fraction it drifts there."""
    late = stationary_part(run).rms.sel(layer=2)
    rms, error = stationary_mean(late)
    change, _ = drift(late.transpose("replica", "epoch").values)
    return {"lam": run.attrs["lam"], "rms": rms, "error": error, "drift": change / rms}


def saturation_facts(rows: Sequence[Settled], squared_norm: float) -> dict[str, Any]:
    """Return by which fraction layer 2 misses the saturation scale 2/sqrt(E||x||^2) at the smallest and largest lam."""
    mine = sorted((row for row in rows if row.layer == 2), key=lambda row: row.lam)
    off = {row.lam: row.balance.measured * math.sqrt(squared_norm) / 2 - 1 for row in (mine[-1], mine[0])}
    ends = [{"lam": lam, "off": off[lam], "met": abs(off[lam]) < MET} for lam in sorted(off)]
    return {
        "ends": ends,
        "met_throughout": all(end["met"] for end in ends),
        "met_nowhere": not any(end["met"] for end in ends),
    }


def readings(laws: dict[int, PowerLaw], inputs: dict[str, PowerLaw], hidden: PowerLaw) -> dict[str, Any]:
    """Judge each reading of 1/sqrt(n) by the exponents that were measured.

    Returns
    -------
    dict
        all_weights, squared_norm: whether the exponent is -1/2. depends_on_lam: whether the scale of layer 2 does,
        which no reading of n allows. none: whether no reading is a law. closest: whose exponent is nearest -1/2.
        power_law: whether the points scatter little about the powers.
    """
    depends = not laws[2].is_near(0.0)
    squared_norm = all(law.is_near(HALF) for law in inputs.values())
    all_weights = hidden.is_near(HALF)
    away = {
        "all_weights": abs(hidden.value - HALF),
        "squared_norm": min(abs(law.value - HALF) for law in inputs.values()),
    }
    return {
        "all_weights": all_weights,
        "squared_norm": squared_norm,
        "depends_on_lam": depends,
        "none": depends or not (all_weights or squared_norm),
        "closest": min(away, key=lambda name: away[name]),
        "falls_with_lam": {str(layer): law.falls for layer, law in laws.items()},
        "power_law": max(law.scatter for law in (laws[2], hidden, *inputs.values())) < SCATTER,
    }


def as_facts(found: dict[str, Any]) -> dict[str, Any]:
    """Return the same with every power law as a dict, for JSON."""
    return {
        key: asdict(value) if isinstance(value, PowerLaw) else as_facts(value) if isinstance(value, dict) else value
        for key, value in found.items()
    }
