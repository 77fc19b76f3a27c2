"""How long a weight remembers, in steps and in epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from theory.settings import one_number, positive, representable
from theory.weight.equilibrium import equilibrium
from theory.weight.problem import PLAIN

__all__ = ["Timescale", "timescale"]


@dataclass(frozen=True)
class Timescale:
    """How long a weight remembers (made by `timescale`).

    Attributes
    ----------
    steps : float
        Steps in which the weight's memory falls by e: of its start or of the noise, whichever lasts longer.
    epochs : float
        The same in epochs of n / batch_size steps.
    settling_epochs : float
        Epochs in which the excess of E w^2 over its equilibrium falls by e: half of it, unless the noise's memory is
        the longer.
    """

    steps: float
    epochs: float
    settling_epochs: float


@representable
def timescale(
    n: float, lam: float, eta: float, *, batch_size: float, optimizer: Any = PLAIN, **model: float
) -> Timescale:
    """Return how long a weight remembers, in steps and in epochs.

    Parameters
    ----------
    n, lam, eta : float
        As in `theory.equilibrium`.
    batch_size : float
        Examples per step.
    optimizer : SGD, Adam or Lion
        Default: plain SGD.
    **model : float
        `noise`, `correlation` and `curvature` of `theory.equilibrium`.

    Returns
    -------
    Timescale
        For plain SGD and AdamW about batch_size / (eta lam) epochs.

    Raises
    ------
    InvalidArgument, NoEquilibrium
        As `theory.equilibrium`, or if the batch size is not positive.

    Examples
    --------
    >>> print(f"{timescale(50_000, 5.0, 0.1, batch_size=10).epochs:.3f}")
    20.000
    """
    n, batch_size = one_number("n", n), one_number("batch_size", batch_size)
    lam, eta = one_number("lam", lam), one_number("eta", eta)
    positive("batch_size", batch_size, "Give the number of examples per step.")
    given = {name: one_number(name, value) for name, value in model.items() if value is not None}
    eq = equilibrium(n, lam, eta, optimizer=optimizer, **given)
    per_epoch = n / batch_size
    return Timescale(eq.relaxation_time, eq.relaxation_time / per_epoch, eq.settling_time / per_epoch)
