"""A finished walk against the law of its optimizer."""

from __future__ import annotations

import ast
from dataclasses import fields
from typing import Any

import numpy as np
import xarray as xr

import theory
from reports.comparison import Comparison
from theory.settings import Optimizer
from theory.settings.optimizers.named import optimizer_classes

__all__ = ["end_comparison", "optimizer_of", "predict", "scale_comparison", "scale_of"]


def optimizer_of(walk: xr.Dataset) -> Optimizer:
    """Return the optimizer of a record of `sim.walk`; one that names none is of plain SGD."""
    kinds = {kind.__name__: kind for kind in optimizer_classes().values()}
    name = walk.attrs.get("optimizer", "SGD")
    if name not in kinds:
        raise theory.InvalidArgument(f"optimizer must be one of {', '.join(kinds)}, got a record of {name!r}.")
    kind, key = kinds[name], "optimizer_{}".format
    given = {f.name: walk.attrs[key(f.name)] for f in fields(kind) if f.init and key(f.name) in walk.attrs}
    return kind(**{field: _setting(value, getattr(kind(), field)) for field, value in given.items()})


def _setting(recorded: Any, default: Any) -> Any:
    """Return a setting as its class wants it: netCDF knows numbers, arrays and words, and words stand for the rest."""
    if isinstance(default, bool):
        return bool(recorded)
    if isinstance(recorded, str):
        return recorded if isinstance(default, str) else _meant(recorded)
    return tuple(np.asarray(recorded).tolist()) if np.ndim(recorded) else np.asarray(recorded).item()


def _meant(words: str) -> Any:
    """Return what words such as "None" or "(None, 0.001)" stand for; a name stands for itself."""
    try:
        return ast.literal_eval(words)
    except (ValueError, SyntaxError):
        return words


def predict(walk: xr.Dataset) -> theory.Equilibrium:
    """Return the prediction for a walk's settings."""
    names = ("noise", "correlation", "curvature")
    numbers = (walk.attrs[k] for k in ("n", "lam", "eta"))
    shape = tuple(np.atleast_1d(walk.attrs["shape"]).tolist()) if "shape" in walk.attrs else None
    return theory.equilibrium(*numbers, optimizer=optimizer_of(walk), shape=shape, **{k: walk.attrs[k] for k in names})


def scale_of(walk: xr.Dataset) -> tuple[float, float]:
    """Return the measured scale, the root of the variance about zero, and its standard error."""
    scale = float(np.sqrt(walk.variance))
    return scale, float(walk.variance_error) / (2 * scale)


def scale_comparison(walk: xr.Dataset, precision: float = 0.01, name: str | None = None) -> Comparison:
    """Compare the measured scale of one walk with the prediction for its settings.

    Parameters
    ----------
    walk : Dataset
        From `sim.walk`.
    precision : float
        As of `Comparison`.
    name : str, optional
        As of `Comparison`; without one the settings make it.
    """
    at = walk.attrs
    if name is None:
        name = f"scale of a weight, lam = {at['lam']:.4g}, eta = {at['eta']:g}, r = {at['correlation']:.4g}"
    return Comparison(name, predict(walk).scale, *scale_of(walk), precision)


def end_comparison(walk: xr.Dataset, law: theory.Trajectory, precision: float = 0.01) -> Comparison:
    """Compare the rms at the end of a walk along a schedule with the prediction of the whole run."""
    name = f"rms after {law.steps} steps"
    return Comparison(
        name, float(law.rms[-1]), float(walk.rms[-1]), float(walk.rms_error[-1]), precision, float(law.accuracy[-1])
    )
