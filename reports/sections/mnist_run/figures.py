"""The figures of the question's experiment: the rms of each layer, and the validation accuracy."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import theory
from reports.document.style import COLOURS, log_scale, new_figure, styled
from reports.sections.mnist_run.published import TEXTBOOK_ACCURACIES
from sim import DecayFit
from sim.estimates.spread import mean_and_error

__all__ = ["accuracy_figure", "layers_figure"]

CYCLE = [COLOURS[name] for name in ("blue", "orange")]


@styled
def layers_figure(runs: dict[str, xr.Dataset], fits: dict[int, DecayFit]) -> Figure:
    """Draw the rms of each layer over the epochs with pure decay, the fit and both readings of 1/sqrt(n)."""
    layers = [int(layer) for layer in runs["large"].layer]
    figure, axes = new_figure(2, len(layers), 4.3, height_ratios=[3, 1.15], sharex="col")
    highest = max(5.0, *(1.5 * float(run.rms.max()) for run in runs.values()))
    for column, layer in enumerate(layers):
        top, bottom = axes[:, column]
        residuals = []
        for colour, (init, run) in zip(CYCLE, runs.items(), strict=False):
            rms = run.rms.sel(layer=layer)
            mean, error = mean_and_error(rms.transpose("replica", "epoch"))
            top.errorbar(rms.epoch, mean, error, fmt="o", color=colour, mfc="white", label=f"measured, {init} start")
            decay = pure_decay(run, float(mean[0]))
            label = r"pure decay $e^{-\eta\lambda t/m}$" if init == "large" else None
            top.plot(rms.epoch, decay, color=colour, linestyle="--", linewidth=1.0, label=label)
            later = rms.epoch.values > 0
            start = rms.isel(epoch=0).values[:, None]  # each replica against the decay of its own start
            log_ratio = np.log(rms.values / (start * decay / decay[0]))[:, later]
            change, sigma = mean_and_error(log_ratio)
            bottom.plot(rms.epoch[later], change / sigma, "o", color=colour, mfc="white", markersize=2.8)
            residuals += (change / sigma).tolist()
        if fits[layer].converged:
            epochs = np.linspace(0, float(run.epoch[-1]), 200)
            top.plot(epochs, fits[layer].rms(epochs), color="black", linewidth=1.0, label="fit to the large start")
        _readings_of_n(top, run, layer)
        log_scale(top, 0.5 * float(run.layer_weights.sum()) ** -0.5, highest)
        top.set_title(f"layer {layer}: {int(run.fan_in.sel(layer=layer))} inputs, "
                      f"{int(run.layer_weights.sel(layer=layer)):,} weights")  # fmt: skip
        _decay_residual(bottom, residuals)
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


def _decay_residual(axis: Axes, residuals: list[float]) -> None:
    """Prepare an axis for residuals of any size: linear within +-10, then a label for each decade that is met."""
    axis.axhspan(-2, 2, color="#eeeeee", zorder=0)
    axis.axhline(0, color="black", linewidth=0.7)
    axis.set_yscale("symlog", linthresh=10, linscale=0.8)
    low, high = min(-10.0, *residuals), max(10.0, *residuals)
    axis.set_ylim(1.8 * low, 1.8 * high)
    decades = [10**k for k in range(1, 7)]
    ticks = [-d for d in decades if -d >= 1.8 * low][::-1] + [0] + [d for d in decades if d <= 1.8 * high]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()
    axis.set_ylabel(r"from decay [$\sigma$]")
    axis.set_xlabel("epoch")


@styled
def accuracy_figure(runs: dict[str, xr.Dataset], published: bool) -> Figure:
    """Draw the validation accuracy over the epochs from both starts, with the textbook's end points if asked."""
    figure, axes = new_figure(1, 1, 2.4)
    lowest, highest = 86.0, 96.5
    axis = axes[0, 0]
    for colour, (init, run) in zip(CYCLE, runs.items(), strict=False):
        accuracy = 100 * run.accuracy.sel(split="validation").dropna("epoch").isel(epoch=slice(1, None))
        mean, error = mean_and_error(accuracy.transpose("replica", "epoch"))
        axis.errorbar(accuracy.epoch, mean, error, fmt="o-", linewidth=0.7, color=colour, mfc="white",
                      label=f"{init} start")  # fmt: skip
        lowest, highest = min(lowest, float(mean.min())), max(highest, float(mean.max()))
        if published:
            axis.plot(30.7, 100 * TEXTBOOK_ACCURACIES[30][init], marker="*", color=colour, markersize=9,
                      linestyle="none", label=f"textbook, {init} start, epoch 30")  # fmt: skip
    axis.set_xlabel("epoch")
    axis.set_ylabel("validation accuracy [%]")
    if lowest >= 86:
        axis.set_ylim(86, highest + 1)
    axis.legend(ncols=2, loc="lower right")
    return figure
