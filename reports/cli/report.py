"""The command `tailoff report`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from reports.cli.forecast import (
    Invariant,
    OptimizerOfRun,
    PeakLr,
    ScheduleAhead,
    Steps,
    TotalSteps,
    schedule_ahead,
)
from reports.cli.optimizer_choice import chosen_optimizer
from reports.cli.options import (
    AT_HOME,
    Data,
    MaxSize,
    Momentum,
    Pixels,
    Scheduler,
    Seed,
    Warmup,
    WeightDecay,
    read_data,
)
from theory.settings import InvalidArgument

__all__ = ["report"]


def report(
    run: Annotated[
        Path | None, typer.Argument(**AT_HOME, help="A recorded run: a report on this one, as `forecast` reads it.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            **AT_HOME,
            help="The PDF; .json and .nc files go beside it. Default out/tailoff.pdf, with --quick "
            "out/tailoff-quick.pdf; of a run, beside its file.",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Shorter runs, for a first look.")] = False,
    seed: Seed = 1,
    data: Data = "mnist",
    pixels: Pixels = None,
    max_size: MaxSize = None,
    steps: Steps = None,
    optimizer: OptimizerOfRun = None,
    lr: PeakLr = None,
    weight_decay: WeightDecay = None,
    momentum: Momentum = None,
    schedule: ScheduleAhead = None,
    warmup: Warmup = None,
    total_steps: TotalSteps = None,
    invariant: Invariant = None,
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
    """Run the experiments and write the report; or report on one recorded run.

    What was measured before, with the same settings by the same code, is taken from the store.

    Example: tailoff report --quick

    Example: tailoff report run.arrows --out run.pdf
    """
    about_run = {
        "steps": steps, "optimizer": optimizer, "lr": lr, "weight-decay": weight_decay, "momentum": momentum,
        "schedule": schedule, "warmup": warmup, "total-steps": total_steps, "invariant": invariant,
    }  # fmt: skip
    if run is not None:
        about_all = {
            "quick": quick,
            "pixels": pixels,
            "max-size": max_size,
            "data": data != "mnist",
            "seed": seed != 1,
            "store": store,
            "fresh": fresh,
            "scheduler": scheduler,
            "sweep": sweep,
        }
        _refuse(about_all, "is for the report on the experiments: leave it out beside a run")
        from reports.runs.run_files import Said, read_with
        from reports.runs.run_report import write_run_report

        if momentum is not None and optimizer is None:
            raise InvalidArgument(f"--momentum must be given with --optimizer, got {momentum!r} alone.")
        chosen = chosen_optimizer(optimizer, momentum) if optimizer else None
        falls = schedule_ahead(schedule, {"warmup": warmup})
        said = Said(chosen, lr, weight_decay, falls, total_steps, steps, tuple(invariant or ()))
        record, plan, notes = read_with(run, said)
        path = write_run_report(out or run.with_suffix(".pdf"), record, plan, run.stem, notes)
        typer.echo(f"{path} ({path.stat().st_size // 1024} KB)")
        return
    _refuse(about_run, "is for the report on a run: name its file")
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


def _refuse(options: Mapping[str, object], why: str) -> None:
    for name, given in options.items():
        if given:
            raise InvalidArgument(f"--{name} {why}.")
