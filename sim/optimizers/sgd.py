"""The update of `torch.optim.SGD`, and of SGDW, written out."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import SGD

__all__ = ["SGDRule"]


class SGDRule:
    """Momentum, Nesterov's, decay in the gradient or (SGDW) beside it."""

    def __init__(self, settings: SGD, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.buffer = np.zeros(shape)

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Decay, sum into the buffer, step along the buffer (Nesterov: along the gradient and the buffer)."""
        momentum = self.settings.momentum
        if self.settings.decoupled:
            w *= 1 - self.eta * self.decay
        else:
            gradient = gradient + self.decay * w
        if momentum:
            self.buffer *= momentum
            self.buffer += gradient
            gradient = gradient + momentum * self.buffer if self.settings.nesterov else self.buffer
        w -= self.eta * gradient


@rule_of.register
def _(optimizer: SGD) -> MakeRule:
    return partial(SGDRule, optimizer)
