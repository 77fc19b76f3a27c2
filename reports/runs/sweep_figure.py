"""The figure of a sweep: a scale over the grid, the law over it, and the residuals in standard errors."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes as Panel
from matplotlib.figure import Figure

from reports.document.style import COLOURS, new_figure, plain_numbers, residual_band, styled
from reports.runs.compared import Scale
from reports.runs.sweep_axes import Axes, is_number

__all__ = ["sweep_figure"]

WIDE = 5.0  # a range of so many times is drawn on a logarithmic axis
BAND = 4.0  # standard errors
LEVELS = 8  # lines of the law on a map
DENSE = 60  # points of a line
GREEK = {"lam": r"$\lambda$", "eta": r"$\eta$"}


@styled
def sweep_figure(name: str, axes: Axes, scales: Mapping[int, Scale]) -> Figure:
    """Draw one scale of all points: lines over one setting, or a map over two.

    Parameters
    ----------
    name : str
        Of the scale.
    axes : Axes
    scales : dict
        By the number of the point; a point that is not there is left out.
    """
    return _map(name, axes, scales) if axes.map else _lines(name, axes, scales)


def _lines(name: str, axes: Axes, scales: Mapping[int, Scale]) -> Figure:
    figure, panels = new_figure(2, 1, 4.4, height_ratios=[3, 1], sharex="col")
    (top,), (bottom,) = panels
    looks = cycle([(COLOURS[colour], mark) for mark in "os^D" for colour in ("blue", "orange", "green", "pink", "sky")])
    for (value, numbers), (colour, mark) in zip(axes.groups(), looks, strict=False):
        mine = [(axes.columns[axes.x][n], scales[n]) for n in numbers.tolist() if n in scales]
        if not mine:
            continue
        x, found = zip(*mine, strict=True)
        look: dict[str, Any] = {"fmt": mark, "color": colour, "mfc": "white"}
        error = np.nan_to_num([scale.error for scale in found])
        label = f"{GREEK.get(axes.lines, axes.lines)} = {_shown(value)}" if axes.lines else None
        top.errorbar(x, [scale.value for scale in found], error, label=label, **look)
        predicted = [(at, scale.comparison) for at, scale in mine if scale.comparison]
        if predicted:
            dense, law = _law(axes, mine)
            joined = len(dense) == DENSE  # a law that is known at the points alone is a dash at each
            top.plot(dense, law, "-" if joined else "_", color=colour, markersize=14)
            bottom.errorbar([at for at, _ in predicted], [c.z for _, c in predicted], 1.0, **look)
    drawn = [scales[n].value for n in np.flatnonzero(axes.shown).tolist() if n in scales]
    _numbers(top, "y", drawn, room=1.6)  # for the legend
    _numbers(top, "x", axes.columns[axes.x][axes.shown])
    top.set_ylabel(name)
    if axes.lines:
        top.legend(ncols=2)
    z = [scale.comparison.z for n, scale in scales.items() if scale.comparison and axes.shown[n]]
    residual_band(bottom, max(BAND, float(np.ceil(np.abs(z).max(initial=0)))))
    bottom.set_xlabel(GREEK.get(axes.x, axes.x))
    return figure


def _map(name: str, axes: Axes, scales: Mapping[int, Scale]) -> Figure:
    x, y = (np.unique(axes.columns[n][axes.shown]) for n in (axes.x, axes.lines))
    measured, predicted, z = np.full((3, len(y), len(x)), np.nan)
    for n in np.flatnonzero(axes.shown).tolist():
        if n in scales:
            at = np.searchsorted(y, axes.columns[axes.lines][n]), np.searchsorted(x, axes.columns[axes.x][n])
            measured[at] = scales[n].value
            if compared := scales[n].comparison:
                predicted[at], z[at] = compared.predicted, compared.z
    figure, panels = new_figure(1, 2, 3.2, sharey="row")
    left, right = panels[0]
    wide = _is_wide(measured[np.isfinite(measured)])
    drawn = left.pcolormesh(x, y, measured, norm="log" if wide else "linear", cmap="viridis", shading="nearest")
    figure.colorbar(drawn, ax=left, label=name)
    if np.isfinite(predicted).all():
        levels = (np.geomspace if wide else np.linspace)(predicted.min(), predicted.max(), LEVELS + 2)[1:-1]
        lines = left.contour(x, y, predicted, levels=levels, colors="white", linewidths=0.8)
        left.clabel(lines, fmt="%.3g", fontsize=7)
    drawn = right.pcolormesh(x, y, z, cmap="RdBu_r", vmin=-BAND, vmax=BAND, shading="nearest")
    figure.colorbar(drawn, ax=right, label=r"residual [$\sigma$]", extend="both")
    for panel in (left, right):
        panel.set_facecolor("#dddddd")  # where there is no point
        _numbers(panel, "x", x)
        _numbers(panel, "y", y)
        panel.set_xlabel(GREEK.get(axes.x, axes.x))
    left.set_ylabel(GREEK.get(axes.lines, axes.lines))
    return figure


def _law(axes: Axes, mine: list[tuple[Any, Scale]]) -> tuple[Any, Any]:
    """Return the law between the points where it is a formula of x, and at the points elsewhere."""
    known = [(at, scale) for at, scale in mine if scale.comparison]
    x, law = np.array([at for at, _ in known]), known[0][1].law
    if law is not None and is_number(x) and len(x) > 1:
        dense = (np.geomspace if _is_wide(x) else np.linspace)(x[0], x[-1], DENSE)
        along = [law(axes.x, float(at)) for at in dense]
        if np.isfinite(along).all():
            return dense, along
    return x, [scale.comparison.predicted for _, scale in known if scale.comparison]


def _numbers(panel: Panel, name: str, values: Any, room: float = 1.0) -> None:
    """Make an axis logarithmic where its numbers are far apart, with plain numbers at 1, 2 and 5."""
    column = np.asarray(values)
    if not is_number(column) or not _is_wide(column):
        return
    getattr(panel, f"set_{name}scale")("log")
    if room > 1:
        getattr(panel, f"set_{name}lim")(column.min() / room, column.max() * room)
    plain_numbers(getattr(panel, f"{name}axis"), column.min(), column.max())


def _is_wide(values: np.ndarray) -> bool:
    return bool(len(values) and values.min() > 0 and values.max() >= WIDE * values.min())


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)
