"""The scale over eta lam/n under every optimizer: laws as lines, walks as points, residuals below."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

import theory
from reports.document.style import COLOURS, log_scale, new_figure, residual_band, styled
from reports.runs.walks import optimizer_of, predict, scale_of

__all__ = ["optimizer_figure"]

LOOKS = {  # colour and marker; decoupled decay is dashed
    "plain SGD": ("grey", "o"),
    "heavy ball, coupled": ("blue", "o"),
    "heavy ball, decoupled (SGDW)": ("orange", "o"),
    "Nesterov, coupled": ("sky", "s"),
    "Nesterov, decoupled": ("pink", "s"),
    "AdamW": ("green", "o"),
    "Adam, coupled": ("blue", "^"),
    "Lion": ("orange", "s"),
}
TITLES = ("SGD with and without momentum", "normalised steps")


@styled
def optimizer_figure(lines: dict[str, list[xr.Dataset]]) -> Figure:
    """Draw scale and residuals, SGD's kinds on the left and the optimizers that normalise their step on the right."""
    figure, axes = new_figure(2, 2, 4.2, height_ratios=[3, 1], sharex=True, sharey="row")
    left = [name for name, walks in lines.items() if isinstance(optimizer_of(walks[0]), theory.SGD)]
    for column, names in enumerate((left, [name for name in lines if name not in left])):
        top, bottom = axes[:, column]
        for place, name in enumerate(names):
            walks = lines[name]
            at = np.array([_rate(walk) for walk in walks])
            measured, error = np.array([scale_of(walk) for walk in walks]).T
            predicted = np.array([predict(walk).scale for walk in walks])
            colour, marker = LOOKS[name]
            look: dict[str, Any] = {"fmt": marker, "color": COLOURS[colour], "mfc": "none"}
            look |= {"markersize": 5.5} if name.endswith("(SGDW)") else {}  # seen around what lies on it
            dense = np.geomspace(at.min(), at.max(), 120)
            dash = "--" if getattr(optimizer_of(walks[0]), "decoupled", True) else "-"
            top.plot(dense, _law(walks[0], dense), dash, color=COLOURS[colour])
            top.errorbar(at, measured, error, label=name, **look)
            aside = 1 + 0.03 * (place - (len(names) - 1) / 2)  # so that error bars do not hide each other
            bottom.errorbar(at * aside, (measured - predicted) / error, 1.0, **look)
        top.set_title(TITLES[column])
        top.legend(loc="upper right")
        top.set_xscale("log")
        bottom.set_xlabel(r"$\eta\lambda/n$")
        residual_band(bottom)
    scales = [np.sqrt(walk.variance.item()) for walks in lines.values() for walk in walks]
    log_scale(axes[0, 0], 0.8 * min(scales), 7 * max(scales))  # room for the legend
    axes[0, 0].set_ylabel(r"scale $\sqrt{E\,w^2}$")
    axes[1, 1].set_ylabel("")
    for axis in axes[0]:
        axis.set_xticks([0.01, 0.02, 0.05, 0.1], ["0.01", "0.02", "0.05", "0.1"])
        axis.minorticks_off()
    return figure


def _rate(walk: xr.Dataset) -> float:
    return float(walk.attrs["eta"] * walk.attrs["lam"] / walk.attrs["n"])


def _law(walk: xr.Dataset, rates: Iterable[float]) -> np.ndarray:
    n, eta, noise = (walk.attrs[name] for name in ("n", "eta", "noise"))
    return np.array(
        [theory.equilibrium(n, rate * n / eta, eta, noise=noise, optimizer=optimizer_of(walk)).scale for rate in rates]
    )
