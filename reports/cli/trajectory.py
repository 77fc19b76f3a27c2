"""The command that predicts a whole run: `tailoff trajectory`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from reports.cli.optimizer_choice import chosen_optimizer, shape_for, without_effect
from reports.cli.options import (
    AT_HOME,
    WHOLE,
    Beta1,
    Beta2,
    Cooldown,
    Correlation,
    Curvature,
    Decoupled,
    Every,
    Factor,
    Floor,
    Independent,
    Json,
    Lr,
    MaybeEta,
    MaybeLam,
    MaybeN,
    Momentum,
    Noise,
    OptimizerName,
    ScheduleName,
    Settings,
    Shape,
    Start,
    Warmup,
    WeightDecay,
)
from reports.cli.output import said, show, working
from reports.cli.schedule_choice import chosen_schedule, refuse_independent

__all__ = ["trajectory"]

PRINTED = 101  # steps in the JSON


def trajectory(
    n: MaybeN = None,
    lam: MaybeLam = None,
    eta: MaybeEta = None,
    lr: Lr = None,
    weight_decay: WeightDecay = None,
    steps: Annotated[int, typer.Option(**WHOLE, help="Length of the run.")] = 10_000,
    start: Start = 0.0,
    schedule: ScheduleName = "constant",
    warmup: Warmup = None,
    cooldown: Cooldown = None,
    floor: Floor = None,
    every: Every = None,
    factor: Factor = None,
    independent: Independent = False,
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
    plot: Annotated[Path | None, typer.Option(**AT_HOME, help="Draw the run into this SVG file.")] = None,
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
    refuse_independent(independent, falls)
    with working(f"a run of {steps:,} steps"):
        run = theory.trajectory(
            **words, **model, steps=steps, start=start, schedule=falls, independent=independent, optimizer=chosen,
            shape=shape_for(chosen, shape),
        )  # fmt: skip
        text, compared = str(run), _against_the_peak(run)
    if plot is not None:
        from reports.runs.trajectory_figure import write_trajectory_figure

        write_trajectory_figure(plot, run)
    at = np.unique(np.linspace(0, steps, min(steps + 1, PRINTED)).astype(int))
    error = [None if np.isnan(value) else value for value in run.accuracy[at].tolist()]
    content = {
        "end": float(run.rms[-1]), "K": run.K, "start_left": run.start_left, "remembered": run.remembered(),
        **compared, "largest_fraction": run.largest_fraction, "steps": at.tolist(), "rms": run.rms[at].tolist(),
        "accuracy": error, "optimizer": str(chosen),
    }  # fmt: skip
    unused = without_effect(chosen, noise, run.problem.shape) if curvature == 0 else {}
    show(said(text, chosen, unused), content | unused, as_json)


def _against_the_peak(run: Any) -> dict[str, Any]:
    """Return what compares the run with equilibria; None where the optimizer has none."""
    import theory

    try:
        return {"end_over_peak": run.end_over_peak, "peak": float(run.peak.scale), "follows_until": run.follows_until}
    except (theory.NoEquilibrium, NotImplementedError):
        return {"end_over_peak": None, "peak": None, "follows_until": None}
