"""The figures of the layers: budgets, balances, forecasts, and the search for the right n."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from reports.document.style import COLOURS, log_scale, new_figure, styled
from reports.runs.balance import budget_of
from reports.sections.layers.facts import Settled
from sim.estimates.spread import mean_and_error

__all__ = ["balance_figure", "budget_figure", "forecast_figure", "which_n_figure"]

TERMS = {"decay": COLOURS["blue"], "noise": COLOURS["orange"], "signal": COLOURS["green"]}
KINDS = {"scaled": "o", "masked": "s", "padded": "D", "as they are": "*"}
LINEAR = 0.01  # the budget's scale is linear up to here
STARTS = {"large": ("o", COLOURS["blue"]), "default": ("s", COLOURS["orange"])}


@styled
def budget_figure(runs: dict[str, xr.Dataset]) -> Figure:
    """Draw the three terms of each layer's budget over the epochs, as fractions of ||w||^2 per epoch."""
    figure, axes = new_figure(2, 2, 4.2, sharex=True)
    for row, (init, run) in zip(axes, runs.items(), strict=True):
        for axis, layer in zip(row, run.layer.values, strict=True):
            budget, epochs = budget_of(run, int(layer)), run.epoch.values[1:]
            for name, colour in TERMS.items():
                mean, error = mean_and_error(getattr(budget, name))
                axis.errorbar(epochs, mean, error, fmt="o", color=colour, mfc="white", markersize=2.6, label=name)
            axis.plot(epochs, budget.total.mean(axis=0), color="black", linewidth=1.0, label="sum")
            axis.plot(epochs, budget.measured.mean(axis=0), "x", color="black", markersize=3, label="measured change")
            axis.axhline(0, color="black", linewidth=0.5)
            axis.set_yscale("symlog", linthresh=LINEAR, linscale=0.6)
            ticks = [-1, -0.1, -LINEAR, 0, LINEAR, 0.1, 1]
            axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
            axis.minorticks_off()
            axis.set_title(f"layer {layer}, {init} start")
    for axis in axes[:, 0]:
        axis.set_ylabel(r"change of $\|w\|^2$ per epoch")
    for axis in axes[-1]:
        axis.set_xlabel("epoch")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


@styled
def balance_figure(rows: list[Settled]) -> Figure:
    """Draw measured rms over lam from both starts, and under it which part of what holds a layer is noise."""
    layers = sorted({row.layer for row in rows})
    figure, axes = new_figure(2, len(layers), 3.5, height_ratios=[3, 1.3], sharex="col")
    for column, layer in enumerate(layers):
        top, bottom = axes[:, column]
        for init, (marker, colour) in STARTS.items():
            mine = sorted((r for r in rows if (r.layer, r.init) == (layer, init)), key=lambda r: r.lam)
            size = 6.5 if init == "large" else 3.5  # where they coincide, both are seen
            lam, measured, error, noise = (
                np.array([getattr(r if key == "lam" else r.balance, key) for r in mine])
                for key in ("lam", "measured", "error", "noise_share")
            )
            look = {"color": colour, "mfc": "white", "linewidth": 0.7, "markersize": size}
            top.errorbar(lam, measured, error, fmt=f"{marker}-", label=f"{init} start", **look)
            bottom.plot(lam, 100 * noise, f"{marker}-", **look)
        top.set_xscale("log")
        values = [r.balance.measured for r in rows if r.layer == layer]
        log_scale(top, 0.8 * min(values), 1.25 * max(values))
        top.set_title(f"layer {layer}")
        bottom.set_ylim(0, 115 * max(r.balance.noise_share for r in rows))
        bottom.set_xlabel(r"regularisation $\lambda$")
    axes[0, 0].set_ylabel("stationary rms of the weights")
    axes[1, 0].set_ylabel("noise [%]")
    axes[0, 0].legend()
    return figure


@styled
def which_n_figure(facts: dict[str, Any], rows: list[Settled]) -> Figure:
    """Draw the scale of layer 2 over E||x||^2, hidden neurons and lam, with the candidates for 1/sqrt(n)."""
    figure, axes = new_figure(1, 3, 3.1, sharey=True)
    left, middle, right = axes[0]
    points, hidden = facts["inputs"], facts["hidden"]
    for lam, colour in zip(sorted({p["lam"] for p in points}), (COLOURS["blue"], COLOURS["orange"]), strict=True):
        for kind, marker in KINDS.items():
            mine = [p for p in points if (p["kind"], p["lam"]) == (kind, lam)]
            if mine:
                _points(left, mine, "squared_norm", marker, colour, rf"{kind}, $\lambda = {lam:g}$")
    _points(middle, hidden, "hidden", "^", COLOURS["orange"], rf"other widths, $\lambda = {hidden[0]['lam']:g}$")
    for init, (marker, colour) in STARTS.items():
        mine = [{"lam": r.lam, "rms": r.balance.measured, "error": r.balance.error}
                for r in rows if (r.layer, r.init) == (2, init)]  # fmt: skip
        _points(right, mine, "lam", marker, colour, f"{init} start")
    for key, law in facts["input_laws"].items():
        kind, at = key.split("-")
        over = [p["squared_norm"] for p in points if p["kind"] in (kind, "as they are") and f"{p['lam']:g}" == at]
        _law(left, over, law)
    _law(middle, [p["weights"] for p in hidden], facts["hidden_law"], [p["hidden"] for p in hidden])
    _law(right, [r.lam for r in rows], facts["lam_law"])
    _candidates(left, [p["squared_norm"] for p in points], facts, "squared_norm")
    _candidates(middle, [p["hidden"] for p in hidden], facts, "hidden")
    _candidates(right, sorted({r.lam for r in rows}), facts, "lam")
    scales = [p["rms"] for p in (*points, *hidden)] + [r.balance.measured for r in rows if r.layer == 2]
    log_scale(left, 0.5 * min(max(p["weights"] for p in hidden) ** -0.5, *scales), 3 * max(scales))
    left.set_xlabel(r"inputs' $E\|x\|^2$")
    left.set_ylabel("stationary rms of layer 2")
    middle.set_xlabel("hidden neurons")
    right.set_xlabel(r"regularisation $\lambda$")
    handles: dict[str, Any] = {}
    for axis in (left, middle, right):
        handles |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=4, fontsize=7.5)
    return figure


