"""The figures of the nonlinear network: its decay, and its equilibrium over fan-in and weight decay."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

import theory
from reports.document.style import COLOURS, log_scale, new_figure, residual_band, styled

__all__ = ["decay_figure", "scales_figure"]

CYCLE = [COLOURS[name] for name in ("blue", "orange", "green")]
SCALING_LABELS = {
    "scaled": r"$\eta, \gamma$ fixed",
    "per_step": r"$\eta/N, \gamma/N$ fixed, small",
    "diffusive": r"$\eta/N, \gamma/N$ fixed, large",
}
BRANCH_LABELS = {
    "pulled": r"one unit, $\eta = 0.5$",
    "diffusive": r"one unit, $\eta = 3$",
    "pair": r"pair, $\eta = 0.5$",
}


@styled
def decay_figure(decays: dict[str, dict[str, Any]]) -> Figure:
    """Draw Q over alpha with pure decay, the closed form and the predicted scatter; residuals below."""
    figure, axes = new_figure(2, len(decays), 3.7, height_ratios=[3, 1], sharex="col")
    for column, curves in enumerate(decays.values()):
        top, bottom = axes[:, column]
        alpha, dense = curves["alpha"], curves["dense"]
        late = dense > 0.7 * dense[-1]
        top.fill_between(dense[late], *curves["band"], color=COLOURS["sky"], alpha=0.5, linewidth=0,
                         label="predicted scatter of one network")  # fmt: skip
        top.plot(dense, curves["decay"], color=COLOURS["grey"], linestyle="--", linewidth=1.0, label="decay alone")
        top.plot(dense, curves["closed"], color=COLOURS["orange"], linestyle="-.", linewidth=1.1, label="closed form")
        top.plot(dense, curves["theory"], color=COLOURS["blue"], label="theory")
        top.errorbar(alpha, curves["mean"], curves["error"], fmt="o", color=COLOURS["blue"], mfc="white",
                     label="simulation")  # fmt: skip
        top.axhline(curves["crossover"], color="black", linewidth=0.8, linestyle=":")
        top.annotate("$Q_c$", (0, curves["crossover"]), ha="left", va="bottom", fontsize=8.5)
        log_scale(top, 0.3 * min(curves["predicted"].min(), curves["crossover"]), 700)
        top.set_title(rf"$\eta = {curves['rule'].eta:g}$: $A = {curves['drive']:.2f}$")
        residual = (curves["mean"] - curves["predicted"])[1:] / curves["error"][1:]
        bottom.plot(alpha[1:], residual, "o", color=COLOURS["blue"], mfc="white")
        residual_band(bottom)
        bottom.set_xlabel(r"time $\alpha$ = steps / $N$")
    axes[0, 0].set_ylabel(r"$Q = |w|^2$")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5)
    return figure


@styled
def scales_figure(
    scalings: dict[str, tuple[theory.Scaling, list[dict[str, Any]]]],
    branches: dict[str, tuple[dict[str, np.ndarray], list[dict[str, Any]]]],
) -> Figure:
    """Draw w_rms over N for three rules, and Q* over gamma on three branches; residuals below each."""
    figure, axes = new_figure(2, 2, 4.3, height_ratios=[3, 1], sharex="col")
    for colour, (name, (law, rows)) in zip(CYCLE, scalings.items(), strict=True):
        label = f"{SCALING_LABELS[name]}: {law.exponent:+.2f}"
        axes[0, 0].plot(law.fan_in, law.scale, color=colour)
        N = np.array([row["fan_in"] for row in rows])
        measured, error = (np.array([row[key] for row in rows]) for key in ("measured", "error"))
        points = np.array([N, np.sqrt(measured / N), error / (2 * np.sqrt(measured * N))])
        _points(axes[:, 0], points, rows, colour, label)
    for colour, (name, (lines, rows)) in zip(CYCLE, branches.items(), strict=True):
        axes[0, 1].plot(lines["gamma"], lines["exact"], color=colour)
        axes[0, 1].plot(lines["gamma"], lines["asymptote"], color=colour, linestyle=":", linewidth=1.1)
        points = np.array([[row[key] for row in rows] for key in ("gamma", "measured", "error")])
        _points(axes[:, 1], points, rows, colour, BRANCH_LABELS[name])
    log_scale(axes[0, 0], 0.004, 90)
    log_scale(axes[0, 1], 0.1, 4000)
    axes[0, 0].set_ylabel(r"$w_{\rm rms}$")
    axes[0, 1].set_ylabel(r"$Q^*$")
    axes[1, 0].set_xlabel("fan-in $N$")
    axes[1, 1].set_xlabel(r"weight decay $\gamma$")
    for axis in axes[0]:
        axis.set_xscale("log")
        axis.legend(loc="upper right")
    sizes = scalings["scaled"][0].fan_in
    axes[1, 0].set_xticks(sizes, [f"{size:.0f}" for size in sizes])
    axes[1, 0].set_xticks([], minor=True)
    for axis in axes[1]:
        residual_band(axis)
    return figure


def _points(pair: np.ndarray, points: np.ndarray, rows: list[dict[str, Any]], colour: str, label: str) -> None:
    """Draw measured points (x, y and its error, one below the other), and their residuals below."""
    top, bottom = pair
    x, y, error = points
    look: dict[str, Any] = {"fmt": "o", "color": colour, "mfc": "white"}
    top.errorbar(x, y, error, label=label, **look)
    bottom.errorbar(x, [row["z"] for row in rows], 1.0, **look)
