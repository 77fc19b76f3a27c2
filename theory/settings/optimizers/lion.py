"""Lion's settings."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import check_fraction

__all__ = ["Lion"]


@dataclass(frozen=True, slots=True)
class Lion:
    """Lion (Chen et al. 2023): the sign of an interpolated gradient, with decoupled decay.

    Parameters
    ----------
    beta1 : float
        Weight of the memory in the step's direction sign(beta1 m + (1 - beta1) g), in [0, 1).
    beta2 : float
        Memory of m per step, in [0, 1).

    Raises
    ------
    InvalidArgument
        If a beta is outside [0, 1).
    """

    beta1: float = 0.9
    beta2: float = 0.99

    def __post_init__(self) -> None:
        check_fraction("beta1", self.beta1)
        check_fraction("beta2", self.beta2)
