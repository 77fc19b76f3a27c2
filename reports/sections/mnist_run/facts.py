"""The numbers that the section on the question's experiment quotes, and what they decide."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

import sim
import theory
from reports.comparison import SIGMAS, Comparison
from reports.runs.averages import Average, over_replicas
from reports.sections.mnist_run.published import INDEPENDENT_RUN, QUESTION, QUESTION_SETTINGS
from sim.estimates.spread import mean_and_error

__all__ = [
    "AROUND",
    "NEAR",
    "claims_of",
    "fit_facts",
    "fit_of",
    "network_facts",
    "published_table",
    "verdicts",
    "what_was_missing",
]

NEAR = 0.10  # a change is "dominated by decay" if it is within this fraction of the change by decay alone
AROUND = 2.0  # and a scale is "around 1/sqrt(n)" if it is within this factor of it
HIDDEN, OUTPUT = 2, 3  # the layers, as the textbook numbers them


def fit_of(run: xr.Dataset, layer: int) -> sim.DecayFit:
    """Fit the exponential approach to a tail to the replicas' mean rms of a layer."""
    return sim.fit_decay(run.epoch.values, *mean_and_error(run.rms.sel(layer=layer).transpose("replica", "epoch")))


def fit_facts(fit: sim.DecayFit, run: xr.Dataset, layer: int) -> dict[str, Any]:
    """Return the fit's numbers (None where the data do not tell them), and whether the data show its tail."""
    if not (fit.converged and np.isfinite([*fit.scale, *fit.rate]).all()):
        return {"converged": False, "tail_seen": False, "message": fit.message, "scale": None, "rate": None}
    end = float(run.rms.sel(layer=layer).isel(epoch=-1).mean())
    return {
        "converged": True, "scale": fit.scale._asdict(), "rate": fit.rate._asdict(), "message": fit.message,
        "tail_seen": fit.tail_seen, "end_over_tail": end / fit.scale.value if fit.scale.value else None,
        "chi2_per_dof": fit.chi2_per_dof,
    }  # fmt: skip


def network_facts(run: xr.Dataset) -> dict[str, Any]:
    """Return the sizes of the network that was trained, and both readings of n."""
    return {
        "sizes": [int(size) for size in run.attrs["sizes"]],
        "fan_in": {str(int(layer)): int(run.fan_in.sel(layer=layer)) for layer in run.layer},
        "layer_weights": {str(int(layer)): int(run.layer_weights.sel(layer=layer)) for layer in run.layer},
        "n_weights": int(run.layer_weights.sum()),
    }


def _decay_per_epoch(settings: dict[str, Any]) -> float:
    """Return ln of the factor by which decay alone changes a weight in an epoch."""
    eq = theory.equilibrium(settings["n"], settings["lam"], settings["eta"])
    return math.log(eq.shrink_per_epoch(settings["batch_size"]))


def _log_change(run: xr.Dataset, layer: int) -> Average:
    """Return ln of the factor by which the first epoch changes the layer's rms."""
    rms = run.rms.sel(layer=layer)
    return over_replicas(np.log(rms.isel(epoch=1) / rms.isel(epoch=0)))


def claims_of(run: xr.Dataset) -> tuple[list[dict[str, Any]], list[Comparison]]:
    """Judge the textbook's three claims layer by layer; every number that decides is returned with its verdict."""
    decay, every = _decay_per_epoch(run.attrs), int(run.layer_weights.sum())
    judged: list[tuple[str, int, bool, Comparison]] = []
    for layer in run.layer.values.tolist():
        change = _log_change(run, layer)
        name = f"claims 1 and 2: ln of the first epoch's factor on the rms, layer {layer}"
        near = abs(change.value / decay - 1) < NEAR
        first = Comparison(name, decay, change.value, change.error, precision=NEAR)
        judged.append(("1 and 2", layer, near, first))
        end = over_replicas(run.rms.sel(layer=layer).isel(epoch=-1))
        for count, which in ((int(run.fan_in.sel(layer=layer)), "inputs"), (every, "all weights")):
            name = f"claim 3: rms after {int(run.epoch[-1])} epochs against 1/sqrt({count}), layer {layer}"
            comparison = Comparison(name, count**-0.5, end.value, end.error, precision=NEAR)
            around = 1 / AROUND < end.value * count**0.5 < AROUND
            judged.append((f"3, n = {which}", layer, around, comparison))
    claims: list[dict[str, Any]] = [
        {"claim": claim, "layer": layer, "predicted": c.predicted, "measured": c.measured, "error": c.standard_error,
         "z": c.z, "verdict": "holds" if holds else "fails"}
        for claim, layer, holds, c in judged
    ]  # fmt: skip
    return sorted(claims, key=lambda row: str(row["claim"])), [c for *_, c in judged]


