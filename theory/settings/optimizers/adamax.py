"""The settings of Adamax, in PyTorch's conventions: its weight decay is part of the gradient."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import check_flag, non_negative
from theory.settings.optimizers.betas import TwoBetas

__all__ = ["Adamax"]


@dataclass(frozen=True, slots=True)
class Adamax(TwoBetas):
    """Adamax as `torch.optim.Adamax` does it: Adam that divides by a fading largest gradient.

    u' = max(beta2 u, abs(G) + eps), and the step is lr m' / ((1 - beta1^t) u').

    Parameters
    ----------
    betas : (float, float)
        Memory per step of the first moment and of the largest gradient, in [0, 1).
    eps : float
        Added to the gradient's size; the law needs it far below the gradient noise.
    maximize : bool
        Climb: the gradient's sign is changed before the decay is added.

    Raises
    ------
    InvalidArgument
        If a beta is outside [0, 1), or eps is negative.
    """

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    maximize: bool = False

    def __post_init__(self) -> None:
        TwoBetas.__post_init__(self)
        non_negative("eps", self.eps)
        check_flag("maximize", self.maximize)
