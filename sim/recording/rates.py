"""What an optimizer's settings say of one update: its learning rate, and how far it moves the clock of the decay."""

from __future__ import annotations

import math
from dataclasses import dataclass

from theory.settings import InvalidArgument

__all__ = ["Rates"]


@dataclass(frozen=True)
class Rates:
    """The settings of one update.

    Attributes
    ----------
    lr, weight_decay : float
    momentum : float
        Or beta1.
    sums : bool
        Whether the momentum sums the gradients (heavy ball) and does not average them (Adam).
    dampening : float
        Of a momentum that sums.
    decoupled : bool
        Whether the decay acts on the weights themselves, beside the momentum and the preconditioner.

    Raises
    ------
    InvalidArgument
        If the decay turns the weights round.

    Examples
    --------
    >>> Rates(lr=0.1, weight_decay=1e-3, momentum=0.5, sums=True).effective_lr
    0.2
    """

    lr: float
    weight_decay: float
    momentum: float = 0.0
    sums: bool = False
    dampening: float = 0.0
    decoupled: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.decay < 1:
            raise InvalidArgument(
                f"the decay of a step must be from 0 to below 1, got {self.decay:g} from lr {self.lr:g}, weight_decay "
                f"{self.weight_decay:g} and momentum {self.momentum:g}: it would turn the weights round. Lower one."
            )

    @property
    def effective_lr(self) -> float:
        """How far a gradient moves the weights in all."""
        if not self.sums or not self.momentum:
            return self.lr
        return self.lr * (1 - self.dampening) / (1 - self.momentum) if self.momentum < 1 else math.inf

    @property
    def decay(self) -> float:
        """The share of the weights that the decay of one update takes, in all; preconditioned, times `decay_weight`."""
        return (self.lr if self.decoupled else self.effective_lr) * self.weight_decay

    @property
    def clock(self) -> float:
        """How far one update moves the clock of the decay, in which ||w||^2 decays as exp(-clock)."""
        return -2 * math.log1p(-self.decay)
