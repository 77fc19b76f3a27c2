"""The settings of ASGD, in PyTorch's conventions: averaged stochastic gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import check_flag, finite, non_negative

__all__ = ["ASGD"]


@dataclass(frozen=True, slots=True)
class ASGD:
    """ASGD as `torch.optim.ASGD` does it: `lambd` decays the weights too, and slows the learning rate down.

    w' = (1 - lambd eta_t) w - eta_t G with eta_1 = lr and eta_(t+1) = lr / (1 + lambd lr t)^alpha. The average `ax`
    copies the weight until step t0 + 2 and is the mean of the weights since then.

    Parameters
    ----------
    lambd : float
        Decay beside weight_decay, and the slope of the schedule.
    alpha : float
        Exponent of the schedule.
    t0 : float
        The step after which the weights are averaged.
    maximize : bool
        Climb: the gradient's sign is changed before the decay is added.

    Raises
    ------
    InvalidArgument
        If lambd or t0 is negative, or alpha is not finite.
    """

    lambd: float = 1e-4
    alpha: float = 0.75
    t0: float = 1e6
    maximize: bool = False

    def __post_init__(self) -> None:
        non_negative("lambd", self.lambd)
        finite("alpha", self.alpha)
        non_negative("t0", self.t0)
        check_flag("maximize", self.maximize)
