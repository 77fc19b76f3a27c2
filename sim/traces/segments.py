"""A series in order: where the counter goes back a new segment begins, and a step told twice is told once."""

from __future__ import annotations

import numpy as np

from sim.errors import DataError
from sim.traces.trace import Series

__all__ = ["distinct", "ordered"]

MOST_BACK = 0.2  # of the points may go back in time; more is no order at all
MOST_REPEATED = 0.1  # of the points may disagree with another of the same time


def ordered(
    layer: str, time: np.ndarray, value: np.ndarray, error: np.ndarray | None, unit: str
) -> tuple[Series, list[str]]:
    """Return the series cut into segments, and what to say of it.

    Parameters
    ----------
    layer : str
    time, value : ndarray, shape (points,)
        In the file's order, finite.
    error : ndarray, shape (points,), or None
    unit : str
        Of time.

    Raises
    ------
    DataError
        If the rows are in no order, or many say different things of one time.
    """
    notes = []
    if len(time) > 2 and (np.diff(time) <= 0).all() and time[0] > time[-1]:
        notes.append("the rows run backwards in time, and are turned round")
        time, value, error = time[::-1], value[::-1], None if error is None else error[::-1]
    back = np.flatnonzero(np.diff(time) < 0) + 1
    if len(back) > MOST_BACK * len(time) and len(back) > 1:
        raise DataError(
            f"{layer}: the time goes back {len(back)} times in {len(time)} rows. Sort them; if they are of several "
            "layers or runs, name the column that says which `layer`."
        )
    segment = np.searchsorted(back, np.arange(len(time)), side="right") + 1
    if len(back):
        points = np.bincount(segment)[1:]
        places = ", ".join(f"{time[at - 1]:g} to {time[at]:g}" for at in back[:3])
        notes.append(
            f"the {unit} goes back {times(len(back))} ({places}{', ...' if len(back) > 3 else ''}), as after a "
            f"restart: segments of {', '.join(map(str, points[:8]))}{', ...' if len(points) > 8 else ''} points"
        )
    told_segment, told, place = distinct(segment, time)
    if len(told) < len(time):
        value, error, note = _told_once(layer, place, value, error)
        segment, time = told_segment, told
        notes.append(note)
    return Series(layer, time, value, error, segment), notes


def distinct(segment: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the different pairs in their order, and the place of each given pair among them.

    Examples
    --------
    >>> distinct(np.array([1, 1, 1, 2]), np.array([0.0, 5.0, 5.0, 3.0]))
    (array([1, 1, 2]), array([0., 5., 3.]), array([0, 1, 1, 2]))
    """
    order = np.lexsort((time, segment))  # a quick one where they are in order, as they mostly are
    sorted_segment, sorted_time = segment[order], time[order]
    new = np.ones(len(time), bool)
    new[1:] = (np.diff(sorted_segment) != 0) | (np.diff(sorted_time) != 0)
    place = np.empty(len(time), int)
    place[order] = np.cumsum(new) - 1
    return sorted_segment[new], sorted_time[new], place


def times(count: int) -> str:
    """Return "once" or "3 times"."""
    return "once" if count == 1 else f"{count} times"


def _told_once(
    layer: str, place: np.ndarray, value: np.ndarray, error: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None, str]:
    """Average the rows of one time; their errors are taken as independent where the values differ."""
    count = np.bincount(place)
    mean = np.bincount(place, value / count[place])
    apart = np.zeros(len(count), bool)
    first = np.full(len(count), np.nan)
    first[place[::-1]] = value[::-1]
    apart[place[value != first[place]]] = True
    if apart.sum() > MOST_REPEATED * len(count):
        raise DataError(
            f"{layer}: {apart.sum()} of {len(count)} times have several rows with different values. If they are of "
            "several layers or runs, name the column that says which `layer`; if not, keep one row a time."
        )
    mean = np.where(apart, mean, first)
    if error is not None:
        sum_sq = np.bincount(place, error**2)
        error = np.where(apart, np.sqrt(sum_sq) / count, np.sqrt(sum_sq / count))
    differ = (
        f"; averaged where they differ, {times(int(apart.sum()))}" if apart.any() else ", always with the same value"
    )
    return mean, error, f"several rows for the same time, {times(int((count > 1).sum()))}{differ}"
