"""The commands that say what to set: `tailoff decay-for`, `tailoff rescale` and `tailoff translate`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from reports.cli.optimizer_choice import chosen_optimizer, noise_in_memory, shape_for, without_effect
from reports.cli.options import (
    WHOLE,
    Beta1,
    Beta2,
    Cooldown,
    Decoupled,
    Every,
    Factor,
    Floor,
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
    Warmup,
    WeightDecay,
)
from reports.cli.output import said, show, working
from reports.cli.schedule_choice import chosen_schedule

__all__ = ["decay_for", "rescale", "translate"]

Maybe = float | None


def decay_for(
    n: Annotated[Maybe, typer.Option(help="Number of training examples; with --eta, lam is printed.")] = None,
    eta: Annotated[Maybe, typer.Option(help="Learning rate per step, with --n.")] = None,
    lr: Annotated[Maybe, typer.Option(help="Learning rate alone: PyTorch's weight_decay is printed.")] = None,
    scale: Annotated[Maybe, typer.Option(help="The wanted rms of a weight.")] = None,
    memory: Annotated[Maybe, typer.Option(help="Or the wanted relaxation time in steps.")] = None,
    epochs: Annotated[Maybe, typer.Option(help="Or in epochs, with --n and --batch-size.")] = None,
    batch_size: Annotated[int | None, typer.Option(**WHOLE, help="Examples per step, with --epochs.")] = None,
    tokens_per_parameter: Annotated[
        Maybe, typer.Option(help="Or the memory that a published fit finds best for adamw, with --steps.")
    ] = None,
    steps: Annotated[int | None, typer.Option(**WHOLE, help="Length of a run: the scale is that of its end.")] = None,
    start: Annotated[Maybe, typer.Option(help="Its start weight, or its rms (default 0).")] = None,
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

    Example: tailoff decay-for --lr 6e-4 --tokens-per-parameter 20 --steps 10000 --optimizer adamw
    """
    import theory
    from theory.design.published import BERGSMA

    chosen = chosen_optimizer(optimizer, momentum, beta1, beta2, decoupled, settings or ())
    falls = {"warmup": warmup, "cooldown": cooldown, "floor": floor, "every": every, "factor": factor}
    model: dict[str, Any] = {"noise": noise, "optimizer": chosen, "shape": shape_for(chosen, shape)}
    of_a_run = {"--schedule": None if schedule == "constant" else schedule, "--start": start}
    of_a_run |= {f"--{name}": value for name, value in falls.items()}
    if steps is not None:
        model["steps"] = steps
    if steps is not None and tokens_per_parameter is None:
        model |= {"start": start or 0.0, "schedule": chosen_schedule(schedule, **falls)}
    for option, value in of_a_run.items():
        if tokens_per_parameter is not None and value is not None:
            raise theory.InvalidArgument(
                f"{option} must be left out with --tokens-per-parameter, got {value}: its rule knows a run by its "
                "length and its largest learning rate."
            )
        if steps is None and value is not None:
            raise theory.InvalidArgument(f"--steps must be given with {option}. Say how long the run is.")
    if noise is not None and scale is None and not noise_in_memory(chosen, model["shape"]):
        raise theory.InvalidArgument(
            f"--noise must be left out without --scale, got {noise:g}: the memory of {chosen} does not depend on it."
        )
    wanted: dict[str, Any] = {"scale": scale, "memory": memory, "epochs": epochs, "batch_size": batch_size}
    wanted["tokens_per_parameter"] = tokens_per_parameter
    with working("searching the decay"):
        value = theory.decay_for(n=n, eta=eta, lr=lr, **wanted, **model)
    name = "lam" if lr is None else "weight_decay"
    notes = without_effect(chosen, noise, model["shape"])
    if tokens_per_parameter is not None:
        notes["rule"] = f"{BERGSMA}, a fit to language models"
    show(said(f"{name:16} {value:.10g}", chosen, notes), {name: value, "optimizer": str(chosen)} | notes, as_json)


