"""The settings of RAdam, in PyTorch's conventions."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import check_flag
from theory.settings.optimizers.betas import AdamLike

__all__ = ["RAdam"]


@dataclass(frozen=True, slots=True)
class RAdam(AdamLike):
    """RAdam as `torch.optim.RAdam` does it (Liu et al. 2020): Adam that warms up while its second moment is uncertain.

    Parameters
    ----------
    betas, eps
        As in `Adam`. Up to beta2 = 2/3 RAdam never divides by the second moment: it is SGD with an averaged gradient.
    decoupled_weight_decay : bool
        Whether the decay stands beside the gradient, as in AdamW, and not in it.
    maximize : bool
        Climb the cost.

    Raises
    ------
    InvalidArgument
        If a beta is outside [0, 1).
    """

    decoupled_weight_decay: bool = False
    maximize: bool = False

    def __post_init__(self) -> None:
        AdamLike.__post_init__(self)
        check_flag("decoupled_weight_decay", self.decoupled_weight_decay)
        check_flag("maximize", self.maximize)
