"""What is known of a recorded run: each layer's values over time, in which quantity and unit, and what was assumed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.errors import DataError

__all__ = ["Choice", "Series", "Trace"]


@dataclass(frozen=True)
class Choice:
    """What to take from a table where its names do not decide; None leaves it to the names.

    Attributes
    ----------
    time, error : str, optional
        Names of columns. Columns of a table without a heading are called 1, 2, ... `error="none"` takes no errors.
    value : tuple of str
        Names of columns, one a layer.
    layer : str, optional
        One layer: its name as in the table, or its number ("2" for `layer2`).
    quantity : str, optional
        What the values are: rms, norm, norm_sq, variance or std.
    weights : tuple of int
        How many weights the norm is of: one number, or one for each layer in turn.
    decimal : str, optional
        The decimal sign of a table, "." or ",".
    epoch_steps : int, optional
        How many steps an epoch has, for a step that begins anew with each epoch.
    max_bytes : int, optional
        Larger files, unpacked, are refused. Default: 100 MB of a table, 1 GiB of a netCDF file.
    """

    time: str | None = None
    value: tuple[str, ...] = ()
    error: str | None = None
    layer: str | None = None
    quantity: str | None = None
    weights: tuple[int, ...] = ()
    decimal: str | None = None
    epoch_steps: int | None = None
    max_bytes: int | None = None


@dataclass(frozen=True)
class Series:
    """One layer's record.

    Attributes
    ----------
    layer : str
    time, value : ndarray, shape (points,), float64
        In the trace's unit and quantity; the time never decreases within a segment.
    error : ndarray, shape (points,), or None
        Standard errors of `value`.
    segment : ndarray, shape (points,), int
        Counted from 1; a new one begins where the time goes back, as after a restart.
    not_positive : str
        Where a value is not above zero: its place, and what to do.
    """

    layer: str
    time: np.ndarray
    value: np.ndarray
    error: np.ndarray | None
    segment: np.ndarray
    not_positive: str = ""

    @property
    def segments(self) -> int:
        """How many there are."""
        return int(self.segment[-1])

    def part(self, number: int | None = None) -> Series:
        """Return one segment, the last if no number is given.

        Raises
        ------
        DataError
            If there is no such segment.
        """
        number = self.segments if number is None else number
        if not 1 <= number <= self.segments:
            raise DataError(f"{self.layer} has {self.segments} segments, counted from 1; got --segment {number}.")
        inside = self.segment == number
        error = None if self.error is None else self.error[inside]
        where = self.not_positive if (self.value[inside] <= 0).any() else ""
        return Series(self.layer, self.time[inside], self.value[inside], error, self.segment[inside], where)


@dataclass(frozen=True)
class Trace:
    """A recorded run.

    Attributes
    ----------
    series : tuple of Series
        One a layer, in the table's order.
    quantity : str
        "rms", or "norm" where the number of weights is not known.
    unit : str
        Of time: step, epoch, token, ...
    notes : tuple of str
        A sentence for each thing that was assumed or left out.
    """

    series: tuple[Series, ...]
    quantity: str
    unit: str
    notes: tuple[str, ...] = ()
