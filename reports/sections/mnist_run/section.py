"""The question's experiment on MNIST: both starts, measured against pure decay and the textbook's three claims."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

import sim
import theory
from reports.comparison import Comparison
from reports.document.section import Picture, Section, Task
from reports.sections.figures import accuracy_figure, layers_figure
from reports.sections.published import INDEPENDENT_ACCURACY, INDEPENDENT_RUN, QUESTION, TEXTBOOK_ACCURACIES

__all__ = ["NAME", "report", "tasks"]

NAME = "mnist_run"

EPOCHS = 30
SETTINGS: dict[str, Any] = {"sizes": (784, 30, 10), "epochs": EPOCHS, "batch_size": 10, "eta": 0.1, "lam": 5.0}
STARTS = ("large", "default")
REPLICAS, QUICK_REPLICAS = 4, 2
NEAR = 0.10  # a change is "dominated by decay" if it is within this fraction of the change by decay alone
AROUND = 2.0  # and a scale is "around 1/sqrt(n)" if it is within this factor of it


def tasks(quick: bool, seed: int, data: sim.Data) -> list[Task]:
    """Return the training runs, one task for each start."""
    replicas = QUICK_REPLICAS if quick else REPLICAS
    return [
        Task(
            init,
            sim.train,
            SETTINGS
            | {"data": data, "init": init, "replicas": replicas, "seed": seed, "evaluate_every": 6 if quick else 1}
            | {"statistics": 4 if quick else "every"},
            cost=0.08 * EPOCHS * replicas,
            what=f"MNIST, {init} start",
            ticks=EPOCHS * replicas,
        )
        for init in STARTS
    ]


def report(results: dict[str, dict[str, xr.Dataset]], quick: bool) -> Section:
    """Fit the decay, judge the claims and put the published numbers beside ours."""
    del quick  # the same comparisons, with fewer replicas
    runs = results[NAME]
    large = runs["large"]
    fits = {int(layer): _fit(large, int(layer)) for layer in large.layer}
    claims, comparisons = _claims(large, fits)
    facts = {
        "settings": {name: large.attrs[name] for name in ("epochs", "batch_size", "eta", "lam", "n", "seed")},
        "replicas": large.sizes["replica"],
        "epochs": int(large.epoch[-1]),
        "near_percent": round(100 * NEAR),
        "around": AROUND,
        "claims": claims,
        "fits": {str(layer): _fit_facts(fit) for layer, fit in fits.items()},
        "table": _published_table(large),
        "accuracy": {
            init: _mean(100 * run.accuracy.sel(split="validation").isel(epoch=-1)) for init, run in runs.items()
        },
        "textbook_accuracy": {init: 100 * value for init, value in TEXTBOOK_ACCURACIES[30].items()},
        "independent_accuracy": 100 * INDEPENDENT_ACCURACY,
        "missing": _what_was_missing(large),
        "default_end": {str(layer): _mean(runs["default"].rms.sel(layer=layer).isel(epoch=-1)) for layer in fits},
        "large_end": {str(layer): _mean(large.rms.sel(layer=layer).isel(epoch=-1)) for layer in fits},
        "equilibrium": theory.equilibrium(large.attrs["n"], large.attrs["lam"], large.attrs["eta"]).scale,
    }
    pictures = {
        "layers": Picture(
            layers_figure(runs, fits),
            "Root mean square weight of layers 2 and 3 over the epochs from both starts: layer 2 falls along pure "
            "decay and slows down far above one over root n, layer 3 grows instead.",
        ),
        "accuracy": Picture(
            accuracy_figure(runs),
            "Validation accuracy over the epochs: the default start is ahead at first, and both end close together, "
            "near the textbook's end points.",
        ),
    }
    return Section(NAME, facts, comparisons, pictures, {f"training-{init}": run for init, run in runs.items()})


def _mean(values: xr.DataArray) -> dict[str, float]:
    """Return the mean over the replicas, their standard deviation and the standard error."""
    spread = float(values.std(ddof=1))
    return {"value": float(values.mean()), "spread": spread, "error": spread / math.sqrt(values.size)}


def _fit(run: xr.Dataset, layer: int) -> sim.DecayFit:
    rms = run.rms.sel(layer=layer)
    error = rms.std("replica", ddof=1) / math.sqrt(rms.sizes["replica"])
    return sim.fit_decay(run.epoch.values, rms.mean("replica").values, error.values)


def _fit_facts(fit: sim.DecayFit) -> dict[str, Any]:
    return {
        "scale": fit.scale._asdict(), "rate": fit.rate._asdict(), "message": fit.message, "tail_seen": fit.tail_seen,
    }  # fmt: skip


def _log_change(run: xr.Dataset, layer: int) -> dict[str, float]:
    """Return ln of the factor by which the first epoch changes the layer's rms."""
    rms = run.rms.sel(layer=layer)
    return _mean(np.log(rms.isel(epoch=1) / rms.isel(epoch=0)))


