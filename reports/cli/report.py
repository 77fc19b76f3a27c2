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
from reports.cli.options import AT_HOME, Data, MaxSize, Momentum, Pixels, Seed, Warmup, WeightDecay, read_data
from theory import InvalidArgument

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
) -> None:
    """Run the experiments and write the report; or report on one recorded run.

    Example: tailoff report --quick

    Example: tailoff report run.arrows --out run.pdf
    """
    about_run = {
        "steps": steps, "optimizer": optimizer, "lr": lr, "weight-decay": weight_decay, "momentum": momentum,
        "schedule": schedule, "warmup": warmup, "total-steps": total_steps, "invariant": invariant,
    }  # fmt: skip
    if run is not None:
        about_all = {"quick": quick, "pixels": pixels, "max-size": max_size, "data": data != "mnist", "seed": seed != 1}
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
    from reports.assemble import build

    path = build(out, quick=quick, seed=seed, data=read_data(data, pixels, max_size))
    typer.echo(f"{path} ({path.stat().st_size // 1024} KB), numbers in {path.with_suffix('.json')}")


def _refuse(options: Mapping[str, object], why: str) -> None:
    for name, given in options.items():
        if given:
            raise InvalidArgument(f"--{name} {why}.")
