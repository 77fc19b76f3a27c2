"""The commands that look at what is there already: `tailoff fit` and `tailoff layers`."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from reports.cli.options import Json
from reports.cli.output import show

__all__ = ["fit", "layers"]


def fit(
    file: Annotated[Path, typer.Argument(help="A run of `tailoff train` (.nc), or a CSV: time, rms[, error].")],
    layer: Annotated[int, typer.Option(help="Which layer of a training run.")] = 2,
    plot: Annotated[Path | None, typer.Option(help="Draw data, curve and residuals into this SVG file.")] = None,
    as_json: Json = False,
) -> None:
    """Fit a recorded decay: its rate and its tail.

    Example: tailoff fit run.nc --layer 2
    """
    import sim
    from reports.runs.files import read_decay
    from reports.runs.fit_figure import write_fit_figure

    record = read_decay(file, layer)
    result = sim.fit_decay(*record)
    if plot is not None:
        write_fit_figure(plot, *record, result)
    if not math.isfinite(result.scale.value):
        raise sim.FitError(result.message)
    show(str(result), result.as_dict(), as_json)


def layers(
    file: Annotated[Path, typer.Argument(help="A run of `tailoff train` (.nc), 15 epochs or more.")],
    as_json: Json = False,
) -> None:
    """Balance a finished run: budget and equilibrium.

    Example: tailoff layers run.nc
    """
    from reports.runs.balance import balance_of, budget_of
    from reports.runs.files import read_run

    run = read_run(file)
    lines, content = [], []
    for layer in (int(layer) for layer in run.layer):
        balance = balance_of(run, layer)
        last = budget_of(run, layer).at(-1)
        content.append({"layer": layer, "verdict": balance.verdict, "budget_of_last_epoch": last} | asdict(balance))
        terms = ", ".join(f"{name} {100 * value:+.3f}%" for name, value in last.items())
        lines.append(
            f"layer {layer}: rms {balance.measured:.5g} +/- {balance.error:.1g}, the balance predicts "
            f"{balance.predicted:.5g} +/- {balance.predicted_error:.1g}; {balance.verdict}\n"
            f"    ||w||^2 in the last epoch: {terms}"
        )
    show("\n".join(lines), {"layers": content}, as_json)
