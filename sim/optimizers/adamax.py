"""The update of `torch.optim.Adamax`, written out."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.gradient import with_decay
from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import Adamax

__all__ = ["AdamaxRule"]


class AdamaxRule:
    """Adam that divides by the largest gradient so far, which fades."""

    def __init__(self, settings: Adamax, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.first, self.largest = np.zeros(shape), np.zeros(shape)
        self.steps = 0

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Add the decay to the gradient, update both memories, step; only the first is corrected for its start."""
        beta1, beta2 = self.settings.betas
        gradient = with_decay(gradient, w, self.decay, self.settings.maximize)
        self.steps += 1
        self.first += (1 - beta1) * (gradient - self.first)
        self.largest = np.maximum(beta2 * self.largest, np.abs(gradient) + self.settings.eps)
        w -= self.eta / (1 - beta1**self.steps) * self.first / self.largest


@rule_of.register
def _(optimizer: Adamax) -> MakeRule:
    return partial(AdamaxRule, optimizer)
