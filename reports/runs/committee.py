"""A simulated committee machine against its prediction, and the settings that measure an equilibrium."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import xarray as xr

import theory
from reports.comparison import Comparison
from sim.estimates.spread import mean_and_error

__all__ = ["PRECISION", "REPLICAS", "measured_square", "overlap_scores", "predict", "settle", "unit_comparisons"]

REPLICAS = 24
AWAY = 1.25  # how large the weights start, in units of their prediction
PRECISION = 0.03  # of a squared norm


def settle(network: theory.TeacherStudent, fan_in: int, length: float, replicas: int = REPLICAS) -> dict[str, Any]:
    """Return what `sim.online` takes to measure the equilibrium, for `length` relaxation times after 8 to settle in.

    The weights start a quarter larger than predicted; the run itself finds when they have settled.

    Raises
    ------
    NoFixedPoint
        If none is predicted.
    """
    rest = network.stationary
    if rest is None:
        raise theory.NoFixedPoint(f"no equilibrium to measure for {network.rule}: {network.reason}")
    start = theory.Overlaps(AWAY**2 * rest.Q, AWAY * rest.R, rest.T)
    alpha = (8 + length) * float(-1 / network.eigenvalues.real.max())
    return {
        "rule": network.rule, "start": start, "fan_in": fan_in, "alpha": alpha, "records": 200, "replicas": replicas,
    }  # fmt: skip


def predict(result: xr.Dataset, alpha_min: float = 0.0) -> theory.TeacherStudent:
    """Return the prediction for the settings and the start of a measurement."""
    at = result.attrs
    rule = theory.OnlineRule(*(at[name] for name in ("eta", "gamma", "sigma", "batch_size")))
    gram, K = np.array(ast.literal_eval(at["start"])), result.sizes["student"]
    return theory.teacher_student(rule, theory.Overlaps(gram[:K, :K], gram[:K, K:], gram[K:, K:]), alpha_min=alpha_min)


def measured_square(result: xr.Dataset) -> tuple[float, float]:
    """Return the stationary squared norm of a unit, averaged over time, units and networks, and its standard error.

    Raises
    ------
    TailoffError
        If the run never settled.
    """
    _refuse_unsettled(result)
    late = result.Q.sel(alpha=result.alpha > result.attrs["burn_in"]).values
    mean, error = mean_and_error(np.trace(late, axis1=2, axis2=3).mean(axis=1) / result.sizes["student"])
    return float(mean), float(error)


def overlap_scores(result: xr.Dataset, network: theory.TeacherStudent) -> list[float]:
    """Return z of every distinct overlap, against the prediction at the run's fan-in."""
    at, upper = network.at_fan_in(result.attrs["fan_in"]), np.triu_indices(result.sizes["student"])
    z_Q = ((result.Q_mean - at.Q) / result.Q_mean_error).values[upper]
    z_R = ((result.R_mean - at.R) / result.R_mean_error).values
    return [float(z) for z in (*z_Q, *z_R.ravel())]


def unit_comparisons(result: xr.Dataset, network: theory.TeacherStudent) -> list[Comparison]:
    """Compare the squared norm of each unit with the prediction at the run's fan-in.

    Raises
    ------
    TailoffError
        If the run never settled.
    """
    _refuse_unsettled(result)
    at = network.at_fan_in(result.attrs["fan_in"])
    rows = zip(np.diag(at.Q), np.diag(result.Q_mean), np.diag(result.Q_mean_error), strict=True)
    return [
        Comparison(f"|w|^2 of unit {i}", float(predicted), float(measured), float(error), PRECISION)
        for i, (predicted, measured, error) in enumerate(rows, 1)
    ]


def _refuse_unsettled(result: xr.Dataset) -> None:
    if not result.attrs["stationary"]:
        raise theory.TailoffError(
            f"the networks (N = {result.attrs['fan_in']}, eta = {result.attrs['eta']:g}, gamma = "
            f"{result.attrs['gamma']:g}) have not settled after alpha = {float(result.alpha[-1]):g}. Simulate longer."
        )
