"""What several commands ask for: each argument and option once, with its help."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.machinery.paths import as_path
from theory import InvalidArgument

if TYPE_CHECKING:
    import sim

__all__ = [
    "AT_HOME",
    "WHOLE",
    "Beta1",
    "Beta2",
    "Cooldown",
    "Correlation",
    "Curvature",
    "Data",
    "Decoupled",
    "Eta",
    "Every",
    "Factor",
    "Floor",
    "Independent",
    "Json",
    "Lam",
    "Lr",
    "MaxSize",
    "MaybeEta",
    "MaybeLam",
    "MaybeN",
    "Momentum",
    "N",
    "Noise",
    "OptimizerName",
    "Out",
    "Pixels",
    "ScheduleName",
    "Scheduler",
    "Seed",
    "Settings",
    "Shape",
    "Start",
    "Warmup",
    "WeightDecay",
    "read_data",
    "read_pixels",
    "read_shape",
    "read_size",
]


def _whole(text: Any) -> int:
    """Return a whole number; 1e5 is one."""
    try:
        return int(str(text))
    except ValueError:
        with suppress(ValueError):
            if (number := float(str(text))).is_integer():
                return int(number)
    raise typer.BadParameter(f"must be a whole number such as 10000 or 1e4, got {text!r}")


WHOLE: dict[str, Any] = {"parser": _whole, "metavar": "INTEGER"}
"""What makes an option take 1e5 for 100000."""

AT_HOME: dict[str, Any] = {"callback": lambda path: path and as_path("the file", path)}
"""What makes a path that begins with ~ one in the home folder; shells leave it as it is in --out=~/run.nc."""

_N = "Number of training examples in the decay term eta lam w / n."
_LAM = "Regularisation parameter of the cost (lam / 2n) sum w^2."
_ETA = "Learning rate per step."

N = Annotated[float, typer.Argument(help=_N)]
Lam = Annotated[float, typer.Argument(help=_LAM)]
Eta = Annotated[float, typer.Argument(help=_ETA)]
MaybeN = Annotated[float | None, typer.Argument(help=_N, show_default=False)]
MaybeLam = Annotated[float | None, typer.Argument(help=_LAM, show_default=False)]
MaybeEta = Annotated[float | None, typer.Argument(help=_ETA, show_default=False)]
Lr = Annotated[float | None, typer.Option(help="Learning rate, with --weight-decay in place of n, lam and eta.")]
WeightDecay = Annotated[float | None, typer.Option(help="PyTorch's weight_decay, lam/n.")]
Noise = Annotated[
    float | None,
    typer.Option(help="Gradient noise per weight (standard deviation). Default 1/sqrt(n)."),
]
Correlation = Annotated[float, typer.Option(help="Autocorrelation of the noise from one step to the next.")]
Curvature = Annotated[float, typer.Option(help="Second derivative of the cost in the weight.")]
OptimizerName = Annotated[
    str, typer.Option("--optimizer", help="Whose step is taken: sgd, adam, adamw, lion, ... (PyTorch's conventions).")
]
Momentum = Annotated[float | None, typer.Option(help="Of sgd (default 0), momentum and nesterov (0.9) and others.")]
Beta1 = Annotated[float | None, typer.Option(help="Of adam, adamw, lion and others (default 0.9).")]
Beta2 = Annotated[float | None, typer.Option(help="Of adam, adamw and others (default 0.999) and lion (0.99).")]
Decoupled = Annotated[bool, typer.Option("--decoupled", help="Decay beside the gradient, as adamw and lion have it.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Another setting of the optimizer, name=value; may be repeated.", show_default=False),
]
Shape = Annotated[str | None, typer.Option(help="Rows x columns of the weight's matrix, such as 768x3072 (muon).")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ScheduleName = Annotated[
    str,
    typer.Option("--schedule", help="constant, linear, cosine, 1-sqrt, trapezoid (or wsd), step."),
]
Warmup = Annotated[int | None, typer.Option(**WHOLE, help="Steps of a linear warm-up, in all but step.")]
Cooldown = Annotated[int | None, typer.Option(**WHOLE, help="Steps of the fall at the end (trapezoid, 1-sqrt).")]
Floor = Annotated[float | None, typer.Option(help="Factor of the peak that the fall ends at (default 0).")]
Every = Annotated[int | None, typer.Option(**WHOLE, help="Steps between the falls of --schedule step.")]
Factor = Annotated[float | None, typer.Option(help="Factor of each of them (default 0.1).")]
Start = Annotated[float, typer.Option(help="The start weight, or its rms.")]
Independent = Annotated[
    bool, typer.Option("--independent", help="The schedule does not multiply the decay: it stays lr x weight-decay.")
]
Seed = Annotated[int, typer.Option(help="All random numbers descend from it.")]
Out = Annotated[Path | None, typer.Option(**AT_HOME, help="Write the measured data to this netCDF file.")]
Data = Annotated[str, typer.Option(help="'mnist', a .npz file, or IDX files.")]
Pixels = Annotated[
    str | None, typer.Option(help="The data's numbers of black and white, such as 0,255; 0,1 takes them as they are.")
]
MaxSize = Annotated[
    str | None, typer.Option(help="Refuse files that hold more, unpacked: a number of bytes, or 500MB, 4GB.")
]
Scheduler = Annotated[
    str | None, typer.Option(help="Run on a Dask cluster: the address of its scheduler, such as tcp://host:8786.")
]
SIZES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def read_size(text: str) -> int:
    """Return a number of bytes.

    Examples
    --------
    >>> read_size("4GB"), read_size("0.5 MiB")
    (4000000000, 524288)
    """
    said = re.fullmatch(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)\s*([KMG]?I?B|)", text.strip().upper())
    size = int(float(said[1]) * SIZES[said[2]]) if said and said[2] in SIZES else 0
    if size < 1:
        raise InvalidArgument(f"--max-size must be a number of bytes such as 2000000000 or 2GB, got {text!r}.")
    return size


def read_pixels(text: str | None) -> tuple[float, float] | None:
    """Return the numbers of black and white.

    Examples
    --------
    >>> read_pixels("0,255")
    (0.0, 255.0)
    """
    if text is None:
        return None
    try:
        black, white = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidArgument(f"--pixels must be two numbers, black and white, such as 0,255; got {text!r}.") from error
    return black, white


def read_data(data: str, pixels: str | None, max_size: str | None) -> sim.Data:
    """Load the data that --data, --pixels and --max-size describe."""
    import sim
    from sim.data.limits import MAX_BYTES

    max_bytes = MAX_BYTES if max_size is None else read_size(max_size)
    return sim.load_data(data, pixels=read_pixels(pixels), max_bytes=max_bytes)


def read_shape(text: str | None) -> tuple[int, ...] | None:
    """Return the lengths of a shape such as 768x3072.

    Examples
    --------
    >>> read_shape("768x3072")
    (768, 3072)
    """
    if text is None:
        return None
    try:
        return tuple(int(length) for length in text.lower().split("x"))
    except ValueError as error:
        raise InvalidArgument(f"--shape must be lengths such as 768x3072, got {text!r}.") from error
