"""The settings of Adagrad, in PyTorch's conventions: its weight decay is part of the gradient."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from theory.settings.checks import check_flag, non_negative

__all__ = ["Adagrad"]


@dataclass(frozen=True, slots=True)
class Adagrad:
    """Adagrad as `torch.optim.Adagrad` does it: the step is divided by the root of the sum of all squared gradients.

    S' = S + G^2, w' = w - lr / (1 + (t - 1) lr_decay) G / (sqrt(S') + eps).

    Parameters
    ----------
    lr_decay : float
        How fast the learning rate falls beside the sum's growth; above zero the weights freeze.
    initial_accumulator_value : float
        S before the first step.
    eps : float
        Added to the root; the law needs it far below the gradient noise.
    maximize : bool
        Climb: the gradient's sign is changed before the decay is added.

    Raises
    ------
    InvalidArgument
        If a number is negative.
    """

    lr_decay: float = 0.0
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10
    _: KW_ONLY
    maximize: bool = False

    def __post_init__(self) -> None:
        for name in ("lr_decay", "initial_accumulator_value", "eps"):
            non_negative(name, getattr(self, name))
        check_flag("maximize", self.maximize)
