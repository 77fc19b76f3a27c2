"""How every figure looks: one size, one font, one set of colours that also works in grey and for the colour-blind."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

__all__ = ["COLOURS", "WIDTH", "log_scale", "new_figure", "plain_numbers", "residual_band", "styled"]

P = ParamSpec("P")

WIDTH = 6.7  # inches: the text width of the page
TICKED = 300  # a logarithmic axis up to so wide has numbers at 2 and 5 too
COLOURS = {  # Okabe and Ito's palette
    "blue": "#0072B2",
    "orange": "#D55E00",
    "green": "#009E73",
    "pink": "#CC79A7",
    "sky": "#56B4E9",
    "grey": "#777777",
}
SETTINGS: Any = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.titlesize": 9.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "legend.handlelength": 1.6,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.6,
    "errorbar.capsize": 1.5,
    "svg.fonttype": "path",
    "svg.hashsalt": "tailoff",  # the same figure is the same bytes
}


def styled(draw: Callable[P, Figure]) -> Callable[P, bytes]:
    """Make a function that draws a figure return it in the report's style as SVG: the same bytes every time."""

    @wraps(draw)
    def as_svg(*args: P.args, **kwargs: P.kwargs) -> bytes:
        buffer = BytesIO()
        with mpl.rc_context(SETTINGS):  # Matplotlib reads its settings as it draws and as it saves
            figure = draw(*args, **kwargs)
            layout = figure.get_layout_engine()
            if layout is not None:
                layout.execute(figure)  # once: savefig would draw all twice to have it done
                figure.set_layout_engine("none")
            figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        return buffer.getvalue()

    return as_svg


def new_figure(rows: int, columns: int, height: float, **grid: Any) -> tuple[Figure, Any]:
    """Return a figure of the report's width and its axes, always a 2D array."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **grid)


def log_scale(axis: Axes, low: float, high: float) -> None:
    """Make the vertical axis logarithmic from `low` to `high`, with labels at 1, 2 and 5 as plain numbers."""
    axis.set_yscale("log")
    axis.set_ylim(low, high)
    plain_numbers(axis.yaxis, low, high)


def plain_numbers(axis: Axis, low: float, high: float) -> None:
    """Label a logarithmic axis at 1, 2 and 5 as plain numbers; at 1 alone where it is wide."""
    axis.set_major_locator(LogLocator(subs=(1.0,) if high / low > TICKED else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def residual_band(axis: Axes, limit: float = 4.0) -> None:
    """Prepare an axis for residuals in sigma: the zero line and the band of +-2."""
    axis.axhspan(-2, 2, color="#eeeeee", zorder=0)
    axis.axhline(0, color="black", linewidth=0.7)
    axis.set_ylim(-limit - 0.5, limit + 0.5)
    axis.set_yticks([-limit, 0, limit])
    axis.set_ylabel(r"residual [$\sigma$]")
