"""What people give to a fit, checked and put in order: numbers, masks, units, times that repeat."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.errors import FitError
from theory.settings import InvalidArgument, check_labels

__all__ = ["Readings", "in_blocks", "readings"]

FEWEST = 5  # points at different times
REAL = "iuf"  # kinds of numpy's types
SHORTEST = 1e-290  # time spans from here on have rates that can be written down
FAINTEST = 1e-290  # and so for the largest rms
WIDEST = 1e6  # errors above this many times the largest rms


@dataclass(frozen=True)
class Readings:
    """A record in order of time, and what was done to it.

    Attributes
    ----------
    time, rms : ndarray, shape (points,)
        Time from 0 to 1 and rms up to 1: divided by `span` and `size`.
    error : ndarray, shape (points,), or None
        In units of `size`.
    span, size : float
    origin : float
        The first time, in the unit of the data.
    notes : str
        What was left out or averaged, to be appended to a message.
    """

    time: np.ndarray
    rms: np.ndarray
    error: np.ndarray | None
    span: float
    size: float
    origin: float
    notes: str


def readings(time: Any, rms: Any, error: Any = None) -> Readings:
    """Check the lists, leave masked points out, average repeated times, and take time and rms to their own units.

    Raises
    ------
    FitError
        If they are no real numbers, of different shapes, too few, not finite, not positive or out of range.
    """
    try:
        check_labels({"time": time, "rms": rms} | ({} if error is None else {"error": error}))
    except InvalidArgument as problem:
        raise FitError(str(problem)) from problem
    lists = {"time": _numbers("time", time), "rms": _numbers("rms", rms)}
    if error is not None:
        lists["error"] = _numbers("error", error)
    shapes = [values.shape for values in lists.values()]
    if any(len(shape) != 1 or shape != shapes[0] for shape in shapes):
        raise FitError(f"time, rms and error must be lists of one length, got shapes {', '.join(map(str, shapes))}.")
    masked = np.any([np.ma.getmaskarray(values) for values in lists.values()], axis=0)
    for name, values in lists.items():
        _refuse(name, np.ma.getdata(values), masked)
    t, y, *rest = (np.ma.getdata(values)[~masked] for values in lists.values())
    sigma = rest[0] if rest else None
    notes = f"; {masked.sum()} masked points are left out" if masked.any() else ""
    order = np.argsort(t, kind="stable")
    t, y, sigma = t[order], y[order], None if sigma is None else sigma[order]
    _refuse_extremes(t, y, sigma)
    span, size = float(t[-1] - t[0]), float(y.max())
    at, y, sigma, repeated = _averaged((t - t[0]) / span, y / size, None if sigma is None else sigma / size)
    if len(at) < FEWEST:
        raise FitError(f"a fit of three parameters needs at least {FEWEST} points at different times, got {len(at)}.")
    if repeated:
        notes += f"; {repeated} points at repeated times are averaged"
    return Readings(at, y, sigma, span, size, float(t[0]), notes)


def _numbers(name: str, given: Any) -> Any:
    """Return the list as float64, masked where it was."""
    try:
        values = np.ma.asarray(given) if np.ma.isMaskedArray(given) else np.asarray(given)
        kind = values.dtype.kind
        if kind == "O" and not any(isinstance(v, str | bytes | complex) for v in values.ravel()):
            values, kind = values.astype(float), "f"  # fractions, decimals, integers of any length
    except (TypeError, ValueError, OverflowError) as problem:
        raise FitError(f"{name} must be a list of real numbers: {problem}.") from problem
    if kind not in REAL:
        raise FitError(f"{name} must be a list of real numbers, got values of type {values.dtype}.")
    with np.errstate(over="ignore"):  # a long double; said as not finite
        return values.astype(float)


def _refuse(name: str, values: np.ndarray, masked: np.ndarray) -> None:
    low = -np.inf if name == "time" else 0.0
    bad = ~masked & ~(np.isfinite(values) & (values > low))
    if bad.any():
        where = int(np.flatnonzero(bad)[0])
        rule = "finite" if name == "time" else "finite and positive"
        raise FitError(f"{name} must be {rule}, got {values[where]} at index {where}.")


def _refuse_extremes(t: np.ndarray, y: np.ndarray, sigma: np.ndarray | None) -> None:
    if len(t) < FEWEST:
        raise FitError(f"a fit of three parameters needs at least {FEWEST} points, got {len(t)}.")
    with np.errstate(over="ignore"):
        span, size = float(t[-1] - t[0]), float(y.max())
    if span == 0:
        raise FitError(f"time must span an interval, got {t[0]:g} at every point.")
    if not SHORTEST < span < np.inf:
        raise FitError(f"time must span between {SHORTEST:g} and 1.8e308, got {t[0]:g} to {t[-1]:g}. Change its unit.")
    if size < FAINTEST:
        raise FitError(f"rms must reach {FAINTEST:g}, got at most {size:g}. Change its unit.")
    if sigma is not None and (sigma < np.finfo(float).eps * y).any():
        where = int(np.argmin(sigma / y))
        raise FitError(
            f"error must exceed the rounding of rms (2.2e-16 of it), got {sigma[where]:g} for rms {y[where]:g}. "
            "Leave the errors out where they are not known."
        )
    if sigma is not None and (sigma / WIDEST > size).any():
        raise FitError(f"error must be below {WIDEST:g} times the largest rms, got {sigma.max():g} for {size:g}.")


def _averaged(
    t: np.ndarray, y: np.ndarray, sigma: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, int]:
    """Average the points that share a time, by their errors where these are given."""
    at, group, count = np.unique(t, return_inverse=True, return_counts=True)
    repeated = int(count[count > 1].sum())
    return (at, *_means(group, y, sigma), repeated) if repeated else (t, y, sigma, 0)


def in_blocks(data: Readings, blocks: int) -> Readings:
    """Return the means over about so many blocks of as many neighbouring points, if the record has twice as many."""
    points = len(data.time)
    size = points // blocks
    if size < 2:
        return data
    group = np.minimum(np.arange(points) // size, points // size - 1)  # the last block takes what is left over
    time, _ = _means(group, data.time, data.error)
    rms, error = _means(group, data.rms, data.error)
    notes = f"{data.notes}; its {points} points are fitted as the means of {len(time)} blocks"
    return replace(data, time=time, rms=rms, error=error, notes=notes)


def _means(group: np.ndarray, y: np.ndarray, sigma: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the means over groups, and their errors for independent points where errors are given."""
    weight = np.ones_like(y) if sigma is None else (sigma.min() / sigma) ** 2
    total = np.bincount(group, weight)
    return np.bincount(group, weight * y) / total, None if sigma is None else sigma.min() / np.sqrt(total)
