"""What an optimizer's settings say of one update: its learning rate, and how far it moves the clock of the decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.settings import InvalidArgument
from theory.settings.types import Number

__all__ = ["Rates"]


@dataclass(frozen=True)
class Rates:
    """The settings of one update, or of many: numbers, or arrays of one shape.

    Attributes
    ----------
    lr, weight_decay : float or ndarray
    momentum : float or ndarray
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

    lr: Number
    weight_decay: Number
    momentum: Number = 0.0
    sums: bool = False
    dampening: float = 0.0
    decoupled: bool = False

    def __post_init__(self) -> None:
        decay = self.decay if np.all(self.momentum < 1) else np.inf
        if np.any((decay < 0) | (decay >= 1)):
            raise InvalidArgument(
                f"the decay of a step must be from 0 to below 1, got {np.nanmax(decay):g} (lr {np.nanmax(self.lr):g}, "
                f"weight_decay {np.nanmax(self.weight_decay):g}, momentum {np.nanmax(self.momentum):g}): it would turn "
                "the weights round. Lower one."
            )

    @property
    def effective_lr(self) -> Number:
        """How far a gradient moves the weights in all."""
        if not self.sums:
            return self.lr
        return self.lr * (1 - self.dampening * (self.momentum > 0)) / (1 - self.momentum)

    @property
    def decay(self) -> Number:
        """The share of the weights that the decay of one update takes, in all; preconditioned, times `decay_weight`."""
        return (self.lr if self.decoupled else self.effective_lr) * self.weight_decay

    @property
    def clock(self) -> Number:
        """How far one update moves the clock of the decay, in which ||w||^2 decays as exp(-clock)."""
        return -2 * np.log1p(-self.decay)