def _claims(run: xr.Dataset, fits: dict[int, sim.DecayFit]) -> tuple[list[dict[str, Any]], list[Comparison]]:
    """Judge the textbook's three claims layer by layer; every number that decides is returned with its verdict."""
    eq = theory.equilibrium(run.attrs["n"], run.attrs["lam"], run.attrs["eta"])
    decay = math.log(eq.shrink_per_epoch(run.attrs["batch_size"]))
    comparisons: list[Comparison] = []
    claims: list[dict[str, Any]] = []
    for layer in fits:
        change = _log_change(run, layer)
        name = f"claims 1 and 2: ln of the first epoch's factor on the rms, layer {layer}"
        first = Comparison(name, decay, change["value"], change["error"], precision=NEAR)
        comparisons.append(first)
        near = abs(change["value"] / decay - 1) < NEAR
        claims.append({
            "claim": "1 and 2", "layer": layer, "predicted": decay, "measured": change["value"],
            "error": change["error"], "z": first.z, "verdict": _judged(near),
        })  # fmt: skip
        end = _mean(run.rms.sel(layer=layer).isel(epoch=-1))
        for count, which in (
            (int(run.fan_in.sel(layer=layer)), "inputs"),
            (int(run.layer_weights.sum()), "all weights"),
        ):
            name = f"claim 3: rms after {int(run.epoch[-1])} epochs against 1/sqrt({count}), layer {layer}"
            comparison = Comparison(name, count**-0.5, end["value"], end["error"], precision=NEAR)
            comparisons.append(comparison)
            claims.append({
                "claim": f"3, n = {which}", "layer": layer, "predicted": count**-0.5, "measured": end["value"],
                "error": end["error"], "z": comparison.z,
                "verdict": _judged(1 / AROUND < end["value"] * count**0.5 < AROUND),
            })  # fmt: skip
    claims.sort(key=lambda row: str(row["claim"]))
    return claims, comparisons


def _judged(holds: bool) -> str:
    return "holds" if holds else "fails"


def _published_table(run: xr.Dataset) -> list[dict[str, Any]]:
    """Return the question's numbers beside ours: mean and spread over the replicas, before and after."""
    rows = []
    for (statistic, layer), (before, after) in QUESTION.items():
        values = run[statistic].sel(layer=layer)
        other = INDEPENDENT_RUN.get((statistic, layer))
        rows.append({
            "statistic": statistic, "layer": layer,
            "published": [before, after], "independent": list(other) if other else None,
            "ours": [_mean(values.isel(epoch=0)), _mean(values.isel(epoch=-1))],
        })  # fmt: skip
    return rows


def _before_and_after(run: xr.Dataset, layers: list[int]) -> dict[str, float]:
    """Return the sum of squared weights of some layers at the start and at the end, averaged over the replicas."""
    chosen = run.sel(layer=layers)
    square = (chosen.rms**2 * chosen.layer_weights).sum("layer").mean("replica")
    return {"before": float(square[0]), "after": float(square[-1])}


def _what_was_missing(run: xr.Dataset) -> dict[str, Any]:
    """Return the numbers of "what the asker was missing"."""
    eq = theory.equilibrium(run.attrs["n"], run.attrs["lam"], run.attrs["eta"])
    per_epoch = -math.log(eq.shrink_per_epoch(run.attrs["batch_size"]))
    fan_in, every = int(run.fan_in[0]), int(run.layer_weights.sum())
    start = QUESTION["variance", 2][0]
    weights = {int(layer): int(run.layer_weights.sel(layer=layer)) for layer in run.layer}
    return {
        "time_constant": 1 / per_epoch,
        "time_constant_epochs_run": int(run.epoch[-1]) * per_epoch,
        "time_constants": 30 * per_epoch,
        "pure_decay_variance": start * math.exp(-2 * 30 * per_epoch),
        "epochs_to_fan_in": math.log(math.sqrt(fan_in)) / per_epoch,
        "epochs_to_all": math.log(math.sqrt(every)) / per_epoch,
        "fan_in": fan_in,
        "n_weights": every,
        "layer_weights": {str(layer): weights[layer] for layer in weights},
        "sum_spread": {str(layer): math.sqrt(weights[layer]) for layer in weights},
        "fan_out": {str(layer): weights[layer] // int(run.fan_in.sel(layer=layer)) for layer in weights},
        "total_square": _before_and_after(run, list(weights)),
        "layer3_square": _before_and_after(run, [3]),
    }