def rescale(
    n: MaybeN = None,
    lam: MaybeLam = None,
    eta: MaybeEta = None,
    lr: Lr = None,
    weight_decay: WeightDecay = None,
    batch_size: Annotated[
        int | None, typer.Option(**WHOLE, help="Examples per step of the set-up that works, with --to-batch-size.")
    ] = None,
    to_batch_size: Annotated[
        int | None, typer.Option(**WHOLE, help="Of the new one; accumulated batches count.")
    ] = None,
    examples: Annotated[Maybe, typer.Option(help="Training examples, beside --lr; with --to-n.")] = None,
    to_n: Annotated[Maybe, typer.Option(help="Training examples of the new set-up.")] = None,
    to_eta: Annotated[Maybe, typer.Option(help="A learning rate to use regardless: only the memory is held.")] = None,
    width: Annotated[Maybe, typer.Option(help="Of the network that works, under adamw.")] = None,
    to_width: Annotated[
        Maybe, typer.Option(help="Of the new one: the learning rate goes as 1/width, as in muP.")
    ] = None,
    width_rule: Annotated[
        str | None, typer.Option(help="wang-aitchison: the memory is held. fan: the gain of a layer.")
    ] = None,
    tokens_per_parameter: Annotated[Maybe, typer.Option(help="Of the set-up that works, under adamw.")] = None,
    to_tokens_per_parameter: Annotated[
        Maybe, typer.Option(help="Of the new one: the memory follows a published fit.")
    ] = None,
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
    """Move a recipe to another batch size, data set or width, or to other tokens per parameter.

    Example: tailoff rescale 50000 500 0.001 --batch-size 128 --to-batch-size 512 --optimizer adamw

    Example: tailoff rescale --lr 1e-3 --weight-decay 0.01 --batch-size 128 --to-batch-size 512 --optimizer adamw

    Example: tailoff rescale --lr 4e-3 --weight-decay 0.1 --width 256 --to-width 1024 --width-rule fan --optimizer adamw
    """
    import theory
    from theory.design.published import BERGSMA, WIDTH_RULES

    chosen = chosen_optimizer(optimizer, momentum, beta1, beta2, decoupled, settings or ())
    if examples is not None and (n is not None or to_n is None):
        raise theory.InvalidArgument(
            f"--examples must be left out without --lr and --to-n, got {examples:g}. With N, LAM and ETA that is N."
        )
    words: dict[str, Any] = {
        "n": examples if n is None else n,
        "lam": lam,
        "eta": eta,
        "lr": lr,
        "weight_decay": weight_decay,
    }
    change: dict[str, Any] = {"to_n": to_n, "to_batch_size": to_batch_size, "to_eta": to_eta, "to_width": to_width}
    change["to_tokens_per_parameter"] = to_tokens_per_parameter
    if all(value is None for value in change.values()):
        raise theory.InvalidArgument(
            "--to-batch-size, --to-n, --to-eta, --to-width or --to-tokens-per-parameter must be given: say what the "
            "new set-up has."
        )
    if batch_size is None and to_batch_size is not None:
        raise theory.InvalidArgument("--batch-size must be given with --to-batch-size: say what the old set-up has.")
    change |= {"width": width, "width_rule": width_rule, "tokens_per_parameter": tokens_per_parameter}
    model: dict[str, Any] = {"noise": noise, "optimizer": chosen, "shape": shape_for(chosen, shape)}
    recipe = theory.rescale(**words, **change, batch_size=1 if batch_size is None else batch_size, **model)
    names = ["lr", "weight_decay"] if lr is not None else ["n", "lam", "eta"]
    names += ["batch_size", "scale_ratio", "memory_ratio"]
    content = {name: getattr(recipe, name) for name in names}
    lines = [f"{name:16} {value:.10g}" for name, value in content.items()]
    notes = without_effect(chosen, noise, model["shape"])
    if noise is not None and isinstance(chosen, theory.SGD):
        notes = {"without_effect": "--noise: old and new scale are in proportion to it"}
    if width_rule is not None:
        notes["width_rule"] = WIDTH_RULES[width_rule]
    if to_tokens_per_parameter is not None:
        notes["tokens_rule"] = f"{BERGSMA}, a fit to language models"
    show(said("\n".join(lines), chosen, notes), content | {"optimizer": str(chosen)} | notes, as_json)


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
    from theory.words.translate import follows_the_schedule, not_needed

    needs = {"lr": lr, "max_lr": max_lr, "initial_lr": initial_lr, "rms": rms, "n": n}
    if value is None:
        given = {"source": source, "target": target, "momentum": momentum} | needs
        for name, word in given.items():
            if word is not None:
                raise theory.InvalidArgument(
                    f"VALUE must be given with --{name.replace('_', '-')}: the weight decay to translate. Without any "
                    "option all conventions are listed."
                )
        _show_the_table(as_json)
        return
    if source is None or target is None:
        raise theory.InvalidArgument("--source and --target must be given with a value. Without one, all are listed.")
    found = theory.translate(value, source=source, target=target, momentum=momentum, **needs)
    along = follows_the_schedule(source, target)
    where = "along any schedule" if along else "at this learning rate only: the two follow a schedule differently"
    content = {"value": found, "source": source, "target": target, "along_schedule": along}
    lines = [f"{target:16} {found:.10g}", f"holds            {where}"]
    if cancels := not_needed(source, target, {"momentum": momentum} | needs):
        content["without_effect"] = cancels
        lines.append(f"without effect   {', '.join('--' + name.replace('_', '-') for name in cancels)}")
    show("\n".join(lines), content, as_json)


def _show_the_table(as_json: bool) -> None:
    import theory

    names = ("kind", "formula", "needs", "source", "verified", "note")
    content = {row.name: {name: getattr(row, name) for name in names} for row in theory.conventions.values()}
    show(str(theory.conventions), content, as_json)
