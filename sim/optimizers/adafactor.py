"""The update of `torch.optim.Adafactor`, written out, on arrays of matrices or on one vector."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.gradient import climbing
from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import Adafactor

__all__ = ["AdafactorRule"]


class AdafactorRule:
    """Steps in units of the tensor's own rms, over a second moment that keeps means of rows and columns only.

    Of shape (n,): one vector, whose second moment is kept whole. Of shape (..., rows, columns): a tensor for every
    index before the last two. A matrix of one row is a vector.
    """

    def __init__(self, settings: Adafactor, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.axes = tuple(range(-min(len(shape), 2), 0))
        self.rows, self.columns = np.zeros((*shape[:-1], 1)), np.zeros((*shape[:-2], 1, *shape[-1:]))
        self.whole = np.zeros(shape if len(shape) == 1 else ())
        self.floor = np.finfo(float).eps if settings.eps[0] is None else settings.eps[0]
        self.steps = 0

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Take the tensor's size, decay, update the second moment, step by a gradient of rms one at most."""
        gradient = climbing(gradient, self.settings.maximize)
        self.steps += 1
        size = np.maximum(self.settings.eps[1], self._rms(w)) * min(self.eta, self.steps**-0.5)
        w *= 1 - self.eta * self.decay
        update = gradient / np.sqrt(np.maximum(self._second(gradient**2), self.floor**2))
        w -= size / np.maximum(1.0, self._rms(update) / self.settings.d) * update

    def _rms(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(np.sqrt(np.mean(values**2, axis=self.axes, keepdims=True)))

    def _second(self, square: np.ndarray) -> np.ndarray:
        """Let the second moment follow the squared gradient; return it for every weight."""
        newest = self.steps**self.settings.beta2_decay
        if square.ndim == 1:
            self.whole += newest * (square - self.whole)
            return self.whole
        self.rows += newest * (square.mean(axis=-1, keepdims=True) - self.rows)
        self.columns += newest * (square.mean(axis=-2, keepdims=True) - self.columns)
        return np.asarray(self.rows * self.columns / np.maximum(self.rows.mean(axis=-2, keepdims=True), self.floor))


@rule_of.register
def _(optimizer: Adafactor) -> MakeRule:
    return partial(AdafactorRule, optimizer)
