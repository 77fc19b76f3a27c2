"""The command `tailoff`: every function of the package that answers a question, from the shell."""

from __future__ import annotations

import gc
import re
import sys
import warnings
from typing import Annotated

import numpy as np
import typer

from reports.cli.design import decay_for, rescale, translate
from reports.cli.doctor import doctor
from reports.cli.explore import explore
from reports.cli.finished import layers
from reports.cli.fit import fit
from reports.cli.forecast import forecast
from reports.cli.output import announce_compilation
from reports.cli.predict import derive, equilibrium
from reports.cli.report import report
from reports.cli.sweep import sweep
from reports.cli.teacher_student import teacher_student
from reports.cli.train import train
from reports.cli.trajectory import trajectory
from reports.cli.walk import walk
from theory import TailoffError

__all__ = ["app", "main"]

app = typer.Typer(
    name="tailoff",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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


for command in (
    equilibrium,
    trajectory,
    decay_for,
    rescale,
    translate,
    derive,
    walk,
    train,
    fit,
    forecast,
    layers,
    teacher_student,
    explore,
    sweep,
    report,
    doctor,
):  # fmt: skip; as the help lists them
    app.command()(command)


def main() -> None:
    """Run the command line; bad input ends with one line on stderr and exit code 2."""
    announce_compilation()
    complaint = sys.unraisablehook
    sys.unraisablehook = lambda _: None  # damaged HDF5 files protest once more as they are let go
    try:
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # overflow is said once, in words
            code = _exit_code()
        if "h5py" in sys.modules:
            gc.collect()
    finally:
        sys.unraisablehook = complaint
    sys.exit(code)


def _exit_code() -> int:
    try:
        return int(app(prog_name="tailoff", standalone_mode=False) or 0)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        message = re.sub(r"^No such option: -(\d.*|\.?$)", _negative(sys.argv), error.format_message().rstrip("."))
        return _complain(f"{message}. See {context.command_path if context else 'tailoff'} --help.")
    except (TailoffError, OSError, NotImplementedError) as error:
        return _complain(str(error))
    except (OverflowError, MemoryError, np.linalg.LinAlgError) as error:
        why = str(error.args[-1] if error.args else error)
        return _complain(f"a number is too large or too small to compute with ({why}). Take more ordinary ones.")
    except (KeyboardInterrupt, typer.Abort):
        return 130  # as Typer itself answers; `reports.cli.main` says so


def _negative(words: list[str]) -> str:
    """Say which number the command line took for an option."""
    number = next((word for word in words if re.match(r"-[\d.]", word)), "")
    name = "VALUE" if "translate" in words else "n, lam and eta"
    return f"{name} must not be negative, got {number}"


def _complain(message: str) -> int:
    typer.echo("error: " + " ".join(message.split()), err=True)
    return 2


if __name__ == "__main__":
    main()
