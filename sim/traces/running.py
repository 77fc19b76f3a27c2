"""A counter that begins anew with each epoch: epoch and counter together are a time that runs on."""

from __future__ import annotations

import numpy as np

from sim.errors import DataError

__all__ = ["begins_anew", "running_time", "steps_of"]


def begins_anew(counter: np.ndarray, epoch: np.ndarray) -> bool:
    """Say whether a counter goes back with each new epoch, and only there; both in the rows' order.

    Examples
    --------
    >>> begins_anew(np.array([0, 1, 2, 0, 1, 2]), np.array([1, 1, 1, 2, 2, 2]))
    True
    >>> begins_anew(np.array([0, 1, 2, 3, 4, 5]), np.array([1, 1, 1, 2, 2, 2]))
    False
    """
    new, back = np.diff(epoch) != 0, np.diff(counter) < 0
    return bool(back.any()) and bool((new >= back).all()) and bool(back[np.diff(epoch) > 0].all())


def steps_of(counter: np.ndarray, epoch: np.ndarray) -> int | None:
    """Return how many steps an epoch has, None if the rows do not tell.

    They tell if every step is there, or if each epoch's last step is, off the beat of the others, in epochs that all
    end alike; the counter begins with 0 or 1.

    Examples
    --------
    >>> epoch = np.repeat([1, 2, 3], 3)
    >>> steps_of(np.tile([0, 1, 2], 3), epoch), steps_of(np.tile([0, 100, 149], 3), epoch)
    (3, 150)
    >>> steps_of(np.tile([0, 100, 200], 3), epoch) is None
    True
    """
    parts = np.split(counter, np.flatnonzero(np.diff(epoch) != 0) + 1)[:-1]  # the last may be cut short
    first, last = {part[0] for part in parts}, {part[-1] for part in parts}
    gaps = [np.diff(part) for part in parts]
    gaps = [gap[gap > 0] for gap in gaps]
    if len(first) > 1 or len(last) > 1 or not first <= {0.0, 1.0} or any(len(gap) == 0 for gap in gaps):
        return None
    every = all((gap == 1).all() for gap in gaps)
    with_the_last = all(len(gap) > 1 and len(set(gap[:-1])) == 1 and gap[-1] < gap[0] for gap in gaps)
    return int(last.pop() - first.pop()) + 1 if every or with_the_last else None


def running_time(
    path: str, names: tuple[str, str], counter: np.ndarray, epoch: np.ndarray, steps: int | None
) -> tuple[np.ndarray, str]:
    """Return the steps before each epoch and those in it together, and the sentence that says so.

    Parameters
    ----------
    path, names : str, (str, str)
        The file and the columns of counter and epoch, for messages.
    counter, epoch : ndarray, shape (rows,)
    steps : int or None
        Of an epoch; None for what the rows tell.

    Raises
    ------
    DataError
        If the rows do not tell it, or have more.
    """
    own = steps_of(counter, epoch) if steps is None else steps
    where = f"{path}: {names[0]!r} begins anew with each {names[1]!r}"
    if own is None:
        raise DataError(
            f"{where}, and how many steps an epoch has is not clear. Give --epoch-steps, or fit one epoch alone: "
            f"--time {names[0]!r} --segment 1 (or 2, ...)."
        )
    span = np.ptp(counter) + 1
    if not own >= span:
        raise DataError(f"{where}, of {span:g} steps and more; --epoch-steps must not be less, got {own}.")
    note = f"{names[0]!r} begins anew with each {names[1]!r}, and runs on here: {own} steps are added for each"
    return (epoch - epoch.min()) * own + counter, note
