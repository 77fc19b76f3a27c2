"""The update of `torch.optim.ASGD`, written out."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.gradient import with_decay
from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import ASGD

__all__ = ["ASGDRule"]


class ASGDRule:
    """SGD at a rate that falls, with a second decay beside the gradient, and an average of the weights, `ax`."""

    def __init__(self, settings: ASGD, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.ax = np.zeros(shape)
        self.rate, self.share, self.steps = eta, 1.0, 0

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Decay, step, average; then make the rate of the next step, so that a changed `eta` shows one step late."""
        settings = self.settings
        gradient = with_decay(gradient, w, self.decay, settings.maximize)
        if self.steps == 0:
            self.rate = self.eta
        self.steps += 1
        w *= 1 - settings.lambd * self.rate
        w -= self.rate * gradient
        self.ax += self.share * (w - self.ax)
        self.rate = self.eta / (1 + settings.lambd * self.eta * self.steps) ** settings.alpha
        self.share = 1 / max(1.0, self.steps - settings.t0)

    @property
    def average_weights(self) -> np.ndarray:
        """`ax`, the weights that are meant to be used."""
        return self.ax


@rule_of.register
def _(optimizer: ASGD) -> MakeRule:
    return partial(ASGDRule, optimizer)
