"""What every step of a run is told: its learning rate and its weight decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Rates", "fall", "held", "scheduled"]

NEXT_TO_NOTHING = 1e-60  # of the peak's rate, in place of zero: a decay that does not follow the rate goes on


@dataclass(frozen=True)
class Rates:
    """Learning rate and decay of every step.

    Attributes
    ----------
    lr : ndarray, shape (T,)
        Learning rate, eta.
    decay : ndarray, shape (T,)
        PyTorch's weight_decay, lam/n: the decay per unit of learning rate.
    """

    lr: np.ndarray
    decay: np.ndarray

    @property
    def steps(self) -> int:
        """T."""
        return len(self.lr)

    def between(self, first: int, last: int) -> Rates:
        """Return the rates of steps first + 1 to last."""
        return Rates(self.lr[first:last], self.decay[first:last])


def held(lr: float, decay: float, steps: int) -> Rates:
    """Return rates that do not change."""
    return Rates(np.full(steps, float(lr)), np.full(steps, float(decay)))


def scheduled(peak: float, decay: float, factors: np.ndarray, decays: np.ndarray, *, independent: bool) -> Rates:
    """Return the rates of a run from their factors, shape (T,); independent: a step decays as at the peak."""
    if independent:
        factors = np.where(factors > 0, factors, NEXT_TO_NOTHING)
        decays = decays / factors
    return Rates(peak * factors, decay * decays)


def fall(fraction: np.ndarray) -> np.ndarray:
    """Return by which power of e a step falls that leaves 1 - fraction, its sign aside; exact for tiny fractions."""
    fraction = np.asarray(fraction, dtype=float)
    with np.errstate(divide="ignore"):
        return -np.where(fraction < 1, np.log1p(-np.minimum(fraction, 1)), np.log(np.abs(1 - fraction)))
