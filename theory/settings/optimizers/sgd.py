"""The settings of SGD and SGDW, in PyTorch's conventions.

The momentum buffer sums gradients without dampening (v' = mu v + g) and Nesterov's step is g + mu v'.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from theory.errors import InvalidArgument
from theory.settings.checks import check_flag, check_fraction

__all__ = ["SGD", "SGDW"]


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
        by 1 - eta lam/n and leaves the buffer alone, which is `SGDW`. Without momentum the two are the same.

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
        check_flag("nesterov", self.nesterov)
        check_flag("decoupled", self.decoupled)
        if self.nesterov and self.momentum == 0:
            raise InvalidArgument("nesterov must be False without momentum, got True. Give a momentum above 0.")


@dataclass(frozen=True, slots=True)
class SGDW(SGD):
    """SGD with decoupled weight decay (Loshchilov and Hutter 2019): `SGD(decoupled=True)` under the name it goes by.

    Parameters
    ----------
    momentum, nesterov
        As in `SGD`.

    Raises
    ------
    InvalidArgument
        As `SGD`.
    """

    decoupled: bool = field(default=True, init=False, repr=False)
