"""The command `tailoff report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reports.cli.options import AT_HOME, Data, MaxSize, Pixels, Seed, read_data

__all__ = ["report"]


def report(
    out: Annotated[
        Path | None,
        typer.Option(
            **AT_HOME,
            help="The PDF; .json and .nc files go beside it. Default out/tailoff.pdf, with --quick "
            "out/tailoff-quick.pdf.",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Shorter runs, for a first look.")] = False,
    seed: Seed = 1,
    data: Data = "mnist",
    pixels: Pixels = None,
    max_size: MaxSize = None,
) -> None:
    """Run the experiments and write the report.

    Example: tailoff report --quick
    """
    from reports.assemble import build

    path = build(out, quick=quick, seed=seed, data=read_data(data, pixels, max_size))
    typer.echo(f"{path} ({path.stat().st_size // 1024} KB), numbers in {path.with_suffix('.json')}")
