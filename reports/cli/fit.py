"""The command `tailoff fit`: a recorded decay, of a run of ours or of anybody's table, and its tail."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reports.cli.options import AT_HOME, Json, MaxSize, read_size
from reports.cli.output import show
from theory import TailoffError

if TYPE_CHECKING:
    from sim.traces.trace import Series

__all__ = ["fit", "read_counts"]

Name = str | None
SHOWN = 3  # failures in a message


def fit(
    file: Annotated[
        Path,
        typer.Argument(**AT_HOME, help="A run of `tailoff train` (.nc), or a table of any logger: CSV, JSON lines."),
    ],
    time: Annotated[Name, typer.Option(help="Column of the time, where the names do not decide.")] = None,
    value: Annotated[list[str] | None, typer.Option(help="Column of the rms or norm; again for each layer.")] = None,
    error: Annotated[Name, typer.Option(help="Column of its standard error, or none.")] = None,
    layer: Annotated[Name, typer.Option(help="One layer, by its name or number. Default: every layer.")] = None,
    quantity: Annotated[Name, typer.Option(help="What the values are: rms, norm, norm_sq, variance or std.")] = None,
    weights: Annotated[Name, typer.Option(help="How many weights a norm is of (784x30, or a,b,... by layer).")] = None,
    segment: Annotated[int | None, typer.Option(help="Of a run with restarts, from 1. Default: the last.")] = None,
    decimal: Annotated[Name, typer.Option(help="The table's decimal sign, . or a comma, where no cell tells.")] = None,
    epoch_steps: Annotated[int | None, typer.Option(help="Steps of an epoch, where the step counts in each.")] = None,
    max_size: MaxSize = None,
    plot: Annotated[
        Path | None, typer.Option(**AT_HOME, help="Draw data, curve and residuals into this SVG file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Fit a recorded decay: its rate and its tail.

    Example: tailoff fit run.nc --layer 2

    Example: tailoff fit metrics.csv --value norm --weights 784x30
    """
    import sim
    from reports.runs.files import read_decay
    from sim.traces.trace import Choice

    counts = read_counts(weights) if weights is not None else ()
    trace = read_decay(
        file,
        Choice(
            time=time, value=tuple(value or ()), error=error, layer=layer, quantity=quantity, weights=counts,
            decimal=decimal, epoch_steps=epoch_steps,
            max_bytes=None if max_size is None else read_size(max_size),
        ),
    )  # fmt: skip
    if plot is not None and len(trace.series) > 1:
        raise TailoffError(f"--plot draws one layer, and {file} has {len(trace.series)}. Choose with --layer.")
    notes = list(trace.notes)
    if segment is None and any(series.segments > 1 for series in trace.series):
        notes.append("the last segment is fitted (--segment chooses)")
    texts, contents, failed = [], [], []
    for series in trace.series:
        text, content = _fitted(series.part(segment), plot)
        if "scale" not in content:
            failed.append(f"{series.layer}: {content['message']}")
        texts.append(f"{series.layer}: {trace.quantity}; the rate is per {trace.unit}\n{text}")
        contents.append(content | {"layer": series.layer, "quantity": trace.quantity, "time_unit": trace.unit})
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    if len(failed) == len(contents):
        raise sim.FitError(f"{file}, {'; '.join(failed[:SHOWN])}")
    found = contents[0] if len(contents) == 1 else {"layers": contents}
    show("\n\n".join(texts), found | {"notes": notes}, as_json)


def _fitted(series: Series, plot: Path | None) -> tuple[str, dict[str, Any]]:
    """Return the fit of one layer in words and in numbers; of one that cannot be fitted, why."""
    import sim

    record = series.time, series.value, series.error
    try:
        result = sim.fit_decay(*record)
    except sim.FitError as problem:
        why = series.not_positive or str(problem)
        return f"no fit: {why}", {"converged": False, "message": why}
    if plot is not None:
        from reports.runs.fit_figure import write_fit_figure

        write_fit_figure(plot, *record, result)
    if not math.isfinite(result.scale.value):
        return result.message, {"converged": False, "message": result.message}
    return str(result), result.as_dict()


def read_counts(text: str) -> tuple[int, ...]:
    """Return the numbers of weights: 23520, or 784x30, or one for each layer with commas between."""
    try:
        counts = []
        for part in text.split(","):
            count = 1
            for factor in part.lower().split("x"):
                count *= int(factor)
            counts.append(count)
        return tuple(counts)
    except ValueError as problem:
        raise TailoffError(f"--weights must be whole numbers such as 23520 or 784x30,30x10; got {text!r}.") from problem
