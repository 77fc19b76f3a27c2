"""What optimizers with two averages of the past share: `betas` and the like, as PyTorch writes them."""

from __future__ import annotations

from dataclasses import dataclass

from theory.errors import InvalidArgument
from theory.settings.checks import check_fraction, non_negative, one_number, shown

__all__ = ["AdamLike", "TwoBetas"]


@dataclass(frozen=True, slots=True)
class TwoBetas:
    """Two memories per step, each in [0, 1); refused by name if they are anything else."""

    betas: tuple[float, float]

    def __post_init__(self) -> None:
        try:
            beta1, beta2 = self.betas
        except (TypeError, ValueError) as error:
            raise InvalidArgument(
                f"betas must be a pair of numbers, got {shown(self.betas)}. Write betas=(beta1, beta2)."
            ) from error
        check_fraction("beta1", beta1)
        check_fraction("beta2", beta2)
        object.__setattr__(self, "betas", (float(beta1), float(beta2)))

    @property
    def beta1(self) -> float:
        """The first of `betas`."""
        return self.betas[0]

    @property
    def beta2(self) -> float:
        """The second of `betas`."""
        return self.betas[1]


@dataclass(frozen=True, slots=True)
class AdamLike(TwoBetas):
    """Adam and its variants: two memories, and the number that keeps the denominator from zero.

    The laws neglect `eps`. They refuse it where that would show: above 5e-4 of the gradient noise.
    """

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def __post_init__(self) -> None:
        TwoBetas.__post_init__(self)
        non_negative("eps", self.eps, "PyTorch's default is 1e-8.")
        object.__setattr__(self, "eps", one_number("eps", self.eps))
