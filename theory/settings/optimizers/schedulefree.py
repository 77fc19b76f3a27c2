"""The settings of schedule-free SGD and AdamW, in the conventions of their authors' implementation."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import check_flag, check_fraction, finite
from theory.settings.optimizers.betas import AdamLike

__all__ = ["ScheduleFreeAdamW", "ScheduleFreeSGD"]


@dataclass(frozen=True, slots=True)
class ScheduleFreeSGD:
    """Schedule-free SGD (Defazio et al. 2024), `SGDScheduleFree` of the package schedulefree.

    Steps z of plain SGD, their average x, and the point between them where the gradient and the decay are taken. What
    `theory.trajectory` predicts is x, the weights of evaluation mode.

    Parameters
    ----------
    momentum : float
        Share of x in that point, in [0, 1); 0 is Polyak's averaging.
    r : float
        The t-th z weighs t^r in the average, times
    weight_lr_power : float
        the largest learning rate so far to this power.
    maximize : bool
        Climb the cost; the decay still shrinks.

    Raises
    ------
    InvalidArgument
        If the momentum is outside [0, 1), or a power is not finite.
    """

    momentum: float = 0.9
    r: float = 0.0
    weight_lr_power: float = 2.0
    maximize: bool = False

    def __post_init__(self) -> None:
        check_fraction("momentum", self.momentum)
        finite("r", self.r)
        finite("weight_lr_power", self.weight_lr_power)
        check_flag("maximize", self.maximize)


@dataclass(frozen=True, slots=True)
class ScheduleFreeAdamW(AdamLike):
    """Schedule-free AdamW (Defazio et al. 2024), `AdamWScheduleFree` of the package schedulefree.

    As `ScheduleFreeSGD`, with the gradient divided by the root of its second moment, bias corrected, as in the package
    since its version 1.3 (before, the correction multiplied the learning rate and so the decay too). The decay is taken
    where the gradient is and not divided.

    Parameters
    ----------
    betas : (float, float)
        Share of x in the point of the gradient (not a memory of gradients), and memory of the second moment, in [0, 1).
    eps : float
        Of the denominator; neglected.
    r, weight_lr_power, maximize
        As in `ScheduleFreeSGD`.

    Raises
    ------
    InvalidArgument
        If a beta is outside [0, 1), or a power is not finite.
    """

    r: float = 0.0
    weight_lr_power: float = 2.0
    maximize: bool = False

    def __post_init__(self) -> None:
        AdamLike.__post_init__(self)
        finite("r", self.r)
        finite("weight_lr_power", self.weight_lr_power)
        check_flag("maximize", self.maximize)
