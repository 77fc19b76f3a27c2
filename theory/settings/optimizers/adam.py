"""Adam's settings, in PyTorch's conventions."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import check_fraction

__all__ = ["Adam"]


@dataclass(frozen=True, slots=True)
class Adam:
    """Adam as `torch.optim` does it: AdamW (the default) or Adam with the decay in the gradient.

    Parameters
    ----------
    beta1, beta2 : float
        Memory of the first and the second moment per step, in [0, 1).
    decoupled : bool
        True: `torch.optim.AdamW`. False: `torch.optim.Adam` with weight_decay, which the second moment divides.

    Raises
    ------
    InvalidArgument
        If a beta is outside [0, 1).
    """

    beta1: float = 0.9
    beta2: float = 0.999
    decoupled: bool = True

    def __post_init__(self) -> None:
        check_fraction("beta1", self.beta1)
        check_fraction("beta2", self.beta2)
