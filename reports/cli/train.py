"""The command that trains the textbook's network: `tailoff train`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reports.cli.options import AT_HOME, WHOLE, Data, Json, MaxSize, Out, Pixels, Seed, read_data
from reports.cli.output import layer_json, layer_table, show
from theory import TailoffError

__all__ = ["train"]


class Start(StrEnum):
    """Initial weights."""

    large = "large"
    default = "default"


class Cost(StrEnum):
    """The cost that is minimised."""

    cross_entropy = "cross-entropy"
    quadratic = "quadratic"


def train(
    data: Data = "mnist",
    sizes: Annotated[str, typer.Option(help="Neurons of each layer, the inputs first.")] = "784,30,10",
    epochs: Annotated[int, typer.Option(**WHOLE, help="Passes over the training examples.")] = 30,
    batch_size: Annotated[int, typer.Option(**WHOLE, help="Examples per step.")] = 10,
    eta: Annotated[float, typer.Option(help="Learning rate per step.")] = 0.1,
    lam: Annotated[float, typer.Option(help="Regularisation parameter.")] = 5.0,
    init: Annotated[Start, typer.Option(help="Weights from N(0, 1) or N(0, 1/fan_in).")] = Start.large,
    cost: Annotated[Cost, typer.Option(help="Cost function.")] = Cost.cross_entropy,
    replicas: Annotated[int, typer.Option(**WHOLE, help="Independent runs.")] = 1,
    seed: Seed = 0,
    checkpoint: Annotated[Path | None, typer.Option(**AT_HOME, help="Save the run here after every epoch.")] = None,
    resume: Annotated[Path | None, typer.Option(**AT_HOME, help="A checkpoint to go on from.")] = None,
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
    _refuse_over_what_is_read({"--out": out, "--checkpoint": checkpoint}, {"--data": Path(data), "--resume": resume})
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


def _refuse_over_what_is_read(written: dict[str, Path | None], read: dict[str, Path | None]) -> None:
    """Refuse to replace the data, or a checkpoint by something else than the next one."""
    for option, path in written.items():
        for other, source in read.items():
            if (
                path
                and source
                and path.resolve() == source.resolve()
                and (option, other) != ("--checkpoint", "--resume")
            ):
                raise TailoffError(f"{option} must not be the file of {other}, got {str(path)!r} for both.")


def _sizes(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise TailoffError(
            f"--sizes must be whole numbers with commas between, such as 784,30,10; got {text!r}."
        ) from error
