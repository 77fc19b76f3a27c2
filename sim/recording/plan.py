"""What is planned of a run, for its header: how many steps, and the learning rate ahead as the corners of a line."""

from __future__ import annotations

from typing import Any

import numpy as np

from theory.settings import InvalidArgument, shown, whole_number

__all__ = ["corners", "planned"]

MOST = 400  # corners and points


def planned(steps: int | None, schedule: Any) -> dict[str, Any]:
    """Return the entries `planned_steps` and `planned_lr` of a header.

    Parameters
    ----------
    steps : int or None
        Of the whole run.
    schedule : object or None
        Of `theory.schedules`, with its `factors`; needs `steps`.

    Returns
    -------
    dict
        planned_lr: None, or `schedule` (its name), `steps` and `factors` of the peak rate at them, a line between.

    Raises
    ------
    InvalidArgument
        If `steps` is no whole number, or the schedule is none.

    Examples
    --------
    >>> from theory.settings import schedules
    >>> planned(100, schedules.linear(warmup=10))["planned_lr"]["steps"]
    [0, 9, 10, 99]
    """
    if steps is not None:
        whole_number("planned_steps", steps)
    if schedule is None:
        return {"planned_steps": steps, "planned_lr": None}
    if not hasattr(schedule, "factors"):
        raise InvalidArgument(
            f"schedule must be one of theory.schedules, got {shown(schedule)}. Give schedule=cosine()."
        )
    if steps is None:
        raise InvalidArgument("planned_steps must be given with a schedule, got None: it says when the schedule ends.")
    factors = np.asarray(schedule.factors(steps), float)
    at = corners(factors)
    line = {"schedule": str(schedule)[:200], "steps": at.tolist(), "factors": factors[at].tolist()}
    return {"planned_steps": int(steps), "planned_lr": line}


def corners(values: np.ndarray) -> np.ndarray:
    """Return where a line bends, its ends included; of a curve, points along it and where it bends most.

    Examples
    --------
    >>> corners(np.array([1.0, 2.0, 3.0, 2.0, 1.0, 0.0]))
    array([0, 2, 5])
    """
    bend = np.abs(np.diff(values, 2))
    at = np.flatnonzero(bend > 1e-12 * np.abs(values).max(initial=0)) + 1
    ends = [0, len(values) - 1]
    if len(at) > MOST:
        at = np.concatenate([np.argsort(bend)[-MOST // 4 :] + 1, np.linspace(0, ends[1], 3 * MOST // 4).astype(int)])
    return np.unique(np.concatenate([at, ends]))
