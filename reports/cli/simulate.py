"""The commands that simulate: `tailoff walk` and `tailoff train`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reports.cli.optimizer_choice import chosen_optimizer
from reports.cli.options import (
    Beta1,
    Beta2,
    Correlation,
    Curvature,
    Data,
    Decoupled,
    Eta,
    Json,
    Lam,
    MaxSize,
    Momentum,
    N,
    Noise,
    OptimizerName,
    Out,
    Pixels,
    Seed,
    Settings,
    read_data,
)
from reports.cli.output import layer_json, layer_table, show
from theory import TailoffError

__all__ = ["train", "walk"]


class Start(StrEnum):
    """Initial weights."""

    large = "large"
    default = "default"


class Cost(StrEnum):
    """The cost that is minimised."""

    cross_entropy = "cross-entropy"
    quadratic = "quadratic"


def walk(
    n: N,
    lam: Lam,
    eta: Eta,
    noise: Noise = None,
    correlation: Correlation = 0.0,
    curvature: Curvature = 0.0,
    weights: Annotated[int, typer.Option(help="How many independent weights.")] = 1000,
    steps: Annotated[int, typer.Option(help="How many steps each takes.")] = 10_000,
    start: Annotated[float, typer.Option(help="Where they start.")] = 0.0,
    sign_noise: Annotated[bool, typer.Option(help="Noise of +-noise instead of Gaussian noise.")] = False,
    optimizer: OptimizerName = "sgd",
    momentum: Momentum = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    decoupled: Decoupled = False,
    settings: Settings = None,
    seed: Seed = 0,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Simulate independent weights and compare.

    Example: tailoff walk 100 20 0.5 --weights 4000
    """
    import sim
    import theory
    from reports.runs.walks import scale_comparison
    from sim.machinery.saving import refuse_unwritable

    if out is not None:
        refuse_unwritable(out)
    chosen = chosen_optimizer(optimizer, momentum, beta1, beta2, decoupled, settings or ())
    if sign_noise and not isinstance(chosen, theory.SGD):
        raise TailoffError(
            f"--sign-noise has no prediction with --optimizer {optimizer}, whose law is for Gaussian noise."
        )
    theory.equilibrium(n, lam, eta, noise=noise, correlation=correlation, curvature=curvature, optimizer=chosen)
    result = sim.walk(
        n, lam, eta, weights=weights, steps=steps, noise=noise, correlation=correlation, curvature=curvature,
        distribution="sign" if sign_noise else "gaussian", start=start, seed=seed, optimizer=chosen,
    )  # fmt: skip
    if not result.attrs["stationary"]:
        raise TailoffError(f"the walk is not stationary after {steps} steps. Give more --steps.")
    if out:
        sim.save(result, out)
    comparison = scale_comparison(result)
    text = f"{comparison}\nburn-in {result.burn_in.item():.0f} of {result.attrs['steps']} steps, chosen from the data"
    show(text, comparison.as_dict() | {"burn_in": result.burn_in.item()}, as_json)


def train(
    data: Data = "mnist",
    sizes: Annotated[str, typer.Option(help="Neurons of each layer, the inputs first.")] = "784,30,10",
    epochs: Annotated[int, typer.Option(help="Passes over the training examples.")] = 30,
    batch_size: Annotated[int, typer.Option(help="Examples per step.")] = 10,
    eta: Annotated[float, typer.Option(help="Learning rate per step.")] = 0.1,
    lam: Annotated[float, typer.Option(help="Regularisation parameter.")] = 5.0,
    init: Annotated[Start, typer.Option(help="Weights from N(0, 1) or N(0, 1/fan_in).")] = Start.large,
    cost: Annotated[Cost, typer.Option(help="Cost function.")] = Cost.cross_entropy,
    replicas: Annotated[int, typer.Option(help="Independent runs.")] = 1,
    seed: Seed = 0,
    checkpoint: Annotated[Path | None, typer.Option(help="Save the run here after every epoch.")] = None,
    resume: Annotated[Path | None, typer.Option(help="A checkpoint to go on from.")] = None,
    out: Out = None,
    pixels: Pixels = None,
    max_size: MaxSize = None,
    as_json: Json = False,
) -> None:
    """Train the textbook's network, print its layers.

    Example: tailoff train --epochs 30 --init large --out run.nc
    """
    import sim
    from reports.document.work import progress_bar
    from sim.machinery.saving import refuse_unwritable

    for path in (out, checkpoint):
        if path is not None:
            refuse_unwritable(path)
    if out is not None and checkpoint is not None and out.resolve() == checkpoint.resolve():
        raise TailoffError(f"--out and --checkpoint must be two files, got {str(out)!r} for both.")
    widths, examples = _sizes(sizes), read_data(data, pixels, max_size)
    with progress_bar() as bar:
        task = bar.add_task("training", total=epochs * replicas)

        def tick() -> None:
            bar.start()  # not before: bad settings are to end in one line
            bar.advance(task)

        result = sim.train(
            examples, sizes=widths, epochs=epochs, batch_size=batch_size, eta=eta, lam=lam, init=init.value,
            cost=cost.value, replicas=replicas, seed=seed, checkpoint=checkpoint, resume=resume, progress=tick,
        )  # fmt: skip
    if out is not None:
        sim.save(result, out)
    show(layer_table(result), layer_json(result), as_json)
    if result.attrs["diverged"]:
        raise typer.Exit(2)  # the simulation has said why


def _sizes(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise TailoffError(
            f"--sizes must be whole numbers with commas between, such as 784,30,10; got {text!r}."
        ) from error
