"""The command `tailoff`: every function of the package that answers a question, from the shell."""

from __future__ import annotations

import gc
import math
import re
import sys
import warnings
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from reports.cli.optimizer_choice import Name, chosen_optimizer
from reports.cli.output import announce_compilation, layer_json, layer_table, show
from reports.cli.teacher_student import teacher_student
from theory import TailoffError

app = typer.Typer(
    name="tailoff",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

N = Annotated[float, typer.Argument(help="Number of training examples in the decay term eta lam w / n.")]
Lam = Annotated[float, typer.Argument(help="Regularisation parameter of the cost (lam / 2n) sum w^2.")]
Eta = Annotated[float, typer.Argument(help="Learning rate per step.")]
Noise = Annotated[float | None, typer.Option(help="Gradient noise per weight (standard deviation). Default 1/sqrt(n).")]
Correlation = Annotated[float, typer.Option(help="Autocorrelation of the noise from one step to the next.")]
Curvature = Annotated[float, typer.Option(help="Second derivative of the cost in the weight.")]
OptimizerName = Annotated[Name, typer.Option("--optimizer", help="Whose step is taken (PyTorch's conventions).")]
Momentum = Annotated[float | None, typer.Option(help="Of sgd (default 0), momentum and nesterov (0.9).")]
Beta1 = Annotated[float | None, typer.Option(help="Of adam, adamw and lion (default 0.9).")]
Beta2 = Annotated[float | None, typer.Option(help="Of adam and adamw (default 0.999) and lion (0.99).")]
Decoupled = Annotated[bool, typer.Option("--decoupled", help="Decay beside the gradient, as adamw and lion have it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Seed = Annotated[int, typer.Option(help="All random numbers descend from it.")]
Out = Annotated[Path | None, typer.Option(help="Write the measured data to this netCDF file.")]


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Where does weight decay hold the weights of a neural network, how fast do they get there, and why?"""
    if show_version:
        from importlib.metadata import version

        typer.echo(f"tailoff {version('tailoff')}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


class Format(StrEnum):
    """How a derivation is printed."""

    text = "text"
    latex = "latex"
    typst = "typst"


class Start(StrEnum):
    """Initial weights."""

    large = "large"
    default = "default"


class Cost(StrEnum):
    """The cost that is minimised."""

    cross_entropy = "cross-entropy"
    quadratic = "quadratic"


@app.command()
def equilibrium(
    n: N,
    lam: Lam,
    eta: Eta,
    noise: Noise = None,
    correlation: Correlation = 0.0,
    curvature: Curvature = 0.0,
    start: Annotated[float | None, typer.Option(help="Also say when the tail-off from this start weight is.")] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(help="Also say memory and shrink per epoch of n / batch-size steps."),
    ] = None,
    optimizer: OptimizerName = Name.sgd,
    momentum: Momentum = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    decoupled: Decoupled = False,
    as_json: Json = False,
) -> None:
    """Predict where decay holds a weight, and how soon.

    Example: tailoff equilibrium 50000 5 0.1 --start 1 --batch-size 10

    Example: tailoff equilibrium 50000 500 0.001 --optimizer adamw --batch-size 128
    """
    import theory

    chosen = chosen_optimizer(optimizer, momentum, beta1, beta2, decoupled)
    model: dict[str, Any] = {"noise": noise, "correlation": correlation, "curvature": curvature}
    eq = theory.equilibrium(n, lam, eta, optimizer=chosen, **model)
    names = ("scale", "variance", "balance", "shrink", "relaxation_time", "noise")
    content: dict[str, Any] = {name: getattr(eq, name) for name in names}
    content |= {"optimizer": str(chosen), "method": eq.method, "accuracy": _number_or_none(eq.accuracy)}
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
        memory = theory.timescale(n, lam, eta, batch_size=batch_size, optimizer=chosen, **model)
        content["relaxation_epochs"] = memory.epochs
        lines.append(f"relaxation time  {memory.epochs:.10g} epochs of {n / batch_size:g} steps")
        content["shrink_per_epoch"] = eq.shrink_per_epoch(batch_size)
        lines.append(f"shrink per epoch {content['shrink_per_epoch']:.10g}")
        if chosen == theory.SGD(decoupled=decoupled):
            lines[-1] += f" (exp(-eta lam / m) = {eq.shrink_per_epoch(batch_size, limit=True):.10g})"
    show("\n".join(lines), content, as_json)


def _number_or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


@app.command()
def derive(
    correlated: Annotated[bool, typer.Option(help="Noise with memory instead of white noise.")] = False,
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.text,
    as_json: Json = False,
) -> None:
    """Show the derivation, proved again step by step.

    Example: tailoff derive --correlated
    """
    import theory

    derivation = theory.derive(correlated=correlated).check()
    text = str(derivation) if form is Format.text else getattr(derivation, form.value)()
    steps = [{"name": s.name, "reason": s.reason, "equation": str(s.equation.doit())} for s in derivation.steps]
    show(text, {"steps": steps, "result": str(derivation.result), "checked": True}, as_json)


@app.command()
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
    optimizer: OptimizerName = Name.sgd,
    momentum: Momentum = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    decoupled: Decoupled = False,
    seed: Seed = 0,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Simulate independent weights and compare.

    Example: tailoff walk 100 20 0.5 --weights 4000
    """
    import sim
    import theory
    from reports.sections.random_walk.section import scale_comparison
    from sim.machinery.saving import refuse_unwritable

    if out is not None:
        refuse_unwritable(out)
    chosen = chosen_optimizer(optimizer, momentum, beta1, beta2, decoupled)
    if sign_noise and not isinstance(chosen, theory.SGD):
        raise TailoffError(
            f"--sign-noise has no prediction with --optimizer {optimizer.value}, whose law is for Gaussian noise."
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


@app.command()
def train(
    data: Annotated[str, typer.Option(help="'mnist', a .npz file, or IDX files.")] = "mnist",
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
    widths, examples = _sizes(sizes), sim.load_data(data)
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


def _sizes(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise TailoffError(
            f"--sizes must be whole numbers with commas between, such as 784,30,10; got {text!r}."
        ) from error


@app.command()
def fit(
    file: Annotated[Path, typer.Argument(help="A run of `tailoff train` (.nc), or a CSV: time, rms[, error].")],
    layer: Annotated[int, typer.Option(help="Which layer of a training run.")] = 2,
    as_json: Json = False,
) -> None:
    """Fit a recorded decay: its rate and its tail.

    Example: tailoff fit run.nc --layer 2
    """
    import sim
    from reports.runs.files import read_decay

    result = sim.fit_decay(*read_decay(file, layer))
    content = {name: getattr(result, name)._asdict() for name in ("scale", "rate", "start")}
    content |= {"chi2_per_dof": result.chi2_per_dof, "points": result.points, "message": result.message,
                "converged": result.converged, "tail_seen": result.tail_seen}  # fmt: skip
    if not result.converged:
        raise sim.FitError(result.message)
    show(str(result), content, as_json)


@app.command()
def layers(
    file: Annotated[Path, typer.Argument(help="A run of `tailoff train` (.nc), 15 epochs or more.")],
    as_json: Json = False,
) -> None:
    """Balance a finished run: budget and equilibrium.

    Example: tailoff layers run.nc
    """
    from reports.runs.balance import balance_of, budget_per_epoch, verdict
    from reports.runs.files import read_run

    run = read_run(file)
    lines, content = [], []
    for layer in (int(layer) for layer in run.layer):
        balance = balance_of(run, layer)
        last = {name: float(values[-1]) for name, values in budget_per_epoch(run, layer).items()}
        content.append({"layer": layer, "verdict": verdict(balance), "budget_of_last_epoch": last} | balance)
        terms = ", ".join(f"{name} {100 * value:+.3f}%" for name, value in last.items())
        lines.append(
            f"layer {layer}: rms {balance['measured']:.5g} +/- {balance['error']:.1g}, the balance predicts "
            f"{balance['predicted']:.5g} +/- {balance['predicted_error']:.1g}; {verdict(balance)}\n"
            f"    ||w||^2 in the last epoch: {terms}"
        )
    show("\n".join(lines), {"layers": content}, as_json)


app.command()(teacher_student)


@app.command()
def report(
    out: Annotated[Path, typer.Option(help="The PDF; .json and .nc files go beside it.")] = Path("out/tailoff.pdf"),
    quick: Annotated[bool, typer.Option("--quick", help="Shorter runs, for a first look.")] = False,
    seed: Seed = 1,
    data: Annotated[str, typer.Option(help="'mnist', a .npz file, or IDX files.")] = "mnist",
) -> None:
    """Run the experiments and write the report.

    Example: tailoff report --quick
    """
    from reports.assemble import build

    path = build(out, quick=quick, seed=seed, data=data)
    typer.echo(f"{path} ({path.stat().st_size // 1024} KB), numbers in {path.with_suffix('.json')}")


def main() -> None:
    """Run the command line; bad input ends with one line on stderr and exit code 2."""
    announce_compilation()
    complaint = sys.unraisablehook
    sys.unraisablehook = lambda _: None  # damaged HDF5 files protest once more as they are let go
    try:
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # overflow is said once, in words
            code = _exit_code()
        gc.collect()
    finally:
        sys.unraisablehook = complaint
    sys.exit(code)


def _exit_code() -> int:
    try:
        return int(app(prog_name="tailoff", standalone_mode=False) or 0)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        message = re.sub(r"^No such option: (-[\d.]).*", _negative(sys.argv), error.format_message().rstrip("."))
        return _complain(f"{message}. See {context.command_path if context else 'tailoff'} --help.")
    except (TailoffError, OSError, NotImplementedError) as error:
        return _complain(str(error))
    except (OverflowError, MemoryError, np.linalg.LinAlgError) as error:
        why = str(error.args[-1] if error.args else error)
        return _complain(f"a number is too large or too small to compute with ({why}). Take more ordinary ones.")
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("stopped", err=True)
        return 130


def _negative(words: list[str]) -> str:
    """Say which number the command line took for an option."""
    number = next((word for word in words if re.match(r"-[\d.]", word)), "")
    return f"n, lam and eta must not be negative, got {number}"


def _complain(message: str) -> int:
    typer.echo("error: " + " ".join(message.split()), err=True)
    return 2


if __name__ == "__main__":
    main()
