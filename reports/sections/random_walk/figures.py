"""The figures of the random walk: the scale over lam and over the noise's memory, and the way to equilibrium."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

import theory
from reports.document.style import COLOURS, log_scale, new_figure, residual_band, styled
from reports.runs.walks import predict, scale_of

__all__ = ["transient_figure", "walk_figure"]

CYCLE = [COLOURS[name] for name in ("blue", "orange", "green", "pink")]


@styled
def walk_figure(walks: list[xr.Dataset]) -> Figure:
    """Draw the scale over lam for white noise, and over the noise's memory, with residuals under each."""
    figure, axes = new_figure(2, 2, 4.1, height_ratios=[3, 1], sharex="col")
    white = [w for w in walks if w.attrs["correlation"] == 0]
    memory = [w for w in walks if w.attrs["correlation"] != 0]
    _scale_panel(axes[:, 0], white, "lam")
    _scale_panel(axes[:, 1], memory, "correlation")
    axes[0, 0].set_ylabel(r"scale $\sqrt{E\,w^2}$")
    axes[0, 0].set_title(r"white noise: a random walk held back by decay")
    axes[0, 1].set_title(rf"noise with memory, $\lambda = {memory[0].attrs['lam']:g}$")
    axes[1, 0].set_xlabel(r"regularisation $\lambda$")
    axes[1, 1].set_xlabel(r"$1 - r$  (left: the noise keeps its sign)")
    balance = theory.equilibrium(memory[0].attrs["n"], memory[0].attrs["lam"], memory[0].attrs["eta"]).balance
    axes[0, 1].axhline(balance, color="black", linewidth=0.8, linestyle=":")
    axes[0, 1].annotate(r"balance $\sqrt{n}/\lambda$", (1.9, balance), ha="right", va="bottom", fontsize=8.5)
    return figure


def _scale_panel(axes: np.ndarray, walks: list[xr.Dataset], name: str) -> None:
    """Draw scale and residuals over lam, or over 1 - r where `name` is the correlation."""
    top, bottom = axes

    def abscissa(values: np.ndarray) -> np.ndarray:  # its own inverse
        return 1 - values if name == "correlation" else values

    for colour, eta in zip(CYCLE, sorted({w.attrs["eta"] for w in walks}), strict=False):
        mine = [w for w in walks if w.attrs["eta"] == eta]
        given = np.array([w.attrs[name] for w in mine])
        measured, error = np.array([scale_of(w) for w in mine]).T
        settings = {k: mine[0].attrs[k] for k in ("n", "lam", "eta", "correlation")}
        at = abscissa(given)
        dense = np.geomspace(at.min(), at.max(), 300)
        predicted = theory.equilibrium(**settings | {name: given}).scale
        sign = mine[0].attrs["distribution"] == "sign"
        look = {"fmt": "s" if sign else "o", "color": colour, "mfc": "white"}
        top.plot(dense, theory.equilibrium(**settings | {name: abscissa(dense)}).scale, color=colour)
        top.errorbar(at, measured, error, label=rf"$\eta = {eta:g}$, {'$±1$' if sign else 'Gaussian'}", **look)
        bottom.errorbar(at, (measured - predicted) / error, 1.0, **look)
    scales = [np.sqrt(w.variance.item()) for w in walks]
    log_scale(top, min(scales) / 6, 1.7 * max(scales))  # room for the legend
    top.set_xscale("log")
    top.legend(loc="lower left")
    residual_band(bottom)


@styled
def transient_figure(walks: dict[str, dict[str, xr.Dataset]]) -> Figure:
    """Draw the rms over the steps, a column for each kind of noise, a colour for each start."""
    figure, axes = new_figure(2, 2, 3.5, height_ratios=[3, 1], sharex="col")
    for column, sides in enumerate(walks.values()):
        top, bottom = axes[:, column]
        for colour, walk in zip(CYCLE, sides.values(), strict=False):
            eq, start = predict(walk), walk.attrs["start"]
            steps = walk.step.values
            predicted = eq.rms(steps, start)
            top.plot(np.arange(steps[-1] + 1), eq.rms(np.arange(steps[-1] + 1), start), color=colour)
            top.errorbar(steps, walk.rms, walk.rms_error, fmt="o", color=colour, mfc="white", markersize=2.8,
                         label=rf"from $w_0 = {start:g}$")  # fmt: skip
            later = steps > 0  # at the start there is no error to measure the residual in
            residual = (walk.rms.values[later] - predicted[later]) / walk.rms_error.values[later]
            bottom.plot(steps[later], residual, "o", color=colour, mfc="white", markersize=2.8)
            tail = eq.tail_off(start)
            top.plot([tail], [eq.rms(tail, start)], "|", color=colour, markersize=13, markeredgewidth=1.6)
        top.axhline(eq.scale, color="black", linewidth=0.8, linestyle=":")
        log_scale(top, 0.1, 4)
        top.set_title(rf"$r = {walk.attrs['correlation']:g}$")
        top.legend(loc="upper right")
        residual_band(bottom)
        bottom.set_xlabel("steps")
    axes[0, 0].set_ylabel(r"rms $\sqrt{E\,w_t^2}$")
    return figure
