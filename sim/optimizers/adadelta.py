"""The update of `torch.optim.Adadelta`, written out."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.gradient import with_decay
from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import Adadelta

__all__ = ["AdadeltaRule"]


class AdadeltaRule:
    """A gradient over its own root mean square, times that of the steps before it."""

    def __init__(self, settings: Adadelta, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.second, self.moved = np.zeros(shape), np.zeros(shape)

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Add the decay to the gradient, step in units of the steps before, and remember the step."""
        rho, eps = self.settings.rho, self.settings.eps
        gradient = with_decay(gradient, w, self.decay, self.settings.maximize)
        self.second *= rho
        self.second += (1 - rho) * gradient**2
        step = np.sqrt(self.moved + eps) / np.sqrt(self.second + eps) * gradient
        self.moved *= rho
        self.moved += (1 - rho) * step**2
        w -= self.eta * step


@rule_of.register
def _(optimizer: Adadelta) -> MakeRule:
    return partial(AdadeltaRule, optimizer)
