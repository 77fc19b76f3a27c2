"""Draw a predicted run: the rms of a weight, the equilibrium of the moment, and the learning rate under them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from reports.document.style import COLOURS, new_figure, styled
from sim import DataError
from sim.machinery.saving import refuse_unwritable, write
from theory import Trajectory
from theory.weight.drawing import POINTS

__all__ = ["trajectory_figure", "write_trajectory_figure"]


def write_trajectory_figure(path: Path, run: Trajectory) -> None:
    """Write the figure as an SVG file; DataError if the name does not end in .svg or nothing can be written there."""
    if path.suffix.lower() != ".svg":
        raise DataError(f"the plot must end in .svg, got {str(path)!r}. Give a name such as run.svg.")
    write(refuse_unwritable(path), trajectory_figure(run))


@styled
def trajectory_figure(run: Trajectory) -> Figure:
    """Draw rms and learning rate along a run; returns the figure as SVG."""
    figure, axes = new_figure(2, 1, 4.1, height_ratios=[3, 1], sharex="col")
    top, bottom = axes[:, 0]
    run.plot(axes=top, color=COLOURS["blue"])
    top.set_xlabel("")
    top.legend()
    steps = np.unique(np.linspace(1, run.steps, min(run.steps, POINTS)).astype(int))
    bottom.plot(steps, run.rates.lr[steps - 1], color=COLOURS["orange"])
    bottom.set_ylim(bottom=0)
    bottom.set_ylabel("learning rate")
    bottom.set_xlabel("steps")
    return figure
