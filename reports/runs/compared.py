"""Any result of `sim` against its law: the scales that it measured, each beside the number that theory predicts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import xarray as xr

import sim
import theory
from reports.comparison import Comparison
from reports.runs.averages import over_replicas
from reports.runs.balance import balance_of
from reports.runs.committee import predict as committee_of
from reports.runs.committee import unit_comparisons
from reports.runs.walks import optimizer_of, predict, scale_of
from sim.sweeps.description import name_of

__all__ = ["LAWS", "Scale", "scales_of"]

PRECISION = 0.02  # of a measured scale: what is less sharp is left undecided


@dataclass(frozen=True)
class Scale:
    """One measured scale.

    Attributes
    ----------
    value, error : float
        The error is NaN where none was measured.
    comparison : Comparison or None
        With the law's prediction.
    reason : str
        Why there is no prediction.
    law : callable or None
        law(name, value) is the prediction with one setting changed, where that costs no more than a formula.
    """

    value: float
    error: float = math.nan
    comparison: Comparison | None = None
    reason: str = ""
    law: Callable[[str, float], float] | None = None


def scales_of(run: str, result: xr.Dataset) -> dict[str, Scale]:
    """Return the scales that a result has, by name.

    Parameters
    ----------
    run : str
        Full name of the simulation, as a sweep's attribute `run` gives it. Of one that is not of `sim` the variable
        `scale`, or the first single number, is the scale, with NAME_error as its error; no law is known of it.
    result : Dataset

    Examples
    --------
    >>> (found,) = scales_of("sim.walks.walk.walk", sim.walk(100, 20.0, 0.5, seed=1)).values()
    >>> found.comparison.verdict
    'agrees'
    """
    if run in LAWS:
        return _READERS[run](result)
    numbers = [str(name) for name, v in result.data_vars.items() if v.ndim == 0 and v.dtype.kind in "fiu"]
    if not numbers:
        return {}
    name = "scale" if "scale" in numbers else numbers[0]
    error = float(result[f"{name}_error"]) if f"{name}_error" in numbers else math.nan
    return {name: Scale(float(result[name]), error, reason="no law is known of this simulation")}


def _judged(
    result: xr.Dataset, name: str, value: float, error: float, law: Callable[[xr.Dataset], tuple[float, float]]
) -> dict[str, Scale]:
    """Compare a measured scale with what `law` returns of its settings: the prediction, and its relative error."""
    if not result.attrs.get("stationary", True):
        return {name: Scale(value, error, reason="it has not settled")}
    try:
        predicted, accuracy = law(result)
    except (theory.TailoffError, NotImplementedError) as why:
        return {name: Scale(value, error, reason=str(why))}

    def along(setting: str, at: float) -> float:
        return law(result.assign_attrs({setting: at}))[0] if setting in result.attrs else math.nan

    return {name: Scale(value, error, Comparison(name, predicted, value, error, PRECISION, accuracy), law=along)}


def _walk(walk: xr.Dataset) -> dict[str, Scale]:
    if "variance" not in walk:
        return {"rms at the end": Scale(float(walk.rms[-1]), float(walk.rms_error[-1]), reason="its rates change")}

    def law(of: xr.Dataset) -> tuple[float, float]:
        found = predict(of)
        return float(found.scale), float(found.accuracy)

    return _judged(walk, "scale of a weight", *scale_of(walk), law)


def _sphere(walk: xr.Dataset) -> dict[str, Scale]:
    norm = math.sqrt(walk.norm_sq)

    def law(of: xr.Dataset) -> tuple[float, float]:
        at, optimizer = of.attrs, optimizer_of(of)
        rates, more = (at["n"], at["lam"], at["eta"]), {"dimension": int(at["dimension"]), "grad_sq": at["grad_sq"]}
        return math.sqrt(theory.rotation(*rates, **more, optimizer=optimizer).norm_sq), 0.0

    return _judged(walk, "norm of a vector", norm, float(walk.norm_sq_error) / (2 * norm), law)


def _least_squares(run: xr.Dataset) -> dict[str, Scale]:
    names = ("n", "lam", "eta", "dimension", "batch_size", "teacher_sq", "residual")

    def law(of: xr.Dataset) -> tuple[float, float]:
        settings: dict[str, Any] = {name: of.attrs[name] for name in names} | {"optimizer": optimizer_of(of)}
        return float(theory.linear_regression(**settings).weight_sq), 0.0

    return _judged(run, "mean squared norm of w", float(run.weight_sq), float(run.weight_sq_error), law)


def _online(run: xr.Dataset) -> dict[str, Scale]:
    try:
        found = unit_comparisons(run, committee_of(run))
    except theory.TailoffError as why:
        units = range(run.sizes["student"])
        return {
            f"|w|^2 of unit {i + 1}": Scale(float(run.Q_mean[i, i]), float(run.Q_mean_error[i, i]), reason=str(why))
            for i in units
        }
    return {c.name: Scale(c.measured, c.standard_error, c) for c in found}


def _train(run: xr.Dataset) -> dict[str, Scale]:
    scales = {}
    for layer in run.layer.values.tolist():
        name = f"rms of layer {layer}"
        try:
            balance = balance_of(run, layer)
            reason = "" if balance.stationary else "it has not settled"
            compared = None if reason else balance.comparison(name)
            scales[name] = Scale(balance.measured, balance.error, compared, reason)
        except theory.TailoffError as why:
            end = run.rms.sel(layer=layer).isel(epoch=-1)
            error = over_replicas(end).error if end.size > 1 else math.nan
            scales[name] = Scale(float(end.mean()), error, reason=str(why))
    return scales


LAWS = {
    name_of(sim.walk): "theory.equilibrium",
    name_of(sim.sphere): "theory.rotation",
    name_of(sim.least_squares): "theory.linear_regression",
    name_of(sim.online): "theory.teacher_student",
    name_of(sim.train): "theory.norm_balance",
}
_READERS = dict(zip(LAWS, (_walk, _sphere, _least_squares, _online, _train), strict=True))
