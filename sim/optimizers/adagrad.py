"""The update of `torch.optim.Adagrad`, written out."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.gradient import with_decay
from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import Adagrad

__all__ = ["AdagradRule"]


class AdagradRule:
    """A gradient over the root of the sum of all squared gradients."""

    def __init__(self, settings: Adagrad, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.sum = np.full(shape, float(settings.initial_accumulator_value))
        self.steps = 0

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Add the decay to the gradient, sum its square, step."""
        settings = self.settings
        gradient = with_decay(gradient, w, self.decay, settings.maximize)
        rate = self.eta / (1 + self.steps * settings.lr_decay)
        self.steps += 1
        self.sum += gradient**2
        w -= rate * gradient / (np.sqrt(self.sum) + settings.eps)


@rule_of.register
def _(optimizer: Adagrad) -> MakeRule:
    return partial(AdagradRule, optimizer)
