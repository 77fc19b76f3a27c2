"""What several commands ask for: each argument and option once, with its help."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from theory import InvalidArgument

__all__ = [
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
    "MaybeEta",
    "MaybeLam",
    "MaybeN",
    "Momentum",
    "N",
    "Noise",
    "OptimizerName",
    "Out",
    "ScheduleName",
    "Seed",
    "Settings",
    "Shape",
    "Start",
    "Warmup",
    "WeightDecay",
    "read_shape",
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
Out = Annotated[Path | None, typer.Option(help="Write the measured data to this netCDF file.")]
Data = Annotated[str, typer.Option(help="'mnist', a .npz file, or IDX files.")]


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
