r"""The curve rms^2(t) = s^2 + (r_0^2 - s^2) exp(-2 k t), fitted to a record under noise with memory.

At a given rate the curve is linear in the two mean squares s^2 and r_0^2. So the search is over the rate alone, from a
grid over every rate that a record can show, and it cannot end in a local minimum (variable projection).

References
----------
Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables
separate", SIAM J. Numer. Anal. 10 (1973) 413-432.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq

__all__ = [
    "Curves",
    "Record",
    "constant",
    "correlations",
    "curve",
    "curves",
    "grip",
    "least_squares",
    "left_over",
    "mean_square",
    "rates",
    "slopes",
    "unweighted",
    "with_weights",
]

SLOWEST = 1e-3  # the smallest 2 k times the span: a record that shows less of the decay is a straight line
FASTEST = 10.0  # the largest 2 k times the first interval: of a faster decay only the first point knows
GRID = 12  # rates per factor 10
FLOOR = 1e-8  # of the largest rms: no weight is given for being closer to zero
AT_ONCE = 2_000_000  # rates times points, held in memory
PASSES = 4  # of curve and weights in turn; the weights change by less than the noise after two


@dataclass(frozen=True)
class Record:
    """A record in units of its own: time from 0 to 1, the largest rms 1.

    Attributes
    ----------
    time, square : ndarray, shape (points,)
        Strictly increasing time, and rms^2.
    weight : ndarray, shape (points,)
        The standard deviation of `square`: as it is where the errors were given, else up to a factor.
    known : bool
        Whether that factor is known to be 1.
    """

    time: np.ndarray
    square: np.ndarray
    weight: np.ndarray
    known: bool


class Curves(NamedTuple):
    """The best curve at each of many rates; every field has the shape (rates,).

    `end` and `start` are the mean squares s^2 and r_0^2, without regard to their signs; their variances are in units of
    the noise. `misfit` is the weighted sum of squares, `spread` the determinant of the two mean squares' information.
    """

    end: np.ndarray
    start: np.ndarray
    end_variance: np.ndarray
    start_variance: np.ndarray
    misfit: np.ndarray
    spread: np.ndarray


def mean_square(t: Any, s: float, k: float, r0: float) -> Any:
    """Return s^2 + (r0^2 - s^2) exp(-2 k t)."""
    return s**2 + (r0**2 - s**2) * np.exp(-2 * k * t)


def rates(record: Record) -> np.ndarray:
    """Return the grid of 2 k, evenly spaced in its logarithm, over all that the record can show."""
    fastest = FASTEST / record.time[1]
    return np.geomspace(SLOWEST, fastest, int(GRID * np.log10(fastest / SLOWEST)) + 1)


def kept(record: Record, memory: float) -> np.ndarray:
    """Return the correlation of the noise of each point with that of the point before: exp(-interval/memory)."""
    if memory == 0:
        return np.zeros(len(record.time) - 1)
    return np.exp(-np.diff(record.time) / memory)


def white(values: np.ndarray, record: Record, memory: float) -> np.ndarray:
    """Return `values` (..., points) divided by the noise's deviation and freed of what the point before tells."""
    rho = kept(record, memory)
    scaled = values / record.weight
    out = scaled.copy()
    out[..., 1:] -= rho * scaled[..., :-1]
    out[..., 1:] /= np.sqrt(1 - rho**2)
    return out


def curves(record: Record, rate: np.ndarray, memory: float, *, positive: bool = False) -> Curves:
    """Return the best curve for each rate 2 k (in units of the record) under noise of the given memory.

    With `positive`, mean squares below zero are held at zero.
    """
    if rate.size * record.time.size > AT_ONCE and rate.size > 1:
        parts = np.array_split(rate, 2)
        halves = [curves(record, part, memory, positive=positive) for part in parts]
        return Curves(*(np.concatenate(pair) for pair in zip(*halves, strict=True)))
    decay = np.exp(-np.multiply.outer(rate, record.time))
    to_end = white(-np.expm1(-np.multiply.outer(rate, record.time)), record, memory)
    to_start = white(decay, record, memory)
    y = white(record.square, record, memory)
    ee, ss, es = (to_end**2).sum(-1), (to_start**2).sum(-1), (to_end * to_start).sum(-1)
    spread = ee * ss - es**2
    ey, sy = to_end @ y, to_start @ y
    end, start = (ss * ey - es * sy) / spread, (ee * sy - es * ey) / spread
    if positive:
        end, start = np.where(start < 0, ey / ee, end), np.where(end < 0, sy / ss, start)
        end, start = np.maximum(end, 0), np.maximum(start, 0)
    residual = y - end[..., None] * to_end - start[..., None] * to_start
    return Curves(end, start, ss / spread, ee / spread, (residual**2).sum(-1), spread)


