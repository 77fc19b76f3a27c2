"""The command that lets weights walk, and compares with the theory: `tailoff walk`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reports.cli.optimizer_choice import chosen_optimizer, shape_for, without_effect
from reports.cli.options import (
    WHOLE,
    Beta1,
    Beta2,
    Cooldown,
    Correlation,
    Curvature,
    Decoupled,
    Eta,
    Every,
    Factor,
    Floor,
    Independent,
    Json,
    Lam,
    Momentum,
    N,
    Noise,
    OptimizerName,
    Out,
    ScheduleName,
    Seed,
    Settings,
    Shape,
    Warmup,
)
from reports.cli.output import said, show, working
from reports.cli.schedule_choice import chosen_schedule, is_held, refuse_independent
from theory import TailoffError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["walk"]

AT_REST, AT_ONE_STEP = 1000, 20_000  # weights for 1%: averaged over the run, or looked at once
LEAST = 16  # matrices: fewer do not tell their own spread
PRINTED = 8  # rows of the table


def walk(
    n: N,
    lam: Lam,
    eta: Eta,
    noise: Noise = None,
    correlation: Correlation = 0.0,
    curvature: Curvature = 0.0,
    weights: Annotated[
        int | None,
        typer.Option(**WHOLE, help="How many independent weights, or matrices. Default 1000; 20000 along a schedule."),
    ] = None,
    steps: Annotated[int, typer.Option(**WHOLE, help="How many steps each takes.")] = 9984,
    start: Annotated[float, typer.Option(help="Where they start.")] = 0.0,
    sign_noise: Annotated[bool, typer.Option("--sign-noise", help="Noise of +-noise instead of Gaussian.")] = False,
    schedule: ScheduleName = "constant",
    warmup: Warmup = None,
    cooldown: Cooldown = None,
    floor: Floor = None,
    every: Every = None,
    factor: Factor = None,
    independent: Independent = False,
    optimizer: OptimizerName = "sgd",
    momentum: Momentum = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    decoupled: Decoupled = False,
    settings: Settings = None,
    shape: Shape = None,
    seed: Seed = 0,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Simulate independent weights and compare.

    At a held learning rate the scale is compared, averaged over the run; along a schedule the rms at its end.

    Example: tailoff walk 100 20 0.5 --weights 4000

    Example: tailoff walk 100 20 0.5 --schedule cosine --warmup 64 --steps 640 --start 0.5
    """
    import sim
    import theory
    from sim.machinery.saving import refuse_unwritable

    if out is not None:
        refuse_unwritable(out)
    chosen = chosen_optimizer(optimizer, momentum, beta1, beta2, decoupled, settings or ())
    if sign_noise and not isinstance(chosen, theory.SGD):
        raise TailoffError(
            f"--sign-noise has no prediction with --optimizer {optimizer}, whose law is for Gaussian noise."
        )
    falls = chosen_schedule(schedule, warmup=warmup, cooldown=cooldown, floor=floor, every=every, factor=factor)
    refuse_independent(independent, falls)
    held, sizes = is_held(falls), shape_for(chosen, shape)
    if weights is None:
        weights = max(LEAST, (AT_REST if held else AT_ONE_STEP) // math.prod(sizes or (1,)))
    model: dict[str, Any] = {"noise": noise, "correlation": correlation, "curvature": curvature, "optimizer": chosen}
    model |= {"shape": sizes}
    if held:
        theory.equilibrium(n, lam, eta, **model)
    else:
        law = theory.trajectory(n, lam, eta, **model, steps=steps, start=start, schedule=falls, independent=independent)
        model |= {"schedule": falls}
        model |= {"decay_schedule": law.rates.decay * n / lam} if independent and lam else {}
    with working(f"{weights} weights walk") as progress:
        result = sim.walk(
            n, lam, eta, weights=weights, steps=steps, distribution="sign" if sign_noise else "gaussian", start=start,
            seed=seed, progress=progress, **model,
        )  # fmt: skip
    if held and not result.attrs["stationary"]:
        raise TailoffError(f"the walk is not stationary after {steps} steps. Give more --steps.")
    if out:
        sim.save(result, out)
    text, content = _at_rest(result) if held else _along(result, law)
    unused = without_effect(chosen, noise, sizes) if curvature == 0 else {}
    show(said(text, chosen, unused), content | {"optimizer": str(chosen)} | unused, as_json)


def _at_rest(result: xr.Dataset) -> tuple[str, dict[str, Any]]:
    """Compare the scale of a walk at a held rate."""
    from reports.runs.walks import scale_comparison

    comparison, burn_in = scale_comparison(result), result.burn_in.item()
    chosen = f"burn-in {burn_in:.0f} of {result.attrs['steps']} steps, chosen from the data"
    return f"{comparison}\n{chosen}", comparison.as_dict() | {"burn_in": burn_in}


def _along(result: xr.Dataset, law: Any) -> tuple[str, dict[str, Any]]:
    """Compare the rms at the end of a run, and show it along the way."""
    from reports.runs.walks import end_comparison

    comparison = end_comparison(result, law)
    steps = result.step.values
    columns = {"rms": result.rms.values, "rms_error": result.rms_error.values, "predicted_rms": law.rms[steps]}
    lines = [f"{'step':>10} {'measured rms':>14} {'+/-':>9} {'predicted':>12}"]
    for i in range(0, len(steps), (len(steps) - 1) // PRINTED):
        measured, error, predicted = (values[i] for values in columns.values())
        lines.append(f"{steps[i]:>10} {measured:>14.6g} {error:>9.2g} {predicted:>12.6g}")
    return "\n".join([*lines, str(comparison)]), comparison.as_dict() | {
        "steps": steps.tolist(), **{name: values.tolist() for name, values in columns.items()}
    }  # fmt: skip
