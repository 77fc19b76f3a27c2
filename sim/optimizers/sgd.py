"""The update of `torch.optim.SGD`, and of SGDW, written out."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.gradient import climbing, with_decay
from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import SGD

__all__ = ["SGDRule"]


class SGDRule:
    """Momentum, dampened or not, Nesterov's, decay in the gradient or (SGDW) beside it."""

    def __init__(self, settings: SGD, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.buffer: np.ndarray | None = None

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Decay, sum into the buffer, step along the buffer (Nesterov: along the gradient and the buffer)."""
        settings, momentum = self.settings, self.settings.momentum
        if settings.decoupled:
            w *= 1 - self.eta * self.decay
            gradient = climbing(gradient, settings.maximize)
        else:
            gradient = with_decay(gradient, w, self.decay, settings.maximize)
        if momentum:
            if self.buffer is None:
                self.buffer = gradient.copy()  # the first gradient is not dampened
            else:
                self.buffer *= momentum
                self.buffer += (1 - settings.dampening) * gradient
            gradient = gradient + momentum * self.buffer if settings.nesterov else self.buffer
        w -= self.eta * gradient


@rule_of.register
def _(optimizer: SGD) -> MakeRule:
    return partial(SGDRule, optimizer)
