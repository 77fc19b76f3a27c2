"""Draw a fitted decay: the data, the curve with its tail, and the residuals under them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from reports.document.style import COLOURS, new_figure, residual_band, styled
from sim import DataError, DecayFit
from sim.machinery.saving import refuse_unwritable, write

__all__ = ["fit_figure", "write_fit_figure"]

FAR = 4.0  # the residuals' axis reaches at least so many sigma


def write_fit_figure(path: Path, time: np.ndarray, rms: np.ndarray, error: np.ndarray | None, fit: DecayFit) -> None:
    """Write the figure as an SVG file; DataError if the name does not end in .svg or nothing can be written there."""
    if path.suffix.lower() != ".svg":
        raise DataError(f"the plot must end in .svg, got {str(path)!r}. Give a name such as fit.svg.")
    write(refuse_unwritable(path), fit_figure(time, rms, error, fit))


@styled
def fit_figure(time: np.ndarray, rms: np.ndarray, error: np.ndarray | None, fit: DecayFit) -> Figure:
    """Draw data, curve and residuals; returns the figure as SVG.

    Parameters
    ----------
    time, rms : ndarray, shape (points,)
    error : ndarray, shape (points,), or None
        Without errors the residuals are in units of their own scatter: of the rms, or of its logarithm where the rms
        falls far.
    fit : DecayFit
        What `sim.fit_decay` made of these.
    """
    time, rms = np.asarray(time, dtype=float), np.asarray(rms, dtype=float)
    figure, axes = new_figure(2, 1, 4.1, height_ratios=[3, 1], sharex="col")
    top, bottom = axes[:, 0]
    fit.plot(time, rms, error, axes=top, color=COLOURS["blue"])
    top.set_xlabel("")
    if math.isfinite(fit.scale.value):
        curve = fit.rms(time - time.min())
        wide = top.get_yscale() == "log"
        residual = np.log(rms / curve) if wide and error is None else rms - curve
        sigma = np.sqrt(np.mean(residual**2)) if error is None else error
        in_sigma = residual / np.where(sigma > 0, sigma, 1.0)
        bottom.plot(time, in_sigma, "o", color=COLOURS["blue"], mfc="white")
        residual_band(bottom, max(FAR, float(np.ceil(np.abs(in_sigma).max()))))
    if error is None:
        bottom.set_ylabel("residual\n[rms residual]")
    top.set_title(_title(fit))
    top.legend(loc="best")
    bottom.set_xlabel("time")
    return figure


def _title(fit: DecayFit) -> str:
    if not fit.converged:
        return "no rate can be had from these data"
    tail = "tail seen" if fit.tail_seen else "no tail seen"
    return f"scale {fit.scale}, rate {fit.rate}; {tail}".replace("+/-", "±")