def grip(record: Record, rate: np.ndarray, best: Curves) -> np.ndarray:
    """Return by how much each curve moves with its rate in a way that the two mean squares cannot imitate.

    For independent noise: the square root of the rate's information.
    """
    moved = []
    for one, change in zip(rate, np.abs(best.start - best.end), strict=True):
        decay = np.exp(-one * record.time)
        basis = np.array([-np.expm1(-one * record.time), decay]) / record.weight
        along = record.time * decay / record.weight
        mix, *_ = np.linalg.lstsq((basis / np.linalg.norm(basis, axis=1, keepdims=True)).T, along, rcond=None)
        shadow = mix @ (basis / np.linalg.norm(basis, axis=1, keepdims=True))
        moved.append(change * np.linalg.norm(along - shadow))
    return np.array(moved)


def constant(record: Record, memory: float) -> tuple[float, float, float]:
    """Return the best constant mean square, its information (in units of the noise) and its misfit."""
    ones, y = white(np.ones_like(record.time), record, memory), white(record.square, record, memory)
    information = float(ones @ ones)
    level = float(ones @ y) / information
    return level, information, float(((y - level * ones) ** 2).sum())


def curve(time: np.ndarray, end: float, start: float, rate: float) -> np.ndarray:
    """Return the mean square s^2 + (r_0^2 - s^2) exp(-2 k t), given s^2, r_0^2 and 2 k, without cancellation."""
    return end * -np.expm1(-rate * time) + start * np.exp(-rate * time)


def slopes(time: np.ndarray, end: float, start: float, rate: float) -> np.ndarray:
    """Return the slopes of the curve's mean square along (s^2, 2 k, r_0^2), shape (3, points)."""
    decay = np.exp(-rate * time)
    return np.array([-np.expm1(-rate * time), (end - start) * time * decay, decay])


def correlations(record: Record, memory: float, end: float, start: float, rate: float) -> np.ndarray:
    """Return the correlation matrix of (s^2, 2 k, r_0^2) in the fit made linear at its best curve."""
    along = white(slopes(record.time, end, start, rate), record, memory)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    covariance = np.linalg.pinv(along @ along.T)
    deviation = np.sqrt(np.diag(covariance))
    return covariance / np.outer(deviation, deviation)


def least_squares(record: Record, memory: float = 0.0) -> tuple[float, float, float, float]:
    """Return s^2 >= 0, r_0^2 >= 0, 2 k and the misfit of the best curve, the rate to the last digits."""

    def slope(rate: float) -> float:
        """Return the derivative of the misfit in the rate: the residual along d(curve)/d(rate)."""
        best = curves(record, np.array([rate]), memory, positive=True)
        left = record.square - curve(record.time, best.end[0], best.start[0], rate)
        along = record.time * np.exp(-rate * record.time)
        moved = white(along, record, memory)
        return float(2 * (best.start[0] - best.end[0]) * (white(left, record, memory) @ moved))

    grid = rates(record)
    lowest = int(np.argmin(curves(record, grid, memory, positive=True).misfit))
    rate = float(grid[lowest])
    if 0 < lowest < len(grid) - 1:
        low, high = float(grid[lowest - 1]), float(grid[lowest + 1])
        if slope(low) < 0 < slope(high):
            rate = float(brentq(slope, low, high, xtol=1e-300, rtol=1e-15))
    best = curves(record, np.array([rate]), memory, positive=True)
    return float(best.end[0]), float(best.start[0]), rate, float(best.misfit[0])


def with_weights(time: np.ndarray, rms: np.ndarray, error: np.ndarray | None) -> Record:
    """Return the record with the weights of its points.

    Where no errors are given, the noise of the rms is either the same everywhere or proportional to the rms, whichever
    makes the data more likely. The weights are taken from the curve, not from the data, whose noise would bias them.
    """
    square = rms**2
    if error is not None:
        record = Record(time, square, _deviation(square, error), True)
        for _ in range(PASSES):
            record = replace(record, weight=_deviation(curve(time, *least_squares(record)[:3]), error))
        return record
    even = Record(time, square, np.sqrt(square + FLOOR**2), False)
    proportional = Record(time, square, square + FLOOR**2, False)
    for _ in range(PASSES):
        best = least_squares(even)
        noise = best[3] / (8 * len(time))
        even = replace(even, weight=np.sqrt(curve(time, *best[:3]) + noise + FLOOR**2))
        proportional = replace(proportional, weight=curve(time, *least_squares(proportional)[:3]) + FLOOR**2)
    return max(even, proportional, key=_likelihood)


def left_over(record: Record, curve: np.ndarray) -> float:
    """Return the rms of the residuals of a curve (mean squares), in % of the range."""
    whole = float(np.ptp(record.square))
    return 100 * float(np.sqrt(np.mean((record.square - curve) ** 2))) / whole if whole else 0.0


def unweighted(record: Record) -> Record:
    """Return the record with one weight for all points, as about a constant, unless their errors are known."""
    return record if record.known else replace(record, weight=np.full_like(record.square, record.square.mean()))


def _deviation(square: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the standard deviation of the square of a Gaussian number: 2 sigma sqrt(mean^2 + sigma^2/2)."""
    return 2 * error * np.sqrt(square + error**2 / 2)


def _likelihood(record: Record) -> float:
    points = len(record.time)
    return -points / 2 * float(np.log(least_squares(record)[3] + points * 1e-24)) - float(np.log(record.weight).sum())
