"""A finished run against the norm balance: is it stationary, where does the balance say that it should be?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

import theory
from reports.comparison import Comparison
from sim.estimates.stationarity import autocorrelation_time, drift

__all__ = [
    "DRIFTS",
    "LayerBalance",
    "LayerBudget",
    "balance_of",
    "budget_of",
    "stationary_mean",
    "stationary_part",
]

DRIFTS = 4.0  # a drift of so many standard errors is called one
SHORTEST = 15  # epochs; the last third is then five of them


@dataclass(frozen=True)
class LayerBalance:
    """The rms of a layer in the last third of a run beside the norm balance's prediction.

    Attributes
    ----------
    measured, error : float
        The rms, and its standard error.
    predicted, predicted_error : float
        The balance's, from the gradient's recorded statistics.
    drift, drift_error, drift_sigma : float
        Change of ||w||^2 over the last third, relative; its standard error; their ratio.
    noise_share : float
        Which part of what holds the layer against the decay is noise; the rest is signal.
    """

    measured: float
    error: float
    predicted: float
    predicted_error: float
    drift: float
    drift_error: float
    drift_sigma: float
    noise_share: float

    @property
    def stationary(self) -> bool:
        """Whether the drift is below 4 standard errors."""
        return abs(self.drift_sigma) <= DRIFTS

    @property
    def verdict(self) -> str:
        """Whether the last third of the run is stationary, in words."""
        return f"{'stationary,' if self.stationary else 'not stationary:'} drift {self.drift_sigma:+.1f} sigma"

    def comparison(self, name: str, precision: float = 0.02) -> Comparison:
        """Compare the measured rms with the balance; the errors are taken as independent."""
        error = math.hypot(self.error, self.predicted_error)
        return Comparison(name, self.predicted, self.measured, error, precision)


@dataclass(frozen=True)
class LayerBudget:
    """What changes ||w||^2 in each epoch, as fractions of it.

    Attributes
    ----------
    decay, noise, signal : ndarray
        The three terms of the budget.
    measured : ndarray
        The change that was measured.
    """

    decay: np.ndarray
    noise: np.ndarray
    signal: np.ndarray
    measured: np.ndarray

    @property
    def drive(self) -> np.ndarray:
        """What the gradient does: noise plus signal."""
        return self.noise + self.signal

    @property
    def total(self) -> np.ndarray:
        """The change that the identity predicts: the sum of the three terms."""
        return self.decay + self.noise + self.signal

    def at(self, epoch: int) -> dict[str, float]:
        """Return the three terms of one epoch by name, averaged over the replicas; -1 is the last epoch."""
        return {name: float(getattr(self, name).mean(axis=0)[epoch]) for name in ("decay", "noise", "signal")}


def stationary_part(run: xr.Dataset) -> xr.Dataset:
    """Return the last third of a run, where it should be stationary."""
    epochs = run.sizes["epoch"]
    return run.isel(epoch=slice(epochs - epochs // 3, None))


def stationary_mean(values: xr.DataArray) -> tuple[float, float]:
    """Return the mean of a stationary record (replica, epoch) and its standard error, its memory allowed for."""
    series = values.transpose("replica", "epoch").values
    memory = autocorrelation_time(series)
    return float(series.mean()), float(series.std(ddof=1) * np.sqrt(memory / series.size))


def balance_of(run: xr.Dataset, layer: int) -> LayerBalance:
    """Compare a layer's rms in the last third of a run with the norm balance's prediction, and test it for drift.

    Parameters
    ----------
    run : Dataset
        From `sim.train`, with recorded statistics.
    layer : int

    Raises
    ------
    InvalidArgument
        If the statistics were not recorded, the run is shorter than 15 epochs, or the layer's weights are all zero.
    NoEquilibrium
        If the statistics admit no stationary norm.
    """
    part = stationary_part(checked(run, layer)).sel(layer=layer)
    weights = int(part.layer_weights)
    grad_sq, alignment = (stationary_mean(part[name]) for name in ("grad_sq", "alignment"))
    balance = theory.norm_balance(
        run.attrs["n"], run.attrs["lam"], run.attrs["eta"], grad_sq=grad_sq[0], alignment=alignment[0],
        grad_sq_error=grad_sq[1], alignment_error=alignment[1],
    )  # fmt: skip
    norm_sq = part.rms**2 * weights
    change, change_error = drift(norm_sq.transpose("replica", "epoch").values)
    measured, error = stationary_mean(norm_sq)
    budget = theory.norm_budget(
        run.attrs["n"], run.attrs["lam"], run.attrs["eta"], norm_sq=measured, grad_sq=grad_sq[0],
        alignment=alignment[0],
    )  # fmt: skip
    return LayerBalance(
        math.sqrt(measured / weights), error / (2 * math.sqrt(measured * weights)),
        float(balance.rms(weights)), float(balance.rms_error(weights)),
        change / measured, change_error / measured, change / change_error, float(budget.noise / -budget.decay),
    )  # fmt: skip


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


def budget_of(run: xr.Dataset, layer: int) -> LayerBudget:
    """Return the budget of every epoch of a layer, each term of shape (replica, epoch).

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
    decay, noise, signal = (steps * term / during for term in (budget.decay, budget.noise, budget.signal))
    return LayerBudget(decay, noise, signal, np.diff(square, axis=1) / during)
