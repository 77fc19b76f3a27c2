"""The settings of NAdam, in PyTorch's conventions."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import check_flag, non_negative
from theory.settings.optimizers.betas import AdamLike

__all__ = ["NAdam"]


@dataclass(frozen=True, slots=True)
class NAdam(AdamLike):
    """NAdam as `torch.optim.NAdam` does it (Dozat 2016): Adam with Nesterov's look ahead.

    Parameters
    ----------
    betas, eps
        As in `Adam`.
    momentum_decay : float
        The momentum of step t is beta1 (1 - 0.96^(t momentum_decay) / 2).
    decoupled_weight_decay : bool
        Whether the decay stands beside the gradient, as in AdamW, and not in it.
    maximize : bool
        Climb the cost.

    Raises
    ------
    InvalidArgument
        If a beta is outside [0, 1), or `momentum_decay` is negative.
    """

    momentum_decay: float = 4e-3
    decoupled_weight_decay: bool = False
    maximize: bool = False

    def __post_init__(self) -> None:
        AdamLike.__post_init__(self)
        non_negative("momentum_decay", self.momentum_decay, "PyTorch's default is 4e-3.")
        check_flag("decoupled_weight_decay", self.decoupled_weight_decay)
        check_flag("maximize", self.maximize)
