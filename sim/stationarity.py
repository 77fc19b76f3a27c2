"""From when on a recorded series is stationary: the burn-in, chosen from the data.

References
----------
White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997) 323-334 (MSER).
"""

from __future__ import annotations

import numpy as np

__all__ = ["burn_in_blocks"]

DRIFT_SIGMAS = 5.0  # what is left must not drift by more; for independent block means one alarm in a million is false


def burn_in_blocks(series: np.ndarray) -> int | None:
    """Return how many leading values to leave out, or None if the series never settles.

    Parameters
    ----------
    series : ndarray, shape (blocks,)
        Block means of what is measured, in order of time; at least 16 of them.

    Returns
    -------
    int or None
        The number of values (of the first quarter) whose removal makes the standard error of the mean of the rest
        smallest (MSER), doubled, because what is left of a relaxation below the noise of one block still biases the
        mean of all of them. None if the two halves of what is left differ by more than 5 standard errors.

    Examples
    --------
    >>> burn_in_blocks(np.r_[9.0, 5.0, 3.0, np.tile([1.0, 1.1], 30)])
    6
    >>> burn_in_blocks(np.arange(64.0)) is None
    True
    """
    removals = np.arange(len(series) // 4 + 1)
    spread = [np.var(series[removed:]) / (len(series) - removed) for removed in removals]
    removed = 2 * int(np.argmin(spread))
    early, late = np.array_split(series[removed:], 2)
    error = np.sqrt(early.var(ddof=1) / len(early) + late.var(ddof=1) / len(late))
    return removed if abs(early.mean() - late.mean()) <= DRIFT_SIGMAS * error else None
