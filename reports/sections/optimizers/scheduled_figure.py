"""The rms along schedules, and how much of the peak's equilibrium the end of a fall keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.comparison import Comparison
from reports.document.style import COLOURS, log_scale, new_figure, residual_band, styled
from reports.sections.optimizers.scheduled import ENDS, SCHEDULES, STEPS, ends_closed_form, law_along

__all__ = ["ends_figure", "scheduled_figure"]

LOOKS = {"cosine": ("blue", "o"), "linear": ("orange", "s"), "trapezoid": ("green", "^")}
Ways = list[tuple[str, str, xr.Dataset, list[Comparison]]]
Ends = list[tuple[str, bool, float, Comparison]]


@styled
def scheduled_figure(runs: Ways) -> Figure:
    """Draw learning rate, rms and residuals over the steps, an optimizer a column."""
    names = list(dict.fromkeys(name for name, *_ in runs))
    figure, axes = new_figure(3, len(names), 4.9, height_ratios=[1, 3.2, 1], sharex=True, sharey="row")
    for column, name in enumerate(names):
        for _, schedule, walk, comparisons in (run for run in runs if run[0] == name):
            _draw(axes[:, column], name, schedule, walk, comparisons)
        rate, top, bottom = axes[:, column]
        rate.set_title(name)
        rate.set_ylim(0, 1.08)
        top.set_ylim(0, 2.1)
        bottom.set_xlabel("steps")
        residual_band(bottom)
    axes[0, 0].set_ylabel("lr / peak")
    axes[1, 0].set_ylabel("rms / equilibrium at the peak")
    axes[1, 0].legend(loc="upper right")
    axes[2, -1].set_ylabel("")
    return figure


def _draw(axes: list[Axes], name: str, schedule: str, walk: xr.Dataset, comparisons: list[Comparison]) -> None:
    rate, top, bottom = axes
    colour, marker = LOOKS[schedule]
    law = law_along(name, SCHEDULES[schedule])
    unit = float(law.peak.scale)
    look: dict[str, Any] = {"fmt": marker, "color": COLOURS[colour], "mfc": "none"}
    rate.plot(np.arange(STEPS), law.rates.lr / law.rates.lr.max(), color=COLOURS[colour])
    top.plot(np.arange(STEPS + 1), law.rms / unit, color=COLOURS[colour])
    top.plot(np.arange(1, STEPS + 1), law.momentary / unit, color=COLOURS[colour], linestyle=":", linewidth=0.9)
    shown = np.arange(2, 65, 2)
    steps = walk.step.values[shown]
    top.errorbar(steps, walk.rms.values[shown] / unit, walk.rms_error.values[shown] / unit, label=schedule, **look)
    aside = 12 * (list(LOOKS).index(schedule) - 1)
    at = walk.step.values[8:65:8] + aside  # set apart so that error bars do not hide each other
    bottom.errorbar(at, [c.z for c in comparisons], 1.0, **look)


@styled
def ends_figure(found: Ends) -> Figure:
    """Draw end over peak against the length of the fall: decay multiplied on the left, held on the right."""
    figure, axes = new_figure(2, 2, 3.7, height_ratios=[3, 1], sharex=True)
    dense = np.geomspace(0.3, 60, 25)
    for fall, held in ENDS:
        top, bottom = axes[:, int(held)]
        colour, marker = LOOKS[fall]
        mine = [(K, c) for shape, own, K, c in found if (shape, own) == (fall, held)]
        K = np.array([length for length, _ in mine])
        look: dict[str, Any] = {"fmt": marker, "color": COLOURS[colour], "mfc": "none"}
        top.plot(dense, [ends_closed_form(fall, held, float(x)) for x in dense], color=COLOURS[colour])
        top.errorbar(K, [c.measured for _, c in mine], [c.standard_error for _, c in mine], label=fall, **look)
        aside = 1.05 if fall == "cosine" else 1 / 1.05
        bottom.errorbar(K * aside, [c.z for _, c in mine], 1.0, **look)
    for column, title in enumerate(("decay times the schedule", "decay independent of the schedule")):
        top, bottom = axes[:, column]
        top.set_title(title)
        top.set_xscale("log")
        top.legend(loc="lower left")
        bottom.set_xlabel(r"$K$ = lr $\cdot$ weight_decay $\cdot$ steps of the fall")
        residual_band(bottom)
    lowest = min(ends_closed_form(fall, held, float(dense[-1])) for fall, held in ENDS)
    axes[0, 0].set_ylim(0, 1.05)
    log_scale(axes[0, 1], 0.7 * lowest, 1.5)
    for axis in axes[1]:
        axis.set_xticks([0.5, 1, 2, 5, 10, 20, 50], ["0.5", "1", "2", "5", "10", "20", "50"])
        axis.minorticks_off()
    axes[0, 0].set_ylabel("rms at the end / at the peak")
    axes[1, 1].set_ylabel("")
    return figure
