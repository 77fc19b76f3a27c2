"""The commands that only calculate: `tailoff equilibrium` and `tailoff derive`."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Any

import typer

from reports.cli.optimizer_choice import chosen_optimizer, shape_for
from reports.cli.options import (
    WHOLE,
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
)
from reports.cli.output import show

__all__ = ["derive", "equilibrium"]


class Format(StrEnum):
    """How a derivation is printed."""

    text = "text"
    latex = "latex"
    typst = "typst"


def equilibrium(
    n: MaybeN = None,
    lam: MaybeLam = None,
    eta: MaybeEta = None,
    lr: Lr = None,
    weight_decay: WeightDecay = None,
    noise: Noise = None,
    correlation: Correlation = 0.0,
    curvature: Curvature = 0.0,
    start: Annotated[float | None, typer.Option(help="Also say when the tail-off from this start weight is.")] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(**WHOLE, help="Also say memory and shrink per epoch of n / batch-size steps."),
    ] = None,
    optimizer: OptimizerName = "sgd",
    momentum: Momentum = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    decoupled: Decoupled = False,
    settings: Settings = None,
    shape: Shape = None,
    as_json: Json = False,
) -> None:
    """Predict where decay holds a weight, and how soon.

    Example: tailoff equilibrium 50000 5 0.1 --start 1 --batch-size 10

    Example: tailoff equilibrium 50000 500 0.001 --optimizer adamw --batch-size 128

    Example: tailoff equilibrium --lr 3e-4 --weight-decay 0.1 --optimizer adamw --beta2 0.95
    """
    import theory

    chosen = chosen_optimizer(optimizer, momentum, beta1, beta2, decoupled, settings or ())
    words: dict[str, Any] = {"n": n, "lam": lam, "eta": eta, "lr": lr, "weight_decay": weight_decay}
    model: dict[str, Any] = {"noise": noise, "correlation": correlation, "curvature": curvature}
    eq = theory.equilibrium(**words, optimizer=chosen, shape=shape_for(chosen, shape), **model)
    names = ("scale", "variance", "balance", "shrink", "relaxation_time", "noise")
    content: dict[str, Any] = {name: getattr(eq, name) for name in names}
    if not eq.problem.noise_known:
        content["noise"] = None
    content |= {"optimizer": str(chosen), "method": eq.method, "accuracy": _number_or_none(eq.accuracy)}
    if eq.problem.examples:
        meeting = eq.inverse_sqrt_n
        content["inverse_sqrt_n"] = {
            "value": meeting.value, "ratio": meeting.ratio, "lam_white": _number_or_none(meeting.lam_white),
            "lam_coherent": _number_or_none(meeting.lam_coherent),
        }  # fmt: skip
    lines = [str(eq), f"optimizer        {chosen}"]
    if start is not None:
        content["tail_off"] = eq.tail_off(start)
        lines.append(f"tail-off         {content['tail_off']} steps from w = {start:g} to within 5% of the scale")
    if batch_size is not None:
        content["shrink_per_epoch"] = eq.shrink_per_epoch(batch_size)
        content["relaxation_epochs"] = epochs = eq.relaxation_time * batch_size / eq.n
        lines.append(f"relaxation time  {epochs:.10g} epochs of {eq.n / batch_size:g} steps")
        lines.append(f"shrink per epoch {content['shrink_per_epoch']:.10g}")
        if chosen == theory.SGD(decoupled=decoupled):
            lines[-1] += f" (exp(-eta lam / m) = {eq.shrink_per_epoch(batch_size, limit=True):.10g})"
    show("\n".join(lines), content, as_json)


def _number_or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def derive(
    correlated: Annotated[bool, typer.Option(help="Noise with memory instead of white noise.")] = False,
    form: Annotated[Format | None, typer.Option("--format", help="How to print it (default text).")] = None,
    as_json: Json = False,
) -> None:
    """Show the derivation, proved again step by step.

    Example: tailoff derive --correlated
    """
    import theory

    if form is not None and as_json:
        raise theory.InvalidArgument(f"--format must be left out with --json, got {form.value!r}. JSON has a form.")
    derivation = theory.derive(correlated=correlated).check()
    if form not in (None, Format.text):
        typer.echo(getattr(derivation, form.value)())  # for a typesetter: its lines stay as they are
        return
    steps = [{"name": s.name, "reason": s.words, "equation": str(s.equation.doit())} for s in derivation.steps]
    show(str(derivation), {"steps": steps, "result": str(derivation.result), "checked": True}, as_json)
