"""A finished walk against the law of its optimizer."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import xarray as xr

import theory
from reports.comparison import Comparison
from theory.settings import Optimizer

__all__ = ["optimizer_of", "predict", "scale_comparison", "scale_of"]

KINDS: dict[str, Any] = {
    kind.__name__: kind for kind in (theory.SGD, theory.SGDW, theory.Adam, theory.AdamW, theory.Lion)
}


def optimizer_of(walk: xr.Dataset) -> Optimizer:
    """Return the optimizer of a record of `sim.walk`; one that names none is of plain SGD."""
    name = walk.attrs.get("optimizer", "SGD")
    if name not in KINDS:
        raise theory.InvalidArgument(f"optimizer must be one of {', '.join(KINDS)}, got a record of {name!r}.")
    kind, key = KINDS[name], "optimizer_{}".format
    given = {f.name: walk.attrs[key(f.name)] for f in fields(kind) if f.init and key(f.name) in walk.attrs}
    return kind(**{k: type(default)(v) for k, v in given.items() for default in [getattr(kind(), k)]})


def predict(walk: xr.Dataset) -> theory.Equilibrium:
    """Return the prediction for a walk's settings."""
    names = ("noise", "correlation", "curvature")
    numbers = (walk.attrs[k] for k in ("n", "lam", "eta"))
    return theory.equilibrium(*numbers, optimizer=optimizer_of(walk), **{k: walk.attrs[k] for k in names})


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
