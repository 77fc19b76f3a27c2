"""What several commands ask for: each argument and option once, with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reports.cli.optimizer_choice import Name

__all__ = [
    "Beta1",
    "Beta2",
    "Correlation",
    "Curvature",
    "Data",
    "Decoupled",
    "Eta",
    "Json",
    "Lam",
    "Momentum",
    "N",
    "Noise",
    "OptimizerName",
    "Out",
    "Seed",
]

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
Data = Annotated[str, typer.Option(help="'mnist', a .npz file, or IDX files.")]
