"""One weight's answers as lines: an equilibrium with the way there, and a run along its schedule.

They are told what to draw by what it can do, and not by its class: the classes import this module.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.errors import InvalidArgument, NoEquilibrium
from theory.settings import whole_number
from theory.settings.axes import axes_or_current

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["POINTS", "DrawsItsApproach", "draw_trajectory"]

POINTS = 2000  # of a line: more cannot be seen


class DrawsItsApproach:
    """What gives an `Equilibrium` its `plot`."""

    def plot(self: Any, start: float, steps: int | None = None, *, axes: Axes | None = None, **line: Any) -> Axes:
        """Draw the rms from `start` as a line, and the scale at which it ends.

        Parameters
        ----------
        start : float
            As in `rms`.
        steps : int, optional
            The last step. Default: three relaxation times.
        axes : Axes, optional
            Of Matplotlib. Default: the current ones.
        **line
            Passed on to `Axes.plot`.

        Returns
        -------
        Axes
            InvalidArgument if the equilibrium is symbolic or holds arrays: a line is one setting.
        """
        if self.problem.symbolic or np.ndim(self.variance):
            raise InvalidArgument("plot draws one setting, got arrays or symbols. Make an equilibrium of each.")
        last = whole_number("steps", math.ceil(3 * self.relaxation_time) if steps is None else steps)
        shown = np.unique(np.linspace(0, last, POINTS).round())
        axes = axes_or_current(axes)
        axes.plot(shown, self.rms(shown, start), **({"label": "law"} | line))
        axes.axhline(self.scale, color="0.5", linestyle=":", label="equilibrium")
        axes.set(xlabel="steps", ylabel="rms of a weight")
        return axes


def draw_trajectory(run: Any, axes: Any, line: dict[str, Any]) -> Axes:
    """Draw a `Trajectory`, as its `plot` says."""
    axes = axes_or_current(axes)
    shown = np.unique(np.linspace(0, run.steps, min(run.steps + 1, POINTS)).astype(int))
    axes.plot(shown, run.rms[shown], **({"label": "rms of a weight"} | line))
    steps = shown[1:]
    try:
        momentary = run.momentary[steps - 1]
    except (NoEquilibrium, NotImplementedError):
        momentary = np.full(len(steps), np.nan)
    if np.isfinite(momentary).any():
        axes.plot(steps, momentary, color="0.5", linestyle="--", label="equilibrium at the rate of the moment")
    axes.set_ylim(bottom=0)
    axes.set(xlabel="steps", ylabel="rms")
    return axes
