"""The command that predicts a whole run: `tailoff trajectory`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from reports.cli.optimizer_choice import chosen_optimizer
from reports.cli.options import (
    Beta1,
    Beta2,
    Correlation,
    Curvature,
    Decoupled,
    Json,
    Lr,
    MaybeEta,
    MaybeLam,
    MaybeN,
    Momentum,
    Noise,
    OptimizerName,
    Settings,
    Shape,
    WeightDecay,
    read_shape,
)
from reports.cli.output import show
from reports.cli.schedule_choice import chosen_schedule

__all__ = ["Cooldown", "Every", "Factor", "Floor", "ScheduleName", "Start", "Warmup", "trajectory"]

PRINTED = 101  # steps in the JSON

ScheduleName = Annotated[
    str,
    typer.Option("--schedule", help="constant, linear, cosine, 1-sqrt, trapezoid (or wsd), step."),
]
Warmup = Annotated[int | None, typer.Option(help="Steps of a linear warm-up.")]
Cooldown = Annotated[int | None, typer.Option(help="Steps of the fall at the end (trapezoid, 1-sqrt).")]
Floor = Annotated[float | None, typer.Option(help="Factor of the peak that the fall ends at.")]
Every = Annotated[int | None, typer.Option(help="Steps between the falls of --schedule step.")]
Factor = Annotated[float | None, typer.Option(help="Factor of each of them (default 0.1).")]
Start = Annotated[float, typer.Option(help="The start weight, or its rms.")]


def trajectory(
    n: MaybeN = None,
    lam: MaybeLam = None,
    eta: MaybeEta = None,
    lr: Lr = None,
    weight_decay: WeightDecay = None,
    steps: Annotated[int, typer.Option(help="Length of the run.")] = 10_000,
    start: Start = 0.0,
    schedule: ScheduleName = "constant",
    warmup: Warmup = None,
    cooldown: Cooldown = None,
    floor: Floor = None,
    every: Every = None,
    factor: Factor = None,
    independent: Annotated[
        bool, typer.Option("--independent", help="The schedule does not multiply the decay.")
    ] = False,
    noise: Noise = None,
    correlation: Correlation = 0.0,
    curvature: Curvature = 0.0,
    optimizer: OptimizerName = "sgd",
    momentum: Momentum = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    decoupled: Decoupled = False,
    settings: Settings = None,
    shape: Shape = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the run into this SVG file.")] = None,
    as_json: Json = False,
) -> None:
    """Predict the rms of a weight along a run.

    Example: tailoff trajectory --lr 3e-4 --weight-decay 0.1 --optimizer adamw --schedule cosine --warmup 1000
    --steps 20000 --start 0.02
    """
    import theory

    chosen = chosen_optimizer(optimizer, momentum, beta1, beta2, decoupled, settings or ())
    words: dict[str, Any] = {"n": n, "lam": lam, "eta": eta, "lr": lr, "weight_decay": weight_decay}
    model: dict[str, Any] = {"noise": noise, "correlation": correlation, "curvature": curvature}
    falls = chosen_schedule(schedule, warmup=warmup, cooldown=cooldown, floor=floor, every=every, factor=factor)
    run = theory.trajectory(
        **words, **model, steps=steps, start=start, schedule=falls, independent=independent, optimizer=chosen,
        shape=read_shape(shape),
    )  # fmt: skip
    if plot is not None:
        from reports.runs.trajectory_figure import write_trajectory_figure

        write_trajectory_figure(plot, run)
    at = np.unique(np.linspace(0, steps, min(steps + 1, PRINTED)).astype(int))
    content = {
        "end": float(run.rms[-1]), "K": run.K, "start_left": run.start_left, "remembered": run.remembered(),
        **_against_the_peak(run), "steps": at.tolist(), "rms": run.rms[at].tolist(), "optimizer": str(chosen),
    }  # fmt: skip
    show(f"{run}\noptimizer        {chosen}", content, as_json)


def _against_the_peak(run: Any) -> dict[str, Any]:
    """Return what compares the run with equilibria; None where the optimizer has none."""
    import theory

    try:
        return {"end_over_peak": run.end_over_peak, "peak": float(run.peak.scale), "follows_until": run.follows_until}
    except (theory.NoEquilibrium, NotImplementedError):
        return {"end_over_peak": None, "peak": None, "follows_until": None}
