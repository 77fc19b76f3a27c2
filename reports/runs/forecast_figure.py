"""Draw the layers of a recorded run: the norm so far, where it is forecast to go with its band, and what drives it."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.document.style import COLOURS, new_figure, plain_numbers, styled
from reports.runs.forecasts import LayerForecast
from reports.runs.recorded import series_of
from theory.run.drive import Drive

__all__ = ["forecast_figure"]

POINTS = 600  # of a line: more cannot be seen


@styled
def forecast_figure(run: xr.Dataset, found: LayerForecast, drives: Drive | None) -> Figure:
    """Draw one layer; returns the figure as SVG.

    Parameters
    ----------
    run : Dataset
    found : LayerForecast
    drives : Drive, optional
        In blocks along the record.
    """
    figure, axes = new_figure(1, 2 if drives is not None else 1, 2.3)
    own = series_of(run, found.name)
    shown = np.unique(np.linspace(0, own.sizes["step"] - 1, POINTS).astype(int))
    norms = np.sqrt(own.norm_sq.values if "norm_sq" in own else own.rms.values**2)
    _norms(axes[0, 0], own.step.values[shown], norms[shown], found)
    if drives is not None:
        _budget(axes[0, 1], drives, bool(found.invariant))
    return figure


def _norms(axis: Axes, step: np.ndarray, norm: np.ndarray, found: LayerForecast) -> None:
    axis.plot(step, norm, color="black", label="recorded")
    if found.forecast is not None:
        path = found.forecast.path
        ahead = step[-1] + path["step"]
        axis.fill_between(ahead, *(np.sqrt(path[name]) for name in ("low", "high")), color=COLOURS["sky"], alpha=0.35,
                          linewidth=0, label="band")  # fmt: skip
        axis.plot(ahead, np.sqrt(path["norm_sq"]), color=COLOURS["blue"], label="forecast")
    if found.equilibrium is not None:
        axis.axhline(np.sqrt(found.equilibrium), color=COLOURS["grey"], linestyle=":", label="at the present drive")
    axis.set_ylim(bottom=0)
    axis.set_xlabel("steps")
    axis.set_ylabel("norm of the weights")
    axis.legend(loc="best")


def _budget(axis: Axes, drives: Drive, invariant: bool) -> None:
    """Draw decay, noise and signal, each as the squared norm that it alone would stand for."""
    time = np.asarray(drives.time)
    axis.plot(time, drives.norm_sq, color="black", label="decay takes")
    axis.plot(time, drives.total, color=COLOURS["blue"], label="noise and signal add")
    if np.isfinite(drives.noise).any():
        axis.plot(time, drives.noise, color=COLOURS["orange"], linestyle="--", label="noise")
        if not invariant:  # there the rest is what is not known of the noise
            axis.plot(time, drives.signal, color=COLOURS["green"], linestyle="-.", label="signal")
    axis.axhline(0, color="black", linewidth=0.5)
    axis.set_xscale("log")
    plain_numbers(axis.xaxis, time[0], time[-1])
    axis.set_xlabel("steps")
    axis.set_ylabel("of the squared norm, per decay")
    axis.legend(loc="best")
