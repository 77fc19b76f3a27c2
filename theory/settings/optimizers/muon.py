"""The settings of Muon, in PyTorch's conventions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from theory.errors import InvalidArgument
from theory.settings.checks import check_flag, check_fraction, non_negative, shown, whole_number

__all__ = ["Muon"]

ADJUSTMENTS = (None, "original", "match_rms_adamw")
MOST_STEPS = 99  # PyTorch refuses 100


@dataclass(frozen=True, slots=True)
class Muon:
    """Muon as `torch.optim.Muon` does it (Jordan et al. 2024): an averaged gradient, made nearly orthogonal.

    For weights that form a matrix: `theory.equilibrium` needs its `shape`. The decay is decoupled, multiplied by the
    learning rate and not by the adjusted one; PyTorch's default of it is 0.1.

    Parameters
    ----------
    momentum : float
        Memory of the averaged gradient per step, in [0, 1).
    nesterov : bool
        Orthogonalise (1 - momentum) g + momentum m, and not m.
    ns_coefficients : (float, float, float)
        Of the Newton-Schulz polynomial a x + b x^3 + c x^5 of the singular values.
    eps : float
        The least Frobenius norm by which the averaged gradient is divided.
    ns_steps : int or None
        How often the polynomial is applied, below 100. None: the exact polar factor, which PyTorch does not have.
    adjust_lr_fn : str or None
        What multiplies the learning rate of a matrix of A rows and B columns: "original" (and None) sqrt(max(1, A/B)),
        "match_rms_adamw" 0.2 sqrt(max(A, B)).

    Raises
    ------
    InvalidArgument
        For anything outside its range.
    """

    momentum: float = 0.95
    nesterov: bool = True
    ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315)
    eps: float = 1e-7
    ns_steps: int | None = 5
    adjust_lr_fn: str | None = None

    def __post_init__(self) -> None:
        check_fraction("momentum", self.momentum)
        check_flag("nesterov", self.nesterov)
        non_negative("eps", self.eps, "PyTorch's default is 1e-7.")
        object.__setattr__(self, "momentum", float(self.momentum))
        object.__setattr__(self, "ns_coefficients", _three_numbers(self.ns_coefficients))
        if self.ns_steps is not None and whole_number("ns_steps", self.ns_steps) > MOST_STEPS:
            raise InvalidArgument(f"ns_steps must be below 100, as in PyTorch, got {shown(self.ns_steps)}. Five do.")
        if self.adjust_lr_fn not in ADJUSTMENTS:
            raise InvalidArgument(
                f"adjust_lr_fn must be None, 'original' or 'match_rms_adamw', got {shown(self.adjust_lr_fn)}."
            )


def _three_numbers(given: object) -> tuple[float, float, float]:
    try:
        a, b, c = (float(value) for value in given)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise InvalidArgument(
            f"ns_coefficients must be three numbers, got {shown(given)}. PyTorch's are (3.4445, -4.775, 2.0315)."
        ) from error
    if not all(map(math.isfinite, (a, b, c))):
        raise InvalidArgument(f"ns_coefficients must be finite, got {shown(given)}.")
    return a, b, c
