"""The update of `torch.optim.RMSprop`, written out."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.gradient import with_decay
from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import RMSprop

__all__ = ["RMSpropRule"]


class RMSpropRule:
    """A gradient divided by the root of its second moment, then summed into the momentum's buffer."""

    def __init__(self, settings: RMSprop, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.second, self.mean, self.buffer = np.zeros(shape), np.zeros(shape), np.zeros(shape)

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Add the decay to the gradient, update the second moment (and the mean, if centered), sum, step."""
        settings, alpha = self.settings, self.settings.alpha
        gradient = with_decay(gradient, w, self.decay, settings.maximize)
        self.second *= alpha
        self.second += (1 - alpha) * gradient**2
        variance = self.second
        if settings.centered:
            self.mean += (1 - alpha) * (gradient - self.mean)
            variance = self.second - self.mean**2
        self.buffer *= settings.momentum
        self.buffer += gradient / (np.sqrt(variance) + settings.eps)
        w -= self.eta * self.buffer


@rule_of.register
def _(optimizer: RMSprop) -> MakeRule:
    return partial(RMSpropRule, optimizer)
