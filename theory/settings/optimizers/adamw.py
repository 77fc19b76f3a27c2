"""The settings of AdamW, in PyTorch's conventions: its weight decay stands beside the gradient."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.optimizers.betas import TwoBetas

__all__ = ["AdamW"]


@dataclass(frozen=True, slots=True)
class AdamW(TwoBetas):
    """AdamW as `torch.optim.AdamW` does it: weight decay multiplies the weight by 1 - eta lam/n.

    Parameters
    ----------
    betas : (float, float)
        Memory of the first and the second moment per step, in [0, 1).

    Raises
    ------
    InvalidArgument
        If a beta is outside [0, 1).
    """

    betas: tuple[float, float] = (0.9, 0.999)
