"""The optimizers' settings, in PyTorch's conventions.

The momentum buffer sums gradients without dampening (v' = mu v + g), Nesterov's step is g + mu v', coupled decay adds
(lam/n) w to the gradient, decoupled decay multiplies the weight by 1 - eta lam/n.
"""

from __future__ import annotations

from dataclasses import dataclass

from theory.errors import InvalidArgument
from theory.settings.checks import check_fraction

__all__ = ["SGD", "Adam", "Lion", "Optimizer"]


@dataclass(frozen=True, slots=True)
class SGD:
    """Stochastic gradient descent as `torch.optim.SGD` does it, with or without momentum.

    Parameters
    ----------
    momentum : float
        mu of the buffer v' = mu v + g, in [0, 1).
    nesterov : bool
        Step along g + mu v' and not along v'. Needs momentum.
    decoupled : bool
        False: the decay is part of the gradient and goes through the buffer (PyTorch). True: it multiplies the weight
        by 1 - eta lam/n and leaves the buffer alone (SGDW). Without momentum the two are the same.

    Raises
    ------
    InvalidArgument
        If the momentum is outside [0, 1), or nesterov is asked for without momentum.
    """

    momentum: float = 0.0
    nesterov: bool = False
    decoupled: bool = False

    def __post_init__(self) -> None:
        check_fraction("momentum", self.momentum)
        if self.nesterov and self.momentum == 0:
            raise InvalidArgument("nesterov must be False without momentum, got True. Give a momentum above 0.")


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


Optimizer = SGD | Adam | Lion
