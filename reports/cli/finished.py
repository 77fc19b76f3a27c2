"""The command that looks at a finished run of ours: `tailoff layers`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from reports.cli.options import AT_HOME, Json
from reports.cli.output import show

__all__ = ["layers"]


def layers(
    file: Annotated[Path, typer.Argument(**AT_HOME, help="A run of `tailoff train` (.nc), 15 epochs or more.")],
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
