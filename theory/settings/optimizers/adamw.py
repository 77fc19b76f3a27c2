"""The settings of AdamW, in PyTorch's conventions: its weight decay stands beside the gradient."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import check_flag
from theory.settings.optimizers.betas import AdamLike

__all__ = ["AdamW"]


@dataclass(frozen=True, slots=True)
class AdamW(AdamLike):
    """AdamW as `torch.optim.AdamW` does it: weight decay multiplies the weight by 1 - eta lam/n.

    Parameters
    ----------
    betas : (float, float)
        Memory of the first and the second moment per step, in [0, 1).
    eps : float
        Added to the denominator; the laws neglect it, and refuse it above 5e-4 of the gradient noise.
    amsgrad : bool
        Divide by the largest second moment so far. No stationary state then: `theory.trajectory`.
    maximize : bool
        Climb the cost: its gradient changes the sign, the decay does not.

    Raises
    ------
    InvalidArgument
        If a beta is outside [0, 1).
    """

    amsgrad: bool = False
    maximize: bool = False

    def __post_init__(self) -> None:
        AdamLike.__post_init__(self)
        check_flag("amsgrad", self.amsgrad)
        check_flag("maximize", self.maximize)
