"""The report's figures, one function each: predictions as lines, measurements as points with error bars."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import theory
from reports.document.style import COLOURS, log_scale, new_figure, residual_band, styled
from reports.sections.published import TEXTBOOK_ACCURACIES
from sim import DecayFit

__all__ = ["accuracy_figure", "layers_figure", "transient_figure", "walk_figure"]

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
    axes[0, 1].set_title(r"noise with memory, $\lambda = 20$")
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
        measured = np.sqrt([w.variance.item() for w in mine])
        error = np.array([w.variance_error.item() for w in mine]) / (2 * measured)
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
def transient_figure(walks: dict[str, xr.Dataset]) -> Figure:
    """Draw the rms over the steps from above and below, for white and for correlated noise."""
    figure, axes = new_figure(2, 2, 3.5, height_ratios=[3, 1], sharex="col")
    for column, name in enumerate(("white", "correlated")):
        top, bottom = axes[:, column]
        for colour, side in zip(CYCLE, ("above", "below"), strict=False):
            walk = walks[f"transient-{name}-{side}"]
            settings = {k: walk.attrs[k] for k in ("n", "lam", "eta", "correlation")}
            eq, start = theory.equilibrium(**settings), walk.attrs["start"]
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


@styled
def layers_figure(runs: dict[str, xr.Dataset], fits: dict[int, DecayFit]) -> Figure:
    """Draw the rms of each layer over the epochs with pure decay, the fit and both readings of 1/sqrt(n)."""
    layers = [int(layer) for layer in runs["large"].layer]
    figure, axes = new_figure(2, len(layers), 4.3, height_ratios=[3, 1.15], sharex="col")
    for column, layer in enumerate(layers):
        top, bottom = axes[:, column]
        for colour, (init, run) in zip(CYCLE, runs.items(), strict=False):
            rms = run.rms.sel(layer=layer)
            mean, error = rms.mean("replica"), rms.std("replica", ddof=1) / np.sqrt(rms.sizes["replica"])
            top.errorbar(rms.epoch, mean, error, fmt="o", color=colour, mfc="white", label=f"measured, {init} start")
            decay = pure_decay(run, float(mean[0]))
            label = r"pure decay $e^{-\eta\lambda t/m}$" if init == "large" else None
            top.plot(rms.epoch, decay, color=colour, linestyle="--", linewidth=1.0, label=label)
            later = rms.epoch.values > 0
            start = rms.isel(epoch=0).values[:, None]  # each replica against the decay of its own start
            log_ratio = np.log(rms.values / (start * decay / decay[0]))[:, later]
            sigma = log_ratio.std(axis=0, ddof=1) / np.sqrt(len(log_ratio))
            bottom.plot(
                rms.epoch[later], log_ratio.mean(axis=0) / sigma, "o", color=colour, mfc="white", markersize=2.8
            )
        epochs = np.linspace(0, float(run.epoch[-1]), 200)
        top.plot(epochs, fits[layer].rms(epochs), color="black", linewidth=1.0, label="fit to the large start")
        _readings_of_n(top, run, layer)
        log_scale(top, 0.5 * float(run.layer_weights.sum()) ** -0.5, 5)
        top.set_title(f"layer {layer}: {int(run.fan_in.sel(layer=layer))} inputs, "
                      f"{int(run.layer_weights.sel(layer=layer)):,} weights")  # fmt: skip
        _decay_residual(bottom)
    axes[0, 0].set_ylabel("rms of the weights")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def pure_decay(run: xr.Dataset, start: float) -> np.ndarray:
    """Return what decay alone would make of `start`, at every recorded epoch."""
    eq = theory.equilibrium(run.attrs["n"], run.attrs["lam"], run.attrs["eta"])
    return start * eq.shrink_per_epoch(run.attrs["batch_size"]) ** run.epoch.values


def _readings_of_n(axis: Axes, run: xr.Dataset, layer: int) -> None:
    """Draw 1/sqrt(n) for n the inputs of a neuron of the layer, and for n all the weights of the network."""
    fan_in, every = int(run.fan_in.sel(layer=layer)), int(run.layer_weights.sum())
    for count in (fan_in, every):
        axis.axhline(count**-0.5, color=COLOURS["grey"], linewidth=0.8, linestyle=":")
        axis.annotate(rf"$1/\sqrt{{{count}}}$", (1.02, count**-0.5), xycoords=("axes fraction", "data"),
                      va="center", fontsize=8.5, color=COLOURS["grey"])  # fmt: skip


def _decay_residual(axis: Axes) -> None:
    axis.axhspan(-2, 2, color="#eeeeee", zorder=0)
    axis.axhline(0, color="black", linewidth=0.7)
    axis.set_yscale("symlog", linthresh=4)
    axis.set_yticks([-100, -4, 0, 4, 100, 1000], ["-100", "-4", "0", "4", "100", "1000"])
    axis.set_ylabel(r"from decay [$\sigma$]")
    axis.set_xlabel("epoch")


@styled
def accuracy_figure(runs: dict[str, xr.Dataset]) -> Figure:
    """Draw the validation accuracy over the epochs from both starts, with the textbook's end points."""
    figure, axes = new_figure(1, 1, 2.4)
    axis = axes[0, 0]
    for colour, (init, run) in zip(CYCLE, runs.items(), strict=False):
        accuracy = 100 * run.accuracy.sel(split="validation").dropna("epoch")
        mean, error = accuracy.mean("replica"), accuracy.std("replica", ddof=1) / np.sqrt(accuracy.sizes["replica"])
        axis.errorbar(accuracy.epoch[1:], mean[1:], error[1:], fmt="o-", linewidth=0.7, color=colour, mfc="white",
                      label=f"{init} start")  # fmt: skip
        axis.plot(30.7, 100 * TEXTBOOK_ACCURACIES[30][init], marker="*", color=colour, markersize=9, linestyle="none",
                      label=f"textbook, {init} start, epoch 30")  # fmt: skip
    axis.set_xlabel("epoch")
    axis.set_ylabel("validation accuracy [%]")
    axis.set_ylim(86, 97.5)
    axis.legend(ncols=2, loc="lower right")
    return figure
