"""How long a weight remembers, in steps and in epochs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from theory.errors import InvalidArgument
from theory.settings import check_batch, computable, one_number, positive
from theory.settings.notebook import InNotebook
from theory.weight.equilibrium import Equilibrium
from theory.weight.law import law_that_holds, refuse_unknown_noise
from theory.weight.problem import PLAIN, posed

__all__ = ["Timescale", "for_its_memory", "timescale"]


@dataclass(frozen=True)
class Timescale(InNotebook, answer=("epochs",)):
    """How long a weight remembers (made by `timescale`).

    Attributes
    ----------
    steps : float
        Steps in which the weight's memory falls by e: of its start or of the noise, whichever lasts longer.
    epochs : float
        The same in epochs of n / batch_size steps; NaN if n and batch_size were not given.
    settling_epochs : float
        Epochs in which the excess of E w^2 over its equilibrium falls by e: half of it, unless the noise's memory is
        the longer.
    settling_steps : float
        The same in steps.
    """

    steps: float
    epochs: float
    settling_epochs: float
    settling_steps: float


@computable
def timescale(
    n: float | None = None,
    lam: float | None = None,
    eta: float | None = None,
    *,
    lr: float | None = None,
    weight_decay: float | None = None,
    batch_size: float | None = None,
    optimizer: Any = PLAIN,
    **model: Any,
) -> Timescale:
    """Return how long a weight remembers, in steps and in epochs.

    Parameters
    ----------
    n, lam, eta : float
        As in `theory.equilibrium`.
    lr, weight_decay : float
        In place of lam and eta; n and batch_size are then needed for epochs only.
    batch_size : float
        Examples per step.
    optimizer : SGD, Adam, AdamW, ... or a name
        Default: plain SGD.
    **model : float
        `noise`, `correlation`, `curvature` and `shape` of `theory.equilibrium`; the noise only where the memory
        depends on it (Adam and others with their decay in the gradient).

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
    >>> print(f"{timescale(lr=3e-4, weight_decay=0.1, optimizer='adamw').steps:.0f}")
    33333
    """
    if lr is None and weight_decay is None:
        positive("batch_size", _given("batch_size", batch_size), "Give the number of examples per step.")
        eq = for_its_memory(optimizer, n=n, lam=lam, eta=eta, **model)
    else:
        eq = for_its_memory(optimizer, lam=lam, eta=eta, lr=lr, weight_decay=weight_decay, **model)
    per_epoch = math.nan
    if n is not None or batch_size is not None:
        for name, value in (("n", n), ("batch_size", batch_size)):
            positive(name, one_number(name, _given(name, value)))
        check_batch(batch_size, n)
        per_epoch = float(n) / float(batch_size)  # type: ignore[arg-type]
    steps, settling = eq.relaxation_time, eq.settling_time
    return Timescale(steps, steps / per_epoch, settling / per_epoch, settling)


def for_its_memory(optimizer: Any, *, shape: tuple[int, ...] | None = None, **given: Any) -> Equilibrium:
    """Return an equilibrium that is asked for its memory alone: its noise may be unknown where no memory feels it."""
    problem = posed({"noise": None, "correlation": 0.0, "curvature": 0.0} | given, optimizer, shape)
    law = law_that_holds(problem)
    refuse_unknown_noise(law, given.get("noise"), for_memory=True)
    return Equilibrium(problem, law)


def _given(name: str, value: float | None) -> float:
    if value is None:
        raise InvalidArgument(f"{name} must be given for epochs, got None. An epoch has n / batch_size steps.")
    return value
