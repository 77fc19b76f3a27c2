"""From when on a recorded series is stationary: the burn-in, chosen from the data.

References
----------
White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997) 323-334 (MSER).
"""

from __future__ import annotations

import numpy as np

__all__ = ["burn_in_blocks"]


def burn_in_blocks(series: np.ndarray) -> int | None:
    """Return how many leading values to leave out, or None if the series never settles.

    Parameters
    ----------
    series : ndarray, shape (blocks,)
        Block means of what is measured, in order of time.

    Returns
    -------
    int or None
        The number of values whose removal makes the standard error of the mean of the rest smallest (MSER), doubled,
        because what is left of a relaxation below the noise of one block still biases the mean of all of them. None if
        less than half of the series would remain.

    Examples
    --------
    >>> burn_in_blocks(np.r_[9.0, 5.0, 3.0, np.tile([1.0, 1.1], 30)])
    6
    >>> burn_in_blocks(np.arange(64.0)) is None
    True
    """
    blocks = len(series)
    kept = np.arange(blocks, 2, -1)  # 0, 1, 2, ... values removed; at least three remain
    tail_sum = np.cumsum(series[::-1])[::-1][: len(kept)]
    tail_square = np.cumsum((series**2)[::-1])[::-1][: len(kept)]
    spread = tail_square - tail_sum**2 / kept
    removed = 2 * int(np.argmin(spread / kept**2))
    return removed if removed <= blocks // 2 else None
