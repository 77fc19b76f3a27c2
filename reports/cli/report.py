"""The command `tailoff report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reports.cli.options import AT_HOME, Data, MaxSize, Pixels, Scheduler, Seed, read_data
from theory.settings import InvalidArgument

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
    store: Annotated[
        Path | None,
        typer.Option(**AT_HOME, help="The folder that keeps what was measured. Default: beside the PDF, NAME.store."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Empty the store first: measure all anew.")] = False,
    scheduler: Scheduler = None,
    sweep: Annotated[
        Path | None, typer.Option(**AT_HOME, help="Instead, report on the sweep in this folder; --out says where to.")
    ] = None,
) -> None:
    """Run the experiments and write the report.

    What was measured before, with the same settings by the same code, is taken from the store.

    Example: tailoff report --quick
    """
    if sweep is not None:
        from reports.runs.sweep_report import report_sweep

        given = {"--quick": quick, "--seed": seed != 1, "--data": data != "mnist", "--pixels": pixels,
                 "--max-size": max_size, "--store": store, "--fresh": fresh, "--scheduler": scheduler}  # fmt: skip
        if others := [name for name, value in given.items() if value]:
            raise InvalidArgument(f"--sweep goes with --out alone, got {', '.join(others)} too. Leave that out.")
        typer.echo(_written(report_sweep(sweep, out or Path("out/sweep.pdf"))))
        return
    from reports.assemble import build

    client = None
    if scheduler is not None:
        from sim.sweeps.cluster import connected

        client = connected(scheduler)
    examples = read_data(data, pixels, max_size)
    path = build(out, quick=quick, seed=seed, data=examples, store=store, fresh=fresh, client=client)
    typer.echo(_written(path))


def _written(path: Path) -> str:
    return f"{path} ({path.stat().st_size // 1024} KB), numbers in {path.with_suffix('.json')}"
