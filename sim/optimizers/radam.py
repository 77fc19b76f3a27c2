"""The update of `torch.optim.RAdam`, written out."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from sim.optimizers.gradient import climbing, with_decay
from sim.optimizers.moments import Moments
from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import RAdam

__all__ = ["RAdamRule"]

TRUSTED = 5.0  # steps of memory from which the variance of the step is finite and can be corrected


class RAdamRule:
    """Adam that steps along its plain first moment until the second one is worth dividing by."""

    def __init__(self, settings: RAdam, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.moments = Moments(settings.betas, settings.eps, shape)

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Decay, update the moments, step by the rectified rate."""
        settings = self.settings
        if settings.decoupled_weight_decay:
            w *= 1 - self.eta * self.decay
            gradient = climbing(gradient, settings.maximize)
        else:
            gradient = with_decay(gradient, w, self.decay, settings.maximize)
        moments, beta1, beta2 = self.moments, settings.beta1, settings.beta2
        moments.add(gradient)
        left = beta2**moments.steps
        most = 2 / (1 - beta2) - 1
        length = most - 2 * moments.steps * left / (1 - left)  # of the second moment's memory, in steps
        step = self.eta / (1 - beta1**moments.steps) * moments.first
        if length > TRUSTED:
            step *= math.sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length))
            step *= math.sqrt(1 - left) / (np.sqrt(moments.second) + settings.eps)
        w -= step


@rule_of.register
def _(optimizer: RAdam) -> MakeRule:
    return partial(RAdamRule, optimizer)
