"""The settings of Adadelta, in PyTorch's conventions: its weight decay is part of the gradient."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import check_flag, check_fraction, positive

__all__ = ["Adadelta"]


@dataclass(frozen=True, slots=True)
class Adadelta:
    """Adadelta as `torch.optim.Adadelta` does it: the step is scaled by the root mean square of the steps before it.

    v' = rho v + (1 - rho) G^2, delta = sqrt((D + eps) / (v' + eps)) G, D' = rho D + (1 - rho) delta^2,
    w' = w - lr delta. PyTorch's default learning rate is 1.0.

    Parameters
    ----------
    rho : float
        Memory of both means per step, in [0, 1).
    eps : float
        Not a safeguard: its root is the size of the first step, and it sets that of all others.
    maximize : bool
        Climb: the gradient's sign is changed before the decay is added.

    Raises
    ------
    InvalidArgument
        If rho is outside [0, 1), or eps is not positive: no step would ever be taken.
    """

    rho: float = 0.9
    eps: float = 1e-6
    maximize: bool = False

    def __post_init__(self) -> None:
        check_fraction("rho", self.rho)
        positive("eps", self.eps, "With none no step is ever taken.")
        check_flag("maximize", self.maximize)
