"""The command `tailoff forecast`: where the layers of somebody's own run will be after more steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reports.cli.optimizer_choice import chosen_optimizer
from reports.cli.options import (
    AT_HOME,
    WHOLE,
    Beta1,
    Beta2,
    Cooldown,
    Decoupled,
    Every,
    Factor,
    Floor,
    Json,
    Momentum,
    Settings,
    Warmup,
    WeightDecay,
    read_size,
)
from reports.cli.output import show
from reports.cli.schedule_choice import chosen_schedule
from theory import InvalidArgument

if TYPE_CHECKING:
    from reports.runs.forecasts import LayerForecast

__all__ = ["forecast", "schedule_ahead"]

OptimizerOfRun = Annotated[
    str | None, typer.Option("--optimizer", help="Of a table: sgd, adam, adamw, ... Our own files say it themselves.")
]
PeakLr = Annotated[float | None, typer.Option(help="Its learning rate, at the peak of a schedule.")]
ScheduleAhead = Annotated[
    str | None, typer.Option("--schedule", help="constant, linear, cosine, 1-sqrt, trapezoid, step. Default: it stays.")
]
TotalSteps = Annotated[int | None, typer.Option(**WHOLE, help="Length of the whole run. Default: the forecast's end.")]
Steps = Annotated[int | None, typer.Option(**WHOLE, help="How many more. Default: to the end of the run, if told.")]
Invariant = Annotated[
    list[str] | None, typer.Option(help="A layer before a normalisation, 'conv*' allowed; again for each.")
]


def forecast(
    run: Annotated[
        Path, typer.Argument(**AT_HOME, help="A run of sim.torch_recorder or sim.Recorder, or a logger's table.")
    ],
    steps: Steps = None,
    optimizer: OptimizerOfRun = None,
    lr: PeakLr = None,
    weight_decay: WeightDecay = None,
    momentum: Momentum = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    decoupled: Decoupled = False,
    settings: Settings = None,
    schedule: ScheduleAhead = None,
    warmup: Warmup = None,
    cooldown: Cooldown = None,
    floor: Floor = None,
    every: Every = None,
    factor: Factor = None,
    total_steps: TotalSteps = None,
    invariant: Invariant = None,
    value: Annotated[list[str] | None, typer.Option(help="Column of the norm; again for each layer.")] = None,
    layer: Annotated[str | None, typer.Option(help="One layer. Default: every layer.")] = None,
    weights: Annotated[str | None, typer.Option(help="How many weights an rms is of (784x30, or a,b,...).")] = None,
    max_size: Annotated[str | None, typer.Option(help="Refuse larger tables: bytes, or 500MB, 4GB.")] = None,
    as_json: Json = False,
) -> None:
    """Forecast every layer's norm from a run's record.

    Example: tailoff forecast run.arrows --steps 10000

    Example: tailoff forecast metrics.csv --steps 10000 --optimizer adamw --lr 1e-3 --weight-decay 0.1 --schedule cosine
    --warmup 500 --total-steps 20000
    """
    from reports.cli.fit import read_counts
    from reports.runs.forecasts import forecasts_of
    from reports.runs.run_files import Said, read_with
    from sim.traces.trace import Choice
    from theory import CALIBRATED

    falls = {"warmup": warmup, "cooldown": cooldown, "floor": floor, "every": every, "factor": factor}
    said = Said(
        chosen_optimizer(optimizer, momentum, beta1, beta2, decoupled, settings or ()) if optimizer else None,
        lr, weight_decay, schedule_ahead(schedule, falls), total_steps, steps, tuple(invariant or ()),
    )  # fmt: skip
    of_optimizer = {
        "momentum": momentum,
        "beta1": beta1,
        "beta2": beta2,
        "decoupled": decoupled or None,
        "set": settings,
    }
    for name, option in of_optimizer.items():
        if optimizer is None and option is not None:
            raise InvalidArgument(f"--{name} must be given with --optimizer, got {option!r} alone.")
    choice = Choice(
        value=tuple(value or ()), layer=layer, weights=read_counts(weights) if weights else (),
        max_bytes=None if max_size is None else read_size(max_size),
    )  # fmt: skip
    record, plan, notes = read_with(run, said, choice)
    found = [
        own for own in forecasts_of(record, plan) if layer is None or own.name == layer or record.sizes["layer"] == 1
    ]
    notes.append(f"the band is calibrated on {CALIBRATED.made_on}; it is no confidence interval")
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    content = {"steps": plan.steps, "layers": [own.as_dict() for own in found], "notes": notes}
    show(_text(found, plan.steps), content, as_json)


def schedule_ahead(name: str | None, options: dict[str, Any]) -> Any:
    """Return the schedule that the options mean; None where none is told."""
    if name is None and options["warmup"] is None:
        given = next((key for key, option in options.items() if option is not None), None)
        if given is not None:
            raise InvalidArgument(f"--{given} must be given with --schedule, got {options[given]!r} alone.")
        return None
    return chosen_schedule(name or "constant", **options)


def _text(found: list[LayerForecast], steps: int) -> str:
    width = max(len(own.name) for own in found)
    lines = [
        f"{'layer':{width}} {'||w|| now':>10} {f'in {steps:,} steps':>16} {'between':>21} {'at present drive':>17}"
    ]
    for own in found:
        now = "" if own.now is None else f"{own.now**0.5:.4g}"
        value, low, high = (f"{part**0.5:.4g}" for part in own.norm_sq) if own.norm_sq else ("", "", "")
        held = "" if own.equilibrium is None else f"{own.equilibrium**0.5:.4g}"
        lines.append(f"{own.name:{width}} {now:>10} {value:>16} {f'{low} and {high}':>21} {held:>17}")
        lines.append(f"    {own.reason}")
        lines += [f"    {own.law}"] if own.law else []
    return "\n".join(lines)
