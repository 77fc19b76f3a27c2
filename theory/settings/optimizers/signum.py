"""The settings of Signum and signSGD."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import check_flag, check_fraction

__all__ = ["Signum"]


@dataclass(frozen=True, slots=True)
class Signum:
    """Signum (Bernstein et al. 2018): the sign of an averaged gradient; without momentum signSGD.

    Parameters
    ----------
    momentum : float
        Memory of the average per step, in [0, 1). That it averages and does not sum changes nothing: only its sign
        counts.
    decoupled : bool
        True: the decay multiplies the weight by 1 - eta lam/n, as in its authors' implementation for PyTorch. False: it
        is part of the gradient and goes through the average and the sign (`wd` of MXNet's Signum, whose `wd_lh` is the
        decoupled one).
    maximize : bool
        Climb the cost; the decay still shrinks.

    Raises
    ------
    InvalidArgument
        If the momentum is outside [0, 1).

    Examples
    --------
    >>> Signum(momentum=0.0)  # signSGD
    Signum(momentum=0.0, decoupled=True, maximize=False)
    """

    momentum: float = 0.9
    decoupled: bool = True
    maximize: bool = False

    def __post_init__(self) -> None:
        check_fraction("momentum", self.momentum)
        check_flag("decoupled", self.decoupled)
        check_flag("maximize", self.maximize)
        object.__setattr__(self, "momentum", float(self.momentum))