def _candidates(axis: Axes, values: Sequence[float], facts: dict[str, Any], name: str) -> None:
    """Draw the readings of 1/sqrt(n) over what is varied, `name`, and mark its lowest, middle and highest value."""
    over = np.geomspace(0.75 * min(values), 1.25 * max(values), 50)
    own = next(p for p in facts["hidden"] if p["own"])
    q = over if name == "squared_norm" else np.full(len(over), facts["squared_norm"])
    weights = (own["weights"] / own["hidden"]) * (over if name == "hidden" else np.full(len(over), own["hidden"]))
    grey = COLOURS["grey"]
    axis.plot(over, 2 / np.sqrt(q), color="black", linestyle="--", linewidth=0.9, label=r"$2/\sqrt{E\|x\|^2}$")
    axis.plot(over, 1 / np.sqrt(q), color="black", linestyle=":", linewidth=0.9, label=r"$1/\sqrt{E\|x\|^2}$")
    axis.plot(over, np.full(len(over), own["fan_in"] ** -0.5), color=grey, linestyle="-.", linewidth=0.9,
              label=rf"$1/\sqrt{{{own['fan_in']}}}$ (fan-in)")  # fmt: skip
    axis.plot(over, weights**-0.5, color=grey, linestyle=(0, (1, 3)), linewidth=0.9, label=r"$1/\sqrt{n}$, all weights")
    axis.set_xscale("log")
    axis.xaxis.set_minor_formatter(NullFormatter())
    ordered = sorted(values)
    ticks = [ordered[0], ordered[len(ordered) // 2], ordered[-1]]
    axis.set_xticks(ticks, [f"{tick:.0f}" for tick in ticks])


def _law(axis: Axes, over: Sequence[float], law: dict[str, float], shown: Sequence[float] | None = None) -> None:
    """Draw a fitted power law over the range of its points; `shown` is what the axis has in place of its variable."""
    ends = np.array([min(over), max(over)], dtype=float)
    at = ends if shown is None else np.array([min(shown), max(shown)], dtype=float)
    axis.plot(at, law["prefactor"] * ends ** law["value"], color="black", linewidth=0.8, label="power laws, fitted")


def _points(axis: Axes, points: list[dict[str, Any]], over: str, marker: str, colour: str, label: str) -> None:
    """Draw the scale with its error bars over one of its causes."""
    x, rms, error = (np.array([point[key] for point in points]) for key in (over, "rms", "error"))
    axis.errorbar(x, rms, error, fmt=marker, color=colour, mfc="white", label=label)


@styled
def forecast_figure(layers: dict[str, dict[str, Any]]) -> Figure:
    """Draw the balance's forecast from each epoch's statistics beside the rms itself, from the default start."""
    figure, axes = new_figure(1, len(layers), 2.4)
    for axis, (layer, facts) in zip(axes[0], layers.items(), strict=True):
        epochs = np.arange(1, len(facts["rms"]) + 1)
        axis.axhspan(0.95 * facts["final"], 1.05 * facts["final"], color="#eeeeee", zorder=0)
        forecast = np.array(facts["forecast"], dtype=float)
        axis.plot(epochs, forecast, color=COLOURS["orange"], linewidth=1.0, label="forecast by the balance")
        axis.plot(
            epochs, facts["rms"], "o", color=COLOURS["blue"], mfc="white", markersize=2.6, label="rms of the weights"
        )
        for key, colour in (("forecast_arrives", COLOURS["orange"]), ("rms_arrives", COLOURS["blue"])):
            if facts[key] is not None:
                axis.axvline(facts[key], color=colour, linestyle=":", linewidth=0.9)
        axis.set_xscale("log")
        axis.set_ylim(0, 1.35 * facts["final"])
        axis.set_xlabel("epoch")
        axis.set_title(f"layer {layer}")
    axes[0, 0].set_ylabel("rms")
    axes[0, 0].legend(loc="lower right")
    return figure
