"""The settings of RMSprop, in PyTorch's conventions: its weight decay is part of the gradient."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import check_flag, check_fraction, non_negative

__all__ = ["RMSprop"]


@dataclass(frozen=True, slots=True)
class RMSprop:
    """RMSprop as `torch.optim.RMSprop` does it: the momentum sums steps that are divided already.

    v' = alpha v + (1 - alpha) G^2 from zero and without correction, b' = mu b + G / (sqrt(v') + eps), w' = w - lr b',
    with G the gradient and the decay.

    Parameters
    ----------
    alpha : float
        Memory of the second moment per step, in [0, 1).
    eps : float
        Added to the root of the second moment; the law needs it far below the gradient noise.
    momentum : float
        mu, in [0, 1).
    centered : bool
        Take the square of the gradient's running mean off the second moment.
    maximize : bool
        Climb: the gradient's sign is changed before the decay is added.

    Raises
    ------
    InvalidArgument
        If alpha or momentum is outside [0, 1), or eps is negative.
    """

    alpha: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.0
    centered: bool = False
    maximize: bool = False

    def __post_init__(self) -> None:
        check_fraction("alpha", self.alpha)
        check_fraction("momentum", self.momentum)
        non_negative("eps", self.eps)
        check_flag("centered", self.centered)
        check_flag("maximize", self.maximize)
