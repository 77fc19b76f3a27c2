"""The numbers that the section on layers quotes: laws, budgets, forecasts, and what decides the textbook's claims."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

import theory
from reports.runs.balance import DRIFTS, budget_per_epoch, mean_and_error, stationary_part
from reports.sections.published import TEXTBOOK_ACCURACIES
from sim.estimates.stationarity import drift

__all__ = [
    "budget_facts",
    "common_drifts",
    "end_gaps",
    "field_facts",
    "forecast_facts",
    "hidden_facts",
    "inputs_facts",
    "power_law",
    "textbook_facts",
]

CLOSE = 0.05  # a forecast has arrived when it is within this fraction of the final scale
DOMINATED = 10.0  # decay dominates where it is so many times the gradient's drive
STARTS = ("large", "default")


def common_drifts(grid: dict[str, xr.Dataset]) -> list[dict[str, Any]]:
    """Test each lam and layer for drift of ||w||^2 over the last third, the replicas of both starts taken together."""
    out = []
    for lam in sorted({run.attrs["lam"] for run in grid.values()}):
        parts = [stationary_part(run).rms ** 2 for run in grid.values() if run.attrs["lam"] == lam]
        for layer in parts[0].layer.values:
            series = np.concatenate([p.sel(layer=layer).transpose("replica", "epoch").values for p in parts])
            change, error = drift(series / series.mean(axis=1, keepdims=True))
            out.append({"lam": lam, "layer": int(layer), "change": change, "error": error, "sigma": change / error,
                        "stationary": abs(change / error) < DRIFTS})  # fmt: skip
    return out


def end_gaps(grid: dict[str, xr.Dataset]) -> list[dict[str, Any]]:
    """Compare the rms at which the two starts end, for each lam and layer: the relative gap, and what it was before.

    `gap` is of the last third of the run, large start over default start less one; `earlier` of the third before it.
    """
    out = []
    for lam in sorted({run.attrs["lam"] for run in grid.values()}):
        large, default = (grid[f"lam-{lam:g}-{init}"] for init in STARTS)
        for layer in large.layer.values:
            ends = [mean_and_error(stationary_part(run).rms.sel(layer=layer)) for run in (large, default)]
            before = [_third_before(run).rms.sel(layer=layer) for run in (large, default)]
            ratio = ends[0][0] / ends[1][0]
            error = ratio * math.hypot(*(error / value for value, error in ends))
            out.append({"lam": lam, "layer": int(layer), "gap": ratio - 1, "error": error,
                        "earlier": float(before[0].mean() / before[1].mean()) - 1})  # fmt: skip
    return out


def _third_before(run: xr.Dataset) -> xr.Dataset:
    length = run.sizes["epoch"] // 3
    return run.isel(epoch=slice(-2 * length, -length))


def power_law(points: list[tuple[float, float, float]]) -> dict[str, float]:
    """Fit ln y = c + p ln x by weighted least squares; return p with its error from the scatter about the law."""
    x, y, _ = (np.log(np.array(column)) for column in zip(*points, strict=True))
    centred = x - x.mean()
    exponent = float(centred @ y / (centred @ centred))
    rest = y - y.mean() - exponent * centred
    error = float(np.sqrt(rest @ rest / (len(x) - 2) / (centred @ centred)))
    return {"value": exponent, "error": error, "prefactor": float(np.exp(y.mean() - exponent * x.mean())),
            "scatter": float(np.std(rest, ddof=2))}  # fmt: skip


def budget_facts(question: dict[str, xr.Dataset]) -> dict[str, Any]:
    """Return the terms of the first and the last epoch, relative to ||w||^2 per epoch, and where each layer turns."""
    out = {}
    for init, run in question.items():
        for layer in run.layer.values:
            terms = budget_per_epoch(run, int(layer))
            total = terms["decay"] + terms["noise"] + terms["signal"]
            turns = np.flatnonzero(np.sign(total[1:]) != np.sign(total[:-1]))
            out[f"{init}-{layer}"] = {
                "first": {k: float(v[0]) for k, v in terms.items()},
                "last": {k: float(v[-1]) for k, v in terms.items()},
                "turn": int(turns[0]) + 2 if turns.size else None,
            }
    return out


def field_facts(mine: dict[str, xr.Dataset], question: dict[str, xr.Dataset]) -> dict[str, Any]:
    """Put the mean field's gradients beside those of untrained networks, with the ratio that decides claim 1."""
    rows, ratios = [], {}
    for init, run in question.items():
        measured = mine[f"untrained-{init}"]
        field = theory.mean_field(
            run.attrs["sizes"], inputs=measured.inputs.values, init=init, batch_size=run.attrs["batch_size"]
        )
        ratios[init] = field.decay_ratio(run.attrs["n"], run.attrs["lam"], run.attrs["eta"]).tolist()
        for i, layer in enumerate(measured.layer.values):
            for name in ("grad_sq", "alignment"):
                values = measured[name].sel(layer=layer)
                error = float(values.std(ddof=1)) / math.sqrt(values.size)
                predicted = float(getattr(field, name)[i])
                rows.append({"init": init, "layer": int(layer), "what": name, "predicted": predicted,
                             "measured": float(values.mean()), "error": error})  # fmt: skip
    return {"rows": rows, "decay_ratio": ratios, "replicas": int(measured.sizes["replica"]),
            "saturation_scale": float(field.saturation_scale[0])}  # fmt: skip


