"""The commands that say what to set: `tailoff decay-for`, `tailoff rescale` and `tailoff translate`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from reports.cli.optimizer_choice import chosen_optimizer
from reports.cli.options import (
    Beta1,
    Beta2,
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
from reports.cli.trajectory import Cooldown, Every, Factor, Floor, ScheduleName, Start, Warmup

__all__ = ["decay_for", "rescale", "translate"]

Maybe = float | None


def decay_for(
    n: Annotated[Maybe, typer.Option(help="Number of training examples; with --eta, lam is printed.")] = None,
    eta: Annotated[Maybe, typer.Option(help="Learning rate per step, with --n.")] = None,
    lr: Annotated[Maybe, typer.Option(help="Learning rate alone: PyTorch's weight_decay is printed.")] = None,
    scale: Annotated[Maybe, typer.Option(help="The wanted rms of a weight.")] = None,
    memory: Annotated[Maybe, typer.Option(help="Or the wanted relaxation time in steps.")] = None,
    epochs: Annotated[Maybe, typer.Option(help="Or in epochs, with --n and --batch-size.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Examples per step.")] = None,
    steps: Annotated[int | None, typer.Option(help="Length of a run: the scale is that of its end.")] = None,
    start: Start = 0.0,
    schedule: ScheduleName = "constant",
    warmup: Warmup = None,
    cooldown: Cooldown = None,
    floor: Floor = None,
    every: Every = None,
    factor: Factor = None,
    noise: Noise = None,
    optimizer: OptimizerName = "sgd",
    momentum: Momentum = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    decoupled: Decoupled = False,
    settings: Settings = None,
    shape: Shape = None,
    as_json: Json = False,
) -> None:
    """Find the decay for a wanted scale or memory.

    Example: tailoff decay-for --lr 1e-3 --scale 0.02 --optimizer adamw

    Example: tailoff decay-for --lr 1e-3 --scale 0.02 --optimizer adamw --steps 10000 --schedule cosine --start 0.02
    """
    import theory

    chosen = chosen_optimizer(optimizer, momentum, beta1, beta2, decoupled, settings or ())
    falls = chosen_schedule(schedule, warmup=warmup, cooldown=cooldown, floor=floor, every=every, factor=factor)
    model: dict[str, Any] = {"noise": noise, "optimizer": chosen, "shape": read_shape(shape)}
    if steps is not None:
        model |= {"steps": steps, "start": start, "schedule": falls}
    elif (schedule, start) != ("constant", 0.0):
        raise theory.InvalidArgument("--steps must be given with --schedule and --start. Say how long the run is.")
    wanted: dict[str, Any] = {"scale": scale, "memory": memory, "epochs": epochs, "batch_size": batch_size}
    value = theory.decay_for(n=n, eta=eta, lr=lr, **wanted, **model)
    name = "lam" if lr is None else "weight_decay"
    show(f"{name:16} {value:.10g}\noptimizer        {chosen}", {name: value, "optimizer": str(chosen)}, as_json)


def rescale(
    n: MaybeN = None,
    lam: MaybeLam = None,
    eta: MaybeEta = None,
    lr: Lr = None,
    weight_decay: WeightDecay = None,
    batch_size: Annotated[int, typer.Option(help="Examples per step of the set-up that works.")] = 1,
    to_batch_size: Annotated[int | None, typer.Option(help="Of the new one; accumulated batches count.")] = None,
    examples: Annotated[Maybe, typer.Option(help="Training examples, beside --lr; with --to-n.")] = None,
    to_n: Annotated[Maybe, typer.Option(help="Training examples of the new set-up.")] = None,
    to_eta: Annotated[Maybe, typer.Option(help="A learning rate to use regardless: only the memory is held.")] = None,
    noise: Noise = None,
    optimizer: OptimizerName = "sgd",
    momentum: Momentum = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    decoupled: Decoupled = False,
    settings: Settings = None,
    shape: Shape = None,
    as_json: Json = False,
) -> None:
    """Move a recipe to another batch size or data set.

    Example: tailoff rescale 50000 500 0.001 --batch-size 128 --to-batch-size 512 --optimizer adamw

    Example: tailoff rescale --lr 1e-3 --weight-decay 0.01 --batch-size 128 --to-batch-size 512 --optimizer adamw
    """
    import theory

    chosen = chosen_optimizer(optimizer, momentum, beta1, beta2, decoupled, settings or ())
    words: dict[str, Any] = {
        "n": examples if n is None else n,
        "lam": lam,
        "eta": eta,
        "lr": lr,
        "weight_decay": weight_decay,
    }
    change: dict[str, Any] = {"to_n": to_n, "to_batch_size": to_batch_size, "to_eta": to_eta}
    model: dict[str, Any] = {"noise": noise, "optimizer": chosen, "shape": read_shape(shape)}
    recipe = theory.rescale(**words, **change, batch_size=batch_size, **model)
    names = ["lr", "weight_decay"] if lr is not None else ["n", "lam", "eta"]
    names += ["batch_size", "scale_ratio", "memory_ratio"]
    content = {name: getattr(recipe, name) for name in names}
    lines = [f"{name:16} {value:.10g}" for name, value in content.items()]
    show("\n".join([*lines, f"optimizer        {chosen}"]), content | {"optimizer": str(chosen)}, as_json)


def translate(
    value: Annotated[float | None, typer.Argument(help="Weight decay in the words of --source.")] = None,
    source: Annotated[str | None, typer.Option(help="Whose words, such as torch.AdamW.")] = None,
    target: Annotated[str | None, typer.Option(help="Into whose, such as keras.AdamW.")] = None,
    lr: Annotated[Maybe, typer.Option(help="The learning rate of the step.")] = None,
    max_lr: Annotated[Maybe, typer.Option(help="The largest learning rate of the run.")] = None,
    initial_lr: Annotated[Maybe, typer.Option(help="The learning rate the optimizer was made with.")] = None,
    rms: Annotated[Maybe, typer.Option(help="The rms of the tensor's weights.")] = None,
    n: Annotated[Maybe, typer.Option(help="Number of training examples.")] = None,
    momentum: Annotated[Maybe, typer.Option(help="Of SGD: without one, coupled and decoupled are the same.")] = None,
    as_json: Json = False,
) -> None:
    """Translate weight decay between frameworks; without a value, show what each means by it.

    Example: tailoff translate 0.1 --source torch.AdamW --target tfa.AdamW --lr 1e-3
    """
    import theory
    from theory.words.translate import follows_the_schedule

    if value is None:
        _show_the_table(as_json)
        return
    if source is None or target is None:
        raise theory.InvalidArgument("--source and --target must be given with a value. Without one, all are listed.")
    needs = {"lr": lr, "max_lr": max_lr, "initial_lr": initial_lr, "rms": rms, "n": n}
    found = theory.translate(value, source=source, target=target, momentum=momentum, **needs)
    along = follows_the_schedule(source, target)
    where = "along any schedule" if along else "at this learning rate only: the two follow a schedule differently"
    content = {"value": found, "source": source, "target": target, "along_schedule": along}
    show(f"{target:16} {found:.10g}\nholds            {where}", content, as_json)


def _show_the_table(as_json: bool) -> None:
    import theory

    names = ("kind", "formula", "needs", "source", "verified", "note")
    content = {row.name: {name: getattr(row, name) for name in names} for row in theory.conventions.values()}
    show(str(theory.conventions), content, as_json)
