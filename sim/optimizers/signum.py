"""The update of Signum (and signSGD, without momentum), written out."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import Signum

__all__ = ["SignumRule"]


class SignumRule:
    """Average the gradient, step along the sign; decay beside the sign or in the gradient."""

    def __init__(self, settings: Signum, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.average = np.zeros(shape)

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Decay, let the average follow the gradient, step by its sign."""
        momentum = self.settings.momentum
        if self.settings.maximize:
            gradient = -gradient
        if self.settings.decoupled:
            w *= 1 - self.eta * self.decay
        else:
            gradient = gradient + self.decay * w
        self.average *= momentum
        self.average += (1 - momentum) * gradient
        w -= self.eta * np.sign(self.average)


@rule_of.register
def _(optimizer: Signum) -> MakeRule:
    return partial(SignumRule, optimizer)
