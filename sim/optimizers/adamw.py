"""The update of `torch.optim.AdamW`, written out."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.gradient import climbing
from sim.optimizers.moments import Moments
from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import AdamW

__all__ = ["AdamWRule"]


class AdamWRule:
    """The decay stands beside the gradient: the weights shrink before the step."""

    def __init__(self, settings: AdamW, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.moments = Moments(settings.betas, settings.eps, shape, settings.amsgrad)

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Shrink the weights, then step by the moments."""
        w *= 1 - self.eta * self.decay
        self.moments.step(w, climbing(gradient, self.settings.maximize), self.eta)


@rule_of.register
def _(optimizer: AdamW) -> MakeRule:
    return partial(AdamWRule, optimizer)
