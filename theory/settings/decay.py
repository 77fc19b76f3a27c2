"""The three numbers of the weight-decay rule."""

from __future__ import annotations

from dataclasses import dataclass

from theory.settings.checks import non_negative, positive
from theory.settings.types import Value

__all__ = ["DecayRule"]


@dataclass(frozen=True, slots=True)
class DecayRule:
    """The three numbers of w <- (1 - eta lam / n) w - eta g, checked when made.

    Parameters
    ----------
    n : float or ndarray
        Number of training examples in the decay term. Positive.
    lam : float or ndarray
        Regularisation parameter of the cost (lam / 2n) sum w^2. Zero or positive.
    eta : float or ndarray
        Learning rate per step. Positive.

    Raises
    ------
    InvalidArgument
        If a number is out of range, NaN or infinite.
    """

    n: Value
    lam: Value
    eta: Value

    def __post_init__(self) -> None:
        positive("n", self.n, "Give the number of training examples.")
        non_negative("lam", self.lam, "Give the regularisation parameter of the cost (lam / 2n) sum w^2.")
        positive("eta", self.eta, "Give the learning rate per step.")
