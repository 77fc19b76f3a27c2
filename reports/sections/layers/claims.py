"""What decides the textbook's three claims for its two examples, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from reports.runs.averages import over_replicas
from reports.runs.balance import budget_of
from reports.sections.layers.facts import course
from reports.sections.mnist_run.facts import AROUND, NEAR
from reports.sections.mnist_run.published import TEXTBOOK_ACCURACIES

__all__ = ["textbook_facts", "textbook_verdicts"]


def textbook_facts(examples: Mapping[int, Mapping[str, xr.Dataset]]) -> list[dict[str, Any]]:
    """Return what decides the claims, from {hidden neurons: {start: run}}."""
    out = []
    for hidden, runs in examples.items():
        large = runs["large"]
        entry: dict[str, Any] = {
            "hidden": hidden, "replicas": int(large.sizes["replica"]), "epochs": int(large.epoch[-1]),
            "step": large.attrs["eta"] * large.attrs["lam"] / large.attrs["n"],
            "layers": [_layer(large, layer) for layer in large.layer.values.tolist()],
        }  # fmt: skip
        for init, run in runs.items():
            accuracy = over_replicas(100 * run.accuracy.sel(split="validation").isel(epoch=-1))
            published = 100 * TEXTBOOK_ACCURACIES[hidden][init]
            entry[init] = {"value": accuracy.value, "error": accuracy.error, "published": published}
        out.append(entry)
    return out


def _layer(run: xr.Dataset, layer: int) -> dict[str, Any]:
    """Return the numbers that decide for one layer, each with what it decides."""
    budget = budget_of(run, layer)
    decay, drive = float(budget.decay.mean(axis=0)[0]), float(budget.drive.mean(axis=0)[0])
    rms = run.rms.sel(layer=layer)
    end = float(rms.isel(epoch=-1).mean("replica"))
    counts = {"inputs": int(run.fan_in.sel(layer=layer)), "all": int(run.layer_weights.sum())}
    first = float(np.log(rms.isel(epoch=1) / rms.isel(epoch=0)).mean())
    rate, times = first / (decay / 2), {which: end * math.sqrt(count) for which, count in counts.items()}
    return {
        "layer": layer, "decay": decay, "drive": drive, "dominated": course(decay, drive) == "decay",
        "log_change": first, "rate_ratio": rate, "rate_holds": abs(rate - 1) < NEAR,
        "end": end, "times": times, "around": {which: 1 / AROUND < ratio < AROUND for which, ratio in times.items()},
    }  # fmt: skip


def textbook_verdicts(textbook: list[dict[str, Any]]) -> dict[str, Any]:
    """Say whether claim 3 holds anywhere, and whether claim 1 parts the two layers."""
    layers = [layer for example in textbook for layer in example["layers"]]
    return {
        "claim_3_somewhere": any(holds for layer in layers for holds in layer["around"].values()),
        "layer_2_saturated": all(layer["dominated"] for layer in layers if layer["layer"] == 2),
        "layers_differ": all(layer["dominated"] == (layer["layer"] == 2) for layer in layers),
    }
