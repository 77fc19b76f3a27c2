"""What is known of one layer of a run: its record so far, and the rates that are planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.errors import InvalidArgument
from theory.settings import check_range, finite, non_negative, numbers, positive, whole_number

__all__ = ["LEAST_ROWS", "Ahead", "LayerRecord", "clock_moves"]

LEAST_ROWS = 5


@dataclass(frozen=True)
class LayerRecord:
    """A layer's squared norm along the run so far, and the rates and gradients beside it.

    Attributes
    ----------
    step : array_like, shape (rows,)
        Updates made before each row, rising. At least five rows.
    norm_sq : array_like, shape (rows,)
        ||w||^2 at them, or the mean square.
    decay : array_like, shape (rows,)
        The share of the weights that the decay of one update takes: lr * weight_decay, and with momentum and coupled
        decay the learning rate over (1 - momentum); times `decay_weight` where the decay is preconditioned.
    rate : array_like, shape (rows,)
        How far a gradient moves the weights in all: lr, with heavy-ball momentum over (1 - momentum).
    clock : array_like, shape (rows,), optional
        The sum over the updates made of -2 ln(1 - decay). Default: from `decay`, on a straight line between the rows.
    noise_sq : array_like, shape (rows,), optional
        Mean ||P g||^2 since the row before, P the optimizer's preconditioner (1 for SGD), g before decay and momentum.
    alignment, grad_sq : array_like, shape (rows,), optional
        Mean <w, g> and ||g||^2 since the row before, both or none.
    weights : int
        How many weights the layer has; 0 where it is not known.
    invariant : bool, optional
        Whether the layer stands before a normalisation; None lets the gradients tell.
    adaptive : bool
        Whether a preconditioner normalises the gradients (Adam, Muon, Lion).

    Raises
    ------
    InvalidArgument
        If a number is out of range, shapes differ, or rows are too few or out of order.
    """

    step: Any
    norm_sq: Any
    decay: Any
    rate: Any
    clock: Any = None
    noise_sq: Any = None
    alignment: Any = None
    grad_sq: Any = None
    weights: int = 0
    invariant: bool | None = None
    adaptive: bool = False

    def __post_init__(self) -> None:
        rows = np.shape(self.step)
        for name in ("step", "norm_sq", "decay", "rate", "clock", "noise_sq", "alignment", "grad_sq"):
            if (given := getattr(self, name)) is None:
                continue
            values = np.array(given, float) if name in _GAPS else numbers(name, given)
            if values.shape != rows or len(rows) != 1:
                raise InvalidArgument(
                    f"{name} must have one number for each row, got shape {values.shape} beside {rows}."
                )
            object.__setattr__(self, name, values)
        for name in ("noise_sq", "grad_sq"):
            if (values := getattr(self, name)) is not None and np.nanmin(values, initial=0.0) < 0:
                raise InvalidArgument(
                    f"{name} must be at least 0, got {np.nanmin(values):g}: it is a square. Check its column."
                )
        if rows[0] < LEAST_ROWS:
            raise InvalidArgument(f"step must have at least {LEAST_ROWS} rows to forecast from, got {rows[0]}.")
        if (np.diff(self.step) <= 0).any():
            raise InvalidArgument("step must rise from row to row. Give one segment of the run, in order.")
        positive("norm_sq", self.norm_sq, "A layer of zeros has no scale.")
        check_range("decay", self.decay, 0, 1, ends=(True, False), must="from 0 to below 1")
        non_negative("rate", self.rate)
        if (self.alignment is None) != (self.grad_sq is None):
            raise InvalidArgument("alignment and grad_sq must be given both, or none of them.")
        whole_number("weights", self.weights, 0)
        if self.clock is None:
            object.__setattr__(self, "clock", _clock(self.step, self.decay))
        finite("clock", self.clock)
        if (np.diff(self.clock) < 0).any():
            raise InvalidArgument("clock must never fall: it is a sum of what each step's decay takes.")


_GAPS = ("noise_sq", "alignment", "grad_sq")  # NaN where nothing was measured


def clock_moves(decay: np.ndarray) -> np.ndarray:
    """Return how far an update moves the clock in which ||w||^2 decays as exp(-clock)."""
    return -2 * np.log1p(-decay)


def _clock(step: np.ndarray, decay: np.ndarray) -> np.ndarray:
    moves = clock_moves(decay)
    gap = np.diff(step)
    passed = gap * moves[:-1] + np.diff(moves) * np.maximum(gap - 1, 0) / 2
    return np.concatenate([[0.0], np.cumsum(passed)])


@dataclass(frozen=True)
class Ahead:
    """The rates of the updates that follow the record.

    Attributes
    ----------
    decay, rate : array_like, shape (steps,)
        Of each update, in the meaning of `LayerRecord`.

    Raises
    ------
    InvalidArgument
        If there is no step, shapes differ, or a number is out of range.
    """

    decay: Any
    rate: Any

    def __post_init__(self) -> None:
        for name in ("decay", "rate"):
            object.__setattr__(self, name, np.atleast_1d(numbers(name, getattr(self, name))))
        if self.decay.shape != self.rate.shape or self.decay.ndim != 1 or not len(self.decay):
            raise InvalidArgument(
                f"decay and rate must have one number for each step ahead, got {self.decay.shape} and "
                f"{self.rate.shape}."
            )
        check_range("decay", self.decay, 0, 1, ends=(True, False), must="from 0 to below 1")
        non_negative("rate", self.rate)

    @classmethod
    def held(cls, decay: float, rate: float, steps: int) -> Ahead:
        """Return the same rates for some steps.

        Examples
        --------
        >>> Ahead.held(1e-3, 0.1, 3).rate
        array([0.1, 0.1, 0.1])
        """
        whole_number("steps", steps)
        return cls(np.full(steps, float(decay)), np.full(steps, float(rate)))
