"""The updates of schedule-free SGD and AdamW, written out as their authors' reference implementation does them.

The weights that are handed in are y, where the gradient is taken: those of training mode. The average x, the weights of
evaluation mode, is the attribute `average`.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import ScheduleFreeAdamW, ScheduleFreeSGD

__all__ = ["ScheduleFreeRule"]


class ScheduleFreeRule:
    """Steps z, their weighted average x, and y between them."""

    def __init__(
        self, settings: ScheduleFreeSGD | ScheduleFreeAdamW, decay: float, eta: float, shape: tuple[int, ...]
    ) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.steps, self.largest, self.weights = 0, 0.0, 0.0
        self.z = self.average = np.zeros(0)
        self.second = np.zeros(shape)

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Step z by gradient and decay at y = `w`, average, and put the new y into `w`."""
        settings = self.settings
        if self.steps == 0:
            self.z, self.average = w.copy(), w.copy()
        self.steps += 1
        if settings.maximize:
            gradient = -gradient
        if isinstance(settings, ScheduleFreeAdamW):
            share, beta2 = settings.betas
            self.second = beta2 * self.second + (1 - beta2) * gradient**2
            gradient = gradient / (np.sqrt(self.second / (1 - beta2**self.steps)) + settings.eps)
        else:
            share = settings.momentum
        self.largest = max(self.largest, self.eta)
        weight = self.steps**settings.r * self.largest**settings.weight_lr_power
        self.weights += weight
        newest = weight / self.weights if self.weights else 0.0
        self.z = self.z - self.eta * (gradient + self.decay * w)
        self.average = self.average + newest * (self.z - self.average)
        w[...] = (1 - share) * self.z + share * self.average

    @property
    def average_weights(self) -> np.ndarray:
        """x, the weights of evaluation mode."""
        return self.average


@rule_of.register
def _(optimizer: ScheduleFreeSGD) -> MakeRule:
    return partial(ScheduleFreeRule, optimizer)


@rule_of.register
def _(optimizer: ScheduleFreeAdamW) -> MakeRule:
    return partial(ScheduleFreeRule, optimizer)
