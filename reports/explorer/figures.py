"""The figures of the page, empty: Bokeh draws axes, lines and marks, and the page's code fills them.

A model says by its tags which colour of the page it takes: "line_color=accent". The page sets it, light or dark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bokeh.plotting import figure as Figure

__all__ = ["figures"]


def figures() -> dict[str, Any]:
    """Return every figure by the name of its place in the page."""
    return {
        "one-weight": _one_weight(),
        "over-lam": _over_lam(),
        "over-epochs": _over_epochs(),
        "rates": _rates(),
        "run": _run(),
    }


def _new(name: str, *, height: int, y_label: str, x_label: str = "", **options: Any) -> Figure:
    from bokeh.models import LogAxis, NumeralTickFormatter, PrintfTickFormatter
    from bokeh.plotting import figure

    new = figure(
        name=name, x_range=(0.1, 1), y_range=(0.1, 1), height=height, sizing_mode="stretch_width", min_width=240,
        tools="", toolbar_location=None,
        background_fill_color=None, border_fill_color=None, outline_line_color=None, min_border_left=62,
        min_border_right=8, x_axis_label=x_label or None, y_axis_label=y_label, **options,
    )  # fmt: skip
    for axis in (new.xaxis, new.yaxis):
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "12px"
        axis.axis_label_text_font = axis.major_label_text_font = "system-ui, sans-serif"
        axis.minor_tick_line_color = None
        axis.major_tick_in, axis.major_tick_out = 0, 4
        axis.formatter = PrintfTickFormatter(format="%g")
    if not isinstance(new.xaxis[0], LogAxis):
        new.xaxis.ticker.desired_num_ticks = 5
        new.xaxis.formatter = NumeralTickFormatter(format="0,0")
    new.grid.grid_line_width = 1
    new.xgrid.visible = False
    return new


def _line(on: Figure, name: str, colour: str, **style: Any) -> None:
    drawn = on.line("x", "y", source=_source(name), **({"line_width": 1.5} | style))
    drawn.glyph.tags = [f"line_color={colour}"]


def _marks(on: Figure, name: str, *, filled: bool, size: int = 7, colour: str = "ink") -> None:
    """Measured points with their error bars, which the source has as `low` and `high`."""
    source = _source(name, "low", "high")
    bars = on.segment("x", "low", "x", "high", source=source, line_width=1.2)
    dots = on.scatter("x", "y", source=source, size=size, line_width=1.4)
    bars.glyph.tags = [f"line_color={colour}"]
    dots.glyph.tags = [f"line_color={colour}", f"fill_color={colour if filled else 'paper'}"]


def _words(on: Figure, name: str, *, ground: float = 0.7) -> None:
    """Words beside lines; `ground` says how much of what is under them is hidden."""
    from bokeh.core.properties import value
    from bokeh.models import ColumnDataSource, LabelSet

    source = ColumnDataSource({"x": [], "y": [], "text": [], "align": [], "shift": []}, name=name)
    words = LabelSet(
        x="x", y="y", text="text", text_align="align", y_offset="shift", source=source, text_font_size="12px",
        text_font=value("system-ui, sans-serif"), background_fill_alpha=ground,
    )  # fmt: skip
    words.tags = ["text_color=quiet", "background_fill_color=paper"]
    on.add_layout(words)


def _source(name: str, *more: str) -> Any:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource({column: [] for column in ("x", "y", *more)}, name=name)


def _one_weight() -> Figure:
    from bokeh.models import ColumnDataSource

    new = _new("one-weight", height=400, x_label="steps", y_label="size of the weight", y_axis_type="log")
    traces = ColumnDataSource({"xs": [], "ys": []}, name="traces")
    drawn = new.multi_line("xs", "ys", source=traces, line_width=1, line_alpha=0.22)
    drawn.glyph.tags = ["line_color=quiet"]
    swarm = new.scatter("x", "y", source=_source("swarm"), size=3.5, line_color=None, fill_alpha=0.45)
    swarm.glyph.tags = ["fill_color=quiet"]
    _line(new, "equilibrium", "ink", line_dash="6 4", line_width=1.2)
    _line(new, "literal", "quiet", line_dash="2 3", line_width=1.2)
    _line(new, "inverse", "quiet", line_width=1)
    _line(new, "rms", "accent", line_width=2.6)
    _marks(new, "walked", filled=False, size=6)
    _words(new, "one-weight-words")
    return new


def _over_lam() -> Figure:
    new = _new(
        "over-lam", height=380, x_label="weight decay λ", y_label="rms of a layer at the end", x_axis_type="log",
        y_axis_type="log",
    )  # fmt: skip
    new.xaxis.ticker = [5, 12, 30, 70, 160]
    _line(new, "chosen", "rule", line_width=10)
    for layer in (2, 3):
        _line(new, f"reading-{layer}", "quiet", line_width=1)
        _line(new, f"balance-{layer}", "accent", line_width=2.2)
        _marks(new, f"end-large-{layer}", filled=True)
        _marks(new, f"end-default-{layer}", filled=False)
    _line(new, "reading-all", "quiet", line_width=1, line_dash="2 3")
    _words(new, "over-lam-words")
    return new


def _over_epochs() -> Figure:
    new = _new("over-epochs", height=380, x_label="epochs", y_label="rms of a layer", y_axis_type="log")
    for layer in (2, 3):
        _line(new, f"tail-{layer}", "quiet", line_width=1)
        _line(new, f"pure-{layer}", "ink", line_dash="6 4", line_width=1.2)
        _marks(new, f"course-large-{layer}", filled=True, size=4)
        _marks(new, f"course-default-{layer}", filled=False, size=4)
        _line(new, f"held-{layer}", "accent", line_width=2.2)
    _line(new, "tail-all", "quiet", line_width=1, line_dash="2 3")
    _words(new, "over-epochs-words")
    return new


def _rates() -> Figure:
    new = _new("rates", height=92, y_label="rate")
    new.yaxis.ticker = [0, 1]
    new.xaxis.visible = False
    _line(new, "factors", "ink", line_width=1.6)
    return new


def _run() -> Figure:
    from bokeh.models import BoxAnnotation

    new = _new("run", height=330, x_label="steps", y_label="rms of the weight")
    counted = BoxAnnotation(name="counted", left=0, right=0, fill_alpha=1, line_color=None, level="image")
    counted.tags = ["fill_color=wash"]
    new.add_layout(counted)
    _line(new, "moment", "ink", line_dash="6 4", line_width=1.2)
    _line(new, "unforgotten", "quiet", line_width=1.2)
    _line(new, "along", "accent", line_width=2.6)
    _words(new, "run-words", ground=0.0)
    return new
