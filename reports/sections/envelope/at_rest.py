"""What runs at one decay settle at: the regularised cost, the penalty's share of it, and the norms of the layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

import theory
from reports.runs.balance import stationary_mean
from sim.estimates.stationarity import drift

__all__ = ["AtRest", "Quantity", "at_rest"]


@dataclass(frozen=True)
class Quantity:
    """A mean over epochs and replicas, and its standard error."""

    value: float
    error: float

    @property
    def relative(self) -> float:
        """Its standard error as a fraction of it."""
        return self.error / self.value

    @property
    def root(self) -> Quantity:
        """Its square root."""
        return Quantity(math.sqrt(self.value), self.error / (2 * math.sqrt(self.value)))


@dataclass(frozen=True)
class AtRest:
    """The end of all runs at one decay, over the epochs in which the cost was evaluated.

    Attributes
    ----------
    lam : float
    n : int
        Training examples.
    hidden, weights : int
        Hidden neurons, and all weights of the network.
    layer_weights : dict
        Weights of each layer.
    cost : Quantity
        C*, over all training examples.
    norm_sq : Quantity
        The sum of all squared weights.
    layers : dict
        The same of each layer.
    noise : dict
        Which part of what holds a layer is noise (none where it was not recorded).
    accuracy : Quantity
        Of the training examples.
    drift : float
        By which fraction `norm_sq` changes over these epochs.
    """

    lam: float
    n: int
    hidden: int
    weights: int
    layer_weights: dict[int, int]
    cost: Quantity
    norm_sq: Quantity
    layers: dict[int, Quantity]
    noise: dict[int, float]
    accuracy: Quantity
    drift: float

    @property
    def share(self) -> float:
        """Alpha, the penalty's share of the cost."""
        return self.share_of(*self.layers)

    def share_of(self, *layers: int) -> float:
        """Return the share of the penalty of some layers in the cost."""
        penalty = self.lam / (2 * self.n) * sum(self.layers[layer].value for layer in layers)
        return theory.penalty_share(self.cost.value - penalty, penalty)


def at_rest(runs: Sequence[xr.Dataset]) -> AtRest:
    """Average runs at one decay, of one width, over replicas and starts."""
    late = [run.isel(epoch=np.isfinite(run.cost.sel(split="train")).all("replica").values) for run in runs]
    late = [part.isel(epoch=part.epoch > 0) for part in late]
    first = runs[0]
    counts = {int(layer): int(first.layer_weights.sel(layer=layer)) for layer in first.layer}
    norms = [part.rms**2 * part.layer_weights for part in late]

    def over(values: Sequence[xr.DataArray]) -> Quantity:
        means, errors = zip(*(stationary_mean(value) for value in values), strict=True)
        return Quantity(float(np.mean(means)), math.hypot(*errors) / len(errors))

    layers = {layer: over([norm.sel(layer=layer) for norm in norms]) for layer in counts}
    total = [norm.sum("layer") for norm in norms]
    changes = [drift(one.transpose("replica", "epoch").values)[0] / float(one.mean()) for one in total]
    return AtRest(
        first.attrs["lam"], first.attrs["n"], int(first.fan_in[-1]), sum(counts.values()), counts,
        over([part.cost.sel(split="train") for part in late]), over(total), layers,
        {layer: _noise(late, layers[layer].value, layer) for layer in counts},
        over([part.accuracy.sel(split="train") for part in late]), float(np.mean(changes)),
    )  # fmt: skip


def _noise(late: Sequence[xr.Dataset], norm_sq: float, layer: int) -> float:
    """Return the noise's part of what holds a layer: its term of the norm budget over that of the decay."""
    at = late[0].attrs
    grad_sq, alignment = (
        float(np.mean([float(part[name].sel(layer=layer).mean()) for part in late]))
        for name in ("grad_sq", "alignment")
    )
    budget = theory.norm_budget(at["n"], at["lam"], at["eta"], norm_sq=norm_sq, grad_sq=grad_sq, alignment=alignment)
    return float(budget.noise / -budget.decay)
