"""The settings of Lion."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import check_flag
from theory.settings.optimizers.betas import TwoBetas

__all__ = ["Lion"]


@dataclass(frozen=True, slots=True)
class Lion(TwoBetas):
    """Lion (Chen et al. 2023): the sign of an interpolated gradient, with decoupled decay.

    Parameters
    ----------
    betas : (float, float)
        Weight of the memory m in the step's direction sign(beta1 m + (1 - beta1) g), and memory of m per step, in
        [0, 1).
    maximize : bool
        Climb the cost; the decay still shrinks.

    Raises
    ------
    InvalidArgument
        If a beta is outside [0, 1).
    """

    betas: tuple[float, float] = (0.9, 0.99)
    maximize: bool = False

    def __post_init__(self) -> None:
        TwoBetas.__post_init__(self)
        check_flag("maximize", self.maximize)
