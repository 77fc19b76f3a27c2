"""The settings of Adam, in PyTorch's conventions: its weight decay is part of the gradient."""

from __future__ import annotations

from dataclasses import InitVar, dataclass

from theory.errors import InvalidArgument
from theory.settings.checks import check_flag, shown
from theory.settings.optimizers.betas import AdamLike

__all__ = ["Adam"]


@dataclass(frozen=True, slots=True)
class Adam(AdamLike):
    """Adam as `torch.optim.Adam` does it: weight decay is added to the gradient, and the second moment divides it.

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
        If a beta is outside [0, 1), or decoupled decay is asked for: that is `AdamW`.

    Examples
    --------
    >>> Adam(decoupled_weight_decay=True)
    Traceback (most recent call last):
    theory.errors.InvalidArgument: decoupled_weight_decay must be False for Adam, got True. Use theory.AdamW.
    """

    amsgrad: bool = False
    maximize: bool = False
    decoupled: InitVar[bool] = False
    decoupled_weight_decay: InitVar[bool] = False

    def __post_init__(self, decoupled: bool, decoupled_weight_decay: bool) -> None:
        for name, value in (("decoupled", decoupled), ("decoupled_weight_decay", decoupled_weight_decay)):
            if value is not False:
                raise InvalidArgument(f"{name} must be False for Adam, got {shown(value)}. Use theory.AdamW.")
        AdamLike.__post_init__(self)
        check_flag("amsgrad", self.amsgrad)
        check_flag("maximize", self.maximize)
