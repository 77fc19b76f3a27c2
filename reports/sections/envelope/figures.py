"""The figures of the whole network: its norm from costs and over widths, and the end of learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from reports.document.style import COLOURS, log_scale, new_figure, styled

__all__ = ["collapse_figure", "norm_figure"]

LAYERS = {"2": ("o", "blue"), "3": ("s", "orange"), "all": ("D", "green")}
NAMES = {"2": "layer 2", "3": "layer 3", "all": "all weights"}
TANGENT = 0.22  # of ln lambda, to either side


@styled
def norm_figure(costs: dict[str, Any], widths: dict[str, Any], critical: float) -> Figure:
    """Draw C* over lam with tangents of the slope alpha, the rms over the number of weights, and both laws' ratios."""
    figure, axes = new_figure(2, 2, 3.5, height_ratios=[3, 1.4])
    _costs(axes[0, 0], axes[1, 0], costs, critical)
    _widths(axes[0, 1], axes[1, 1], widths)
    return figure


def _costs(top: Axes, bottom: Axes, costs: dict[str, Any], critical: float) -> None:
    rows = costs["rows"]
    lam, cost, error = (np.array([row[key] for row in rows]) for key in ("lam", "cost", "cost_error"))
    top.errorbar(lam, cost, error, fmt="o", color=COLOURS["blue"], mfc="white", label="measured $C^*$")
    for i, row in enumerate(rows):
        along = np.exp(np.array([-TANGENT, TANGENT]))
        label = r"slope $\alpha$ = penalty / cost" if i == 0 else None
        top.plot(row["lam"] * along, row["cost"] * along ** row["share"], color="black", linewidth=1.0, label=label)
    top.set_title("regularised cost")
    top.set_ylabel("$C^*$")
    _over_lam(top, lam)
    log_scale(top, 0.7 * cost.min(), 1.4 * cost.max())
    top.legend(loc="upper left")
    judged = [row for row in rows if row["judged"]]
    bottom.axhspan(0.95, 1.05, color="#eeeeee", zorder=0)
    bottom.axhline(1, color="black", linewidth=0.7)
    at, ratio, spread = ([row[key] for row in judged] for key in ("lam", "ratio", "ratio_error"))
    bottom.errorbar(at, ratio, spread, fmt="o", color=COLOURS["blue"], mfc="white")
    bottom.set_ylim(0.85, 1.15)
    for axis in (top, bottom):
        axis.axvline(critical, color=COLOURS["grey"], linestyle=":", linewidth=0.9)
    _over_lam(bottom, lam)
    bottom.set_xlim(top.get_xlim())
    bottom.set_xlabel(r"regularisation $\lambda$")
    bottom.set_ylabel("$\\sum w^2$: from costs\nover measured")


def _widths(top: Axes, bottom: Axes, widths: dict[str, Any]) -> None:
    rows = widths["rows"]
    weights = np.array([row["weights"] for row in rows], dtype=float)
    scales = []
    for key, (marker, colour) in LAYERS.items():
        rms, error = (np.array([row["rms"][key][k] for row in rows]) for k in ("value", "error"))
        scales += rms.tolist()
        top.errorbar(weights, rms, error, fmt=marker, color=COLOURS[colour], mfc="white", label=NAMES[key])
        start = rms[-1] if key == "all" else None
        if start is not None:
            line = start * (weights / weights[-1]) ** -0.5
            top.plot(weights, line, color="black", linewidth=1.0, label=r"(all weights)$^{-1/2}$")
        norm = [row["norm_sq"] if key == "all" else row["layers"][key] for row in rows]
        share, spread = (np.array([n[k] for n in norm]) / norm[-1]["value"] for k in ("value", "error"))
        bottom.errorbar(weights, share, spread, fmt=f"{marker}-", color=COLOURS[colour], mfc="white", linewidth=0.7)
    top.set_title(rf"widths, $\lambda = {widths['lam']:g}$")
    top.set_ylabel("rms of the weights")
    log_scale(top, 0.6 * min(scales), 6 * max(scales))  # room for the legend
    top.legend(loc="upper right", ncols=2, fontsize=7.5)
    bottom.axhspan(0.95, 1.05, color="#eeeeee", zorder=0)
    bottom.axhline(1, color="black", linewidth=0.7)
    bottom.set_xlabel("all weights of the network")
    bottom.set_ylabel("$\\|w\\|^2$ over that of\nthe widest")
    for axis in (top, bottom):
        axis.set_xscale("log")
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_xticks(weights, [f"{count:,.0f}" for count in weights])


def _over_lam(axis: Axes, lam: np.ndarray) -> None:
    axis.set_xscale("log")
    axis.set_xlim(0.7 * lam.min(), 1.4 * lam.max())


@styled
def collapse_figure(
    measured: Sequence[dict[str, Any]],
    convex: Sequence[dict[str, Any]],
    ratios: Sequence[dict[str, Any]],
    critical: float,
) -> Figure:
    """Draw ||w||^2 of both layers up to the end of learning on the convex theory's line, and their ratios."""
    figure, axes = new_figure(2, 2, 3.3, height_ratios=[3, 1.3], sharex="col")
    widths = sorted({row["hidden"] for row in measured})
    looks = dict(zip(widths, (("o", COLOURS["blue"]), ("s", COLOURS["orange"])), strict=False))
    fractions = np.array([row["fraction"] for row in convex])
    line = [row["norm_sq"] for row in convex]
    for column, layer in enumerate(("2", "3")):
        top, bottom = axes[:, column]
        top.plot(fractions * critical, line, color="black", linewidth=1.0, label="convex theory, nothing fitted")
        norms = [row["norm_sq"][layer]["value"] for row in measured]
        for hidden in widths:
            marker, colour = looks[hidden]
            mine = [row for row in measured if row["hidden"] == hidden]
            norm, error = ([row["norm_sq"][layer][k] for row in mine] for k in ("value", "error"))
            top.errorbar([row["lam"] for row in mine], norm, error, fmt=marker, color=colour, mfc="white",
                         label=f"{hidden} hidden neurons")  # fmt: skip
            over = [r for r in ratios if (r["hidden"], r["layer"]) == (hidden, int(layer))]
            at, ratio, spread = ([r[key] for r in over] for key in ("lam", "ratio", "error"))
            bottom.errorbar(at, ratio, spread, fmt=marker, color=colour, mfc="white")
        top.set_xscale("log")
        log_scale(top, 0.5 * min(norms), 3 * max(*norms, *line))
        top.set_title(f"layer {layer}")
        bottom.axhspan(0.95, 1.05, color="#eeeeee", zorder=0)
        bottom.axhline(1, color="black", linewidth=0.7)
        bottom.set_ylim(0.6, 1.4)
        bottom.set_xlabel(r"regularisation $\lambda$")
        for axis in (top, bottom):
            axis.axvline(critical, color=COLOURS["grey"], linestyle=":", linewidth=0.9)
        top.annotate(r" $\lambda_c$", (critical, 0.93), xycoords=("data", "axes fraction"), color=COLOURS["grey"])
        top.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes[0, 0].set_ylabel(r"$\|w\|^2$")
    axes[1, 0].set_ylabel("rms over theory")
    axes[0, 0].legend(loc="lower left")
    return figure
