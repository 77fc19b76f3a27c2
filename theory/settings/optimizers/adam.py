"""The settings of Adam, in PyTorch's conventions: its weight decay is part of the gradient."""

from __future__ import annotations

from dataclasses import InitVar, dataclass

from theory.errors import InvalidArgument
from theory.settings.optimizers.betas import TwoBetas

__all__ = ["Adam"]


@dataclass(frozen=True, slots=True)
class Adam(TwoBetas):
    """Adam as `torch.optim.Adam` does it: weight decay is added to the gradient, and the second moment divides it.

    Parameters
    ----------
    betas : (float, float)
        Memory of the first and the second moment per step, in [0, 1).

    Raises
    ------
    InvalidArgument
        If a beta is outside [0, 1), or decoupled decay is asked for: that is `AdamW`.

    Examples
    --------
    >>> Adam(decoupled=True)
    Traceback (most recent call last):
    theory.errors.InvalidArgument: decoupled must be False for Adam, got True. Decoupled decay is theory.AdamW.
    """

    betas: tuple[float, float] = (0.9, 0.999)
    decoupled: InitVar[bool] = False

    def __post_init__(self, decoupled: bool) -> None:
        if decoupled is not False:
            raise InvalidArgument(
                f"decoupled must be False for Adam, got {decoupled!r}. Decoupled decay is theory.AdamW."
            )
        TwoBetas.__post_init__(self)