def published_table(run: xr.Dataset) -> list[dict[str, Any]]:
    """Return the question's numbers beside ours: mean and spread over the replicas, before and after."""
    rows = []
    for (statistic, layer), (before, after) in QUESTION.items():
        values = run[statistic].sel(layer=layer)
        other = INDEPENDENT_RUN.get((statistic, layer))
        rows.append({
            "statistic": statistic, "layer": layer,
            "published": [before, after], "independent": list(other) if other else None,
            "ours": [over_replicas(values.isel(epoch=at)).as_dict() for at in (0, -1)],
        })  # fmt: skip
    return rows


def _before_and_after(run: xr.Dataset, layers: list[int]) -> dict[str, float]:
    """Return the sum of squared weights of some layers at the start and at the end, averaged over the replicas."""
    chosen = run.sel(layer=layers)
    square = (chosen.rms**2 * chosen.layer_weights).sum("layer").mean("replica")
    return {"before": float(square[0]), "after": float(square[-1])}


def what_was_missing(run: xr.Dataset) -> dict[str, Any]:
    """Return the numbers of "what the asker was missing": of the question's own run, and sums of squares of ours."""
    asked: dict[str, Any] = QUESTION_SETTINGS
    per_epoch = -_decay_per_epoch(asked)
    sizes = asked["sizes"]
    weights = {str(layer): sizes[layer - 2] * sizes[layer - 1] for layer in (HIDDEN, OUTPUT)}
    fan_in, every = sizes[0], sum(weights.values())
    start = QUESTION["variance", HIDDEN][0]
    return {
        "time_constant": 1 / per_epoch,
        "time_constant_epochs_run": -int(run.epoch[-1]) * _decay_per_epoch(run.attrs),
        "time_constants": asked["epochs"] * per_epoch,
        "pure_decay_variance": start * math.exp(-2 * asked["epochs"] * per_epoch),
        "epochs_to_fan_in": math.log(math.sqrt(fan_in)) / per_epoch,
        "epochs_to_all": math.log(math.sqrt(every)) / per_epoch,
        "fan_in": fan_in,
        "n_weights": every,
        "layer_weights": weights,
        "sum_spread": {layer: math.sqrt(count) for layer, count in weights.items()},
        "fan_out": {str(layer): sizes[layer - 1] for layer in (HIDDEN, OUTPUT)},
        "total_square": _before_and_after(run, run.layer.values.tolist()),
        "layer3_square": _before_and_after(run, [OUTPUT]),
    }


def verdicts(runs: dict[str, xr.Dataset]) -> dict[str, Any]:
    """Return what the runs say, claim by claim: the template's sentences follow.

    Returns
    -------
    dict
        first_epoch: what each layer does in the first epoch from the large start ("decays", "grows", ...).
        gradient: rms of the minibatch gradient per weight at the end, per layer, and whether it is around 1/sqrt(n).
        walk_describes: whether each layer ends around the random walk's scale.
        default_from_below: whether layer 2 grows from the default start.
        total_falls, output_grows: of sum w^2 of all layers and of layer 3, from the large start.
    """
    large, default = runs["large"], runs["default"]
    decay, layers = _decay_per_epoch(large.attrs), large.layer.values.tolist()
    walk = theory.equilibrium(large.attrs["n"], large.attrs["lam"], large.attrs["eta"]).scale
    ends = {layer: float(large.rms.sel(layer=layer).isel(epoch=-1).mean()) for layer in layers}
    per_weight = {
        layer: math.sqrt(
            float(large.grad_sq.sel(layer=layer).isel(epoch=-1).mean() / large.layer_weights.sel(layer=layer))
        )
        for layer in layers
    }
    white = large.attrs["n"] ** -0.5
    below = default.rms.sel(layer=HIDDEN).mean("replica")
    total, output = _before_and_after(large, layers), _before_and_after(large, [OUTPUT])
    return {
        "first_epoch": {str(layer): _course(_log_change(large, layer), decay) for layer in layers},
        "gradient": {
            str(layer): {"value": g, "as_assumed": bool(1 / AROUND < g / white < AROUND)}
            for layer, g in per_weight.items()
        },
        "white_gradient": white,
        "walk_describes": {str(layer): bool(1 / AROUND < end / walk < AROUND) for layer, end in ends.items()},
        "default_from_below": bool(below[0] < below[-1]),
        "total_falls": total["after"] < total["before"],
        "output_grows": output["after"] > output["before"],
    }


def _course(change: Average, decay: float) -> str:
    """Say what a layer does in an epoch that changes ln of its rms so, where decay alone would change it by `decay`."""
    if abs(change.value / decay - 1) < NEAR:
        return "decays"
    if abs(change.value) < SIGMAS * change.error:
        return "stays"
    if change.value > 0:
        return "grows"
    return "shrinks faster" if change.value < decay else "shrinks more slowly"
