"""The update of `torch.optim.NAdam`, written out."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.gradient import climbing, with_decay
from sim.optimizers.moments import Moments
from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import NAdam

__all__ = ["NAdamRule"]


class NAdamRule:
    """Adam that looks ahead along its momentum, which grows towards beta1 as it runs."""

    def __init__(self, settings: NAdam, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.moments = Moments(settings.betas, settings.eps, shape)
        self.product = 1.0  # of the momenta so far: what is left of the start from zero

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Decay, update the moments, step along the gradient and the first moment of the step to come."""
        settings = self.settings
        if settings.decoupled_weight_decay:
            w *= 1 - self.eta * self.decay
            gradient = climbing(gradient, settings.maximize)
        else:
            gradient = with_decay(gradient, w, self.decay, settings.maximize)
        moments = self.moments
        moments.add(gradient)
        momentum, following = self._momentum(moments.steps), self._momentum(moments.steps + 1)
        self.product *= momentum
        direction = (1 - momentum) / (1 - self.product) * gradient
        direction += following / (1 - self.product * following) * moments.first
        w -= self.eta * direction / moments.denominator()

    def _momentum(self, step: int) -> float:
        return float(self.settings.beta1 * (1 - 0.96 ** (step * self.settings.momentum_decay) / 2))


@rule_of.register
def _(optimizer: NAdam) -> MakeRule:
    return partial(NAdamRule, optimizer)
