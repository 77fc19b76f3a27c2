"""A finished run against the norm balance: is it stationary, where does the balance say that it should be?"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

import theory
from sim.estimates.stationarity import autocorrelation_time, drift

__all__ = ["DRIFTS", "balance_of", "budget_per_epoch", "budgets", "mean_and_error", "stationary_part", "verdict"]

TERMS = ("decay", "noise", "signal")
DRIFTS = 4.0  # a drift of so many standard errors is called one

SHORTEST = 15  # epochs; the last third is then five of them


def stationary_part(run: xr.Dataset) -> xr.Dataset:
    """Return the last third of a run, where it should be stationary."""
    epochs = run.sizes["epoch"]
    return run.isel(epoch=slice(epochs - epochs // 3, None))


def mean_and_error(values: xr.DataArray) -> tuple[float, float]:
    """Return the mean of a stationary record (replica, epoch) and its standard error, its memory allowed for."""
    series = values.transpose("replica", "epoch").values
    memory = autocorrelation_time(series)
    return float(series.mean()), float(series.std(ddof=1) * np.sqrt(memory / series.size))


def balance_of(run: xr.Dataset, layer: int) -> dict[str, float]:
    """Compare a layer's rms in the last third of a run with the norm balance's prediction, and test it for drift.

    Parameters
    ----------
    run : Dataset
        From `sim.train`, with recorded statistics.
    layer : int

    Returns
    -------
    dict
        measured, error, predicted, predicted_error (of rms), drift and drift_error (of ||w||^2, relative), and
        drift_sigma.

    Raises
    ------
    InvalidArgument
        If the statistics were not recorded, the run is shorter than 15 epochs, or the layer's weights are all zero.
    NoEquilibrium
        If the statistics admit no stationary norm.
    """
    part = stationary_part(checked(run, layer)).sel(layer=layer)
    weights = int(part.layer_weights)
    grad_sq, alignment = (mean_and_error(part[name]) for name in ("grad_sq", "alignment"))
    balance = theory.norm_balance(
        run.attrs["n"], run.attrs["lam"], run.attrs["eta"], grad_sq=grad_sq[0], alignment=alignment[0],
        grad_sq_error=grad_sq[1], alignment_error=alignment[1],
    )  # fmt: skip
    norm_sq = part.rms**2 * weights
    change, change_error = drift(norm_sq.transpose("replica", "epoch").values)
    measured, error = mean_and_error(norm_sq)
    return {
        "measured": math.sqrt(measured / weights), "error": error / (2 * math.sqrt(measured * weights)),
        "predicted": float(balance.rms(weights)), "predicted_error": float(balance.rms_error(weights)),
        "drift": change / measured, "drift_error": change_error / measured, "drift_sigma": change / change_error,
    }  # fmt: skip


def verdict(balance: dict[str, float]) -> str:
    """Say whether the last third of a run is stationary."""
    drifts = abs(balance["drift_sigma"]) > DRIFTS
    return f"{'not stationary: ' if drifts else 'stationary, '}drift {balance['drift_sigma']:+.1f} sigma"


def checked(run: xr.Dataset, layer: int) -> xr.Dataset:
    """Return the run if its layer can be balanced; refuse it by name if not."""
    if "alignment" not in run:
        raise theory.InvalidArgument(
            "the run has no recorded alignment: the balance needs the gradient's statistics. Train with statistics on."
        )
    if layer not in run.layer:
        raise theory.InvalidArgument(f"layer must be one of {run.layer.values.tolist()}, got {layer}.")
    epochs = run.sizes["epoch"] - 1
    if epochs < SHORTEST:
        raise theory.InvalidArgument(
            f"the run has {epochs} epochs; the balance needs at least {SHORTEST}. Train longer."
        )
    if float(run.rms.sel(layer=layer).min()) == 0:
        raise theory.InvalidArgument(
            f"the weights of layer {layer} are all zero at some epoch: there is no scale to predict."
        )
    return run


def budgets(run: xr.Dataset, layer: int) -> dict[str, np.ndarray]:
    """Return decay, noise, signal and the measured change of each epoch, as fractions of ||w||^2, (replica, epoch).

    The weights' norm during an epoch is the mean of its ends.
    """
    at = run.sel(layer=layer)
    square = at.rms.values**2 * int(at.layer_weights)
    during = (square[:, 1:] + square[:, :-1]) / 2
    budget = theory.norm_budget(
        run.attrs["n"], run.attrs["lam"], run.attrs["eta"], norm_sq=during, grad_sq=at.grad_sq.values[:, 1:],
        alignment=at.alignment.values[:, 1:],
    )  # fmt: skip
    steps = run.attrs["n"] / run.attrs["batch_size"]
    terms = {name: steps * getattr(budget, name) / during for name in TERMS}
    return terms | {"measured": np.diff(square, axis=1) / during}


def budget_per_epoch(run: xr.Dataset, layer: int) -> dict[str, np.ndarray]:
    """Return decay, noise and signal of each epoch as fractions of ||w||^2, averaged over the replicas."""
    terms = budgets(run, layer)
    return {name: terms[name].mean(axis=0) for name in TERMS}
