"""The update of `torch.optim.Adam`, written out."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.optimizers.gradient import with_decay
from sim.optimizers.moments import Moments
from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import Adam

__all__ = ["AdamRule"]


class AdamRule:
    """The decay is part of the gradient, and goes through both moments."""

    def __init__(self, settings: Adam, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.moments = Moments(settings.betas, settings.eps, shape, settings.amsgrad)

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Add the decay to the gradient, then step by the moments."""
        self.moments.step(w, with_decay(gradient, w, self.decay, self.settings.maximize), self.eta)


@rule_of.register
def _(optimizer: Adam) -> MakeRule:
    return partial(AdamRule, optimizer)
