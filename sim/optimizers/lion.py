"""The update of Lion, written out: algorithm 2 of Chen et al. 2023."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import Lion

__all__ = ["LionRule"]


class LionRule:
    """Step along the sign, then update the memory."""

    def __init__(self, settings: Lion, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.memory = np.zeros(shape)

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Step by the sign of the interpolated gradient and decay, then let the memory follow the gradient."""
        beta1, beta2 = self.settings.beta1, self.settings.beta2
        gradient = -gradient if self.settings.maximize else gradient
        direction = np.sign(beta1 * self.memory + (1 - beta1) * gradient)
        w -= self.eta * (direction + self.decay * w)
        self.memory *= beta2
        self.memory += (1 - beta2) * gradient


@rule_of.register
def _(optimizer: Lion) -> MakeRule:
    return partial(LionRule, optimizer)
