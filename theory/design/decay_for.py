"""The decay that gives a wanted scale or a wanted memory: the law of the optimizer, solved for lam to 1e-12."""

from __future__ import annotations

from typing import Any

from theory.errors import InvalidArgument
from theory.settings import one_number, positive, positive_answer, shown
from theory.weight.equilibrium import equilibrium
from theory.weight.problem import PLAIN
from theory.weight.search import smallest_lam
from theory.weight.stationary import Equilibrium

__all__ = ["decay_for"]


@positive_answer
def decay_for(
    *,
    n: float,
    eta: float,
    scale: float | None = None,
    epochs: float | None = None,
    batch_size: float | None = None,
    optimizer: Any = PLAIN,
    **model: float,
) -> float:
    """Return the lam that gives a wanted equilibrium scale, or a wanted memory in epochs.

    Parameters
    ----------
    n, eta : float
        As in `theory.equilibrium`.
    scale : float, optional
        The wanted rms of a weight. Give this, or epochs and batch_size.
    epochs, batch_size : float, optional
        The wanted relaxation time in epochs of n / batch_size steps.
    optimizer : SGD, Adam or Lion
        Default: plain SGD.
    **model : float
        `noise`, `correlation` and `curvature` of `theory.equilibrium`.

    Returns
    -------
    float
        The smallest such lam.

    Raises
    ------
    InvalidArgument
        If neither or both are asked for, or no lam reaches the scale or memory; the message says what can be reached.

    Examples
    --------
    >>> import theory
    >>> print(f"{decay_for(scale=0.1, n=50_000, eta=0.1):.5f}")
    5.00003
    >>> print(f"{decay_for(scale=0.02, n=50_000, eta=1e-3, optimizer=theory.AdamW()):.1f}")
    61754.2
    """
    if (scale is None) == (epochs is None):
        raise InvalidArgument(f"give either scale or epochs, got scale = {shown(scale)} and epochs = {shown(epochs)}.")

    n, eta = one_number("n", n), one_number("eta", eta)
    model = {name: one_number(name, value) for name, value in model.items() if value is not None}

    def at(lam: float) -> Equilibrium:
        return equilibrium(n, lam, eta, optimizer=optimizer, **model)

    if scale is not None:
        scale = one_number("scale", scale)
        positive("scale", scale)
        positive("n", n)
        return smallest_lam(lambda lam: at(lam).scale, scale, "scale", n)
    if batch_size is None or epochs is None:
        raise InvalidArgument("batch_size must be given with epochs, got None. Give the number of examples per step.")
    epochs, batch_size = one_number("epochs", epochs), one_number("batch_size", batch_size)
    for name, value in (("n", n), ("epochs", epochs), ("batch_size", batch_size)):
        positive(name, value)
    return smallest_lam(lambda lam: at(lam).relaxation_time, epochs * n / batch_size, "memory in steps", n)