def inputs_facts(mine: dict[str, xr.Dataset]) -> dict[str, Any]:
    """Return the scale of layer 2 for every change of the inputs, and the laws that it follows."""

    def point(run: xr.Dataset, kind: str, value: float, squared_norm: float) -> dict[str, Any]:
        return {"kind": kind, "value": value, "squared_norm": squared_norm} | _scale_of_layer_2(run)

    changed = [run for run in mine.values() if "kind" in run.attrs]
    points = [point(run, *(run.attrs[name] for name in ("kind", "value", "squared_norm"))) for run in changed]
    untouched = next(p["squared_norm"] / p["value"] ** 2 for p in points if p["kind"] == "scaled")
    for lam in sorted({p["lam"] for p in points}):
        points.append(point(_same_length(mine, lam, changed[0]), "as they are", 1.0, untouched))
    laws = {}
    for kind in ("scaled", "masked"):
        for lam in sorted({p["lam"] for p in points if p["kind"] == kind}):
            chosen = [p for p in points if p["lam"] == lam and p["kind"] in (kind, "as they are")]
            laws[f"{kind}-{lam:g}"] = power_law([(p["squared_norm"], p["rms"], p["error"]) for p in chosen])
    padded = next(p for p in points if p["kind"] == "padded")
    plain = next(p for p in points if p["kind"] == "as they are" and p["lam"] == padded["lam"])
    ratio = padded["rms"] / plain["rms"]
    error = ratio * math.hypot(padded["error"] / padded["rms"], plain["error"] / plain["rms"])
    return {"inputs": points, "input_laws": laws, "padded": {"value": ratio, "error": error}, "squared_norm": untouched,
            "inputs_drift": max(abs(p["drift"]) for p in points)}  # fmt: skip


def hidden_facts(mine: dict[str, xr.Dataset]) -> dict[str, Any]:
    """Return the scale of layer 2 for every number of hidden neurons, and its power law in all weights."""
    changed = [run for key, run in mine.items() if key.startswith("hidden-")]
    runs = sorted([_same_length(mine, changed[0].attrs["lam"], changed[0]), *changed], key=_all_weights)
    points = [{"hidden": int(run.fan_in[1]), "weights": _all_weights(run)} | _scale_of_layer_2(run) for run in runs]
    law = power_law([(p["weights"], p["rms"], p["error"]) for p in points])
    return {"hidden": points, "hidden_law": law}


def _all_weights(run: xr.Dataset) -> int:
    return int(run.layer_weights.sum())


def _same_length(mine: dict[str, xr.Dataset], lam: float, other: xr.Dataset) -> xr.Dataset:
    """Return the network as it is at this lam, from the default start, cut to the length of another run."""
    return mine[f"lam-{lam:g}-default"].isel(epoch=slice(other.sizes["epoch"]))


