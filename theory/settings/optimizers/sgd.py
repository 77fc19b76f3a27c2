"""The settings of SGD and SGDW, in PyTorch's conventions.

The momentum buffer is v' = mu v + (1 - dampening) g, but the first one is g itself; Nesterov's step is g + mu v'.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

from theory.errors import InvalidArgument
from theory.settings.checks import check_flag, check_fraction, shown

__all__ = ["SGD", "SGDW"]


@dataclass(frozen=True, slots=True)
class SGD:
    """Stochastic gradient descent as `torch.optim.SGD` does it, with or without momentum.

    Parameters
    ----------
    momentum : float
        mu of the buffer v' = mu v + (1 - dampening) g, in [0, 1).
    dampening : float
        What the buffer leaves out of each gradient but the first, in [0, 1). Without momentum it does nothing.
    nesterov : bool
        Step along g + mu v' and not along v'. Needs momentum, and no dampening.
    maximize : bool
        Climb: the gradient's sign is changed before the decay is added. The decay still shrinks.
    decoupled : bool
        False: the decay is part of the gradient and goes through the buffer (PyTorch). True: it multiplies the weight
        by 1 - eta lam/n and leaves the buffer alone, which is `SGDW`. Without momentum the two are the same.

    Raises
    ------
    InvalidArgument
        If momentum or dampening is outside [0, 1), or nesterov is asked for without momentum or with dampening.

    Examples
    --------
    >>> SGD(momentum=0.9, dampening=0.1, nesterov=True)
    Traceback (most recent call last):
    theory.errors.InvalidArgument: dampening must be 0 with nesterov, got 0.1. PyTorch refuses it too.
    """

    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    _: KW_ONLY
    maximize: bool = False
    decoupled: bool = False

    def __post_init__(self) -> None:
        check_fraction("momentum", self.momentum)
        check_fraction("dampening", self.dampening)
        for name in ("nesterov", "maximize", "decoupled"):
            check_flag(name, getattr(self, name))
        if self.nesterov and self.momentum == 0:
            raise InvalidArgument("nesterov must be False without momentum, got True. Give a momentum above 0.")
        if self.nesterov and self.dampening != 0:
            raise InvalidArgument(
                f"dampening must be 0 with nesterov, got {shown(self.dampening)}. PyTorch refuses it too."
            )


@dataclass(frozen=True, slots=True)
class SGDW(SGD):
    """SGD with decoupled weight decay (Loshchilov and Hutter 2019): `SGD(decoupled=True)` under the name it goes by.

    Parameters
    ----------
    momentum, dampening, nesterov, maximize
        As in `SGD`.

    Raises
    ------
    InvalidArgument
        As `SGD`.
    """

    decoupled: bool = field(default=True, init=False, repr=False)