def _scale_of_layer_2(run: xr.Dataset) -> dict[str, float]:
    """Return the rms in the last third of a run, and by which fraction it drifts there."""
    late = stationary_part(run).rms.sel(layer=2)
    rms, error = mean_and_error(late)
    change, _ = drift(late.transpose("replica", "epoch").values)
    return {"lam": run.attrs["lam"], "rms": rms, "error": error, "drift": change / rms}


def forecast_facts(mine: dict[str, xr.Dataset]) -> dict[str, Any]:
    """Return, layer by layer, when forecast and weights come within 5% of the final scale, from both starts."""
    out: dict[str, dict[str, Any]] = {init: {} for init in STARTS}
    for init in STARTS:
        run = mine[f"lam-5-{init}"]
        for layer in run.layer.values:
            final = mean_and_error(stationary_part(run).rms.sel(layer=layer))[0]
            forecast, rms = _forecasts(run, int(layer)), run.rms.sel(layer=layer).mean("replica").values[1:]
            out[init][str(layer)] = {
                "final": final, "forecast": forecast, "rms": rms.tolist(), "none_until": forecast.count(None),
                "forecast_arrives": _arrival(forecast, final), "rms_arrives": _arrival(rms.tolist(), final),
            }  # fmt: skip
    return {"forecast": out}


def _forecasts(run: xr.Dataset, layer: int) -> list[float | None]:
    """Return the balance's rms from each epoch's statistics; None where they still shrink the layer without end."""
    at = run.sel(layer=layer).mean("replica").isel(epoch=slice(1, None))
    out: list[float | None] = []
    for grad_sq, alignment in zip(at.grad_sq.values, at.alignment.values, strict=True):
        try:
            balance = theory.norm_balance(
                run.attrs["n"], run.attrs["lam"], run.attrs["eta"], grad_sq=float(grad_sq), alignment=float(alignment)
            )
            out.append(float(balance.rms(int(run.layer_weights.sel(layer=layer)))))
        except theory.NoEquilibrium:
            out.append(None)
    return out


def _arrival(values: list[float | None], final: float) -> int:
    """Return the first epoch at which a value is within 5% of the final one."""
    return next(i for i, value in enumerate(values, 1) if value is not None and abs(value / final - 1) < CLOSE)


def textbook_facts(mine: dict[str, xr.Dataset], question: dict[str, xr.Dataset]) -> list[dict[str, Any]]:
    """Return what decides the textbook's claims for its two examples, 30 and 100 hidden neurons."""
    out = []
    for hidden, runs in ((30, question), (100, {init: mine[f"hundred-{init}"] for init in STARTS})):
        large = runs["large"]
        entry: dict[str, Any] = {"hidden": hidden, "replicas": int(large.sizes["replica"]), "layers": []}
        for layer in large.layer.values:
            terms = budget_per_epoch(large, int(layer))
            end = large.rms.sel(layer=layer).isel(epoch=-1).mean("replica")
            count = {"inputs": int(large.fan_in.sel(layer=layer)), "all": int(large.layer_weights.sum())}
            first = np.log(large.rms.sel(layer=layer)[:, 1] / large.rms.sel(layer=layer)[:, 0]).mean()
            drive = float(terms["noise"][0] + terms["signal"][0])
            entry["layers"].append({
                "layer": int(layer), "decay": float(terms["decay"][0]), "drive": drive,
                "dominated": bool(-terms["decay"][0] > DOMINATED * abs(drive)), "log_change": float(first),
                "rate_ratio": float(first / (terms["decay"][0] / 2)),
                "end": float(end), "times": {which: float(end) * math.sqrt(n) for which, n in count.items()},
            })  # fmt: skip
        entry["step"] = large.attrs["eta"] * large.attrs["lam"] / large.attrs["n"]
        for init, run in runs.items():
            accuracy = 100 * run.accuracy.sel(split="validation").isel(epoch=-1)
            error = float(accuracy.std(ddof=1)) / math.sqrt(accuracy.size)
            published = 100 * TEXTBOOK_ACCURACIES[hidden][init]
            entry[init] = {"value": float(accuracy.mean()), "error": error, "published": published}
        out.append(entry)
    return out
