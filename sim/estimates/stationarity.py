"""From when on a recorded series is stationary: the burn-in, chosen from the data.

References
----------
White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997) 323-334 (MSER).
"""

from __future__ import annotations

import numpy as np

__all__ = ["autocorrelation_time", "burn_in_blocks", "drift", "settled_from"]

SHORTEST = 16  # values from which a burn-in can be chosen

DRIFT_SIGMAS = 5.0  # what is left must not drift by more; for independent block means one alarm in a million is false
LINE_SIGMAS = 4.0  # the same for a straight line through correlated replicas: one alarm in 300 is false


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
    removed = _truncation(series)
    early, late = np.array_split(series[removed:], 2)
    error = np.sqrt(early.var(ddof=1) / len(early) + late.var(ddof=1) / len(late))
    return removed if abs(early.mean() - late.mean()) <= DRIFT_SIGMAS * error else None


def settled_from(records: np.ndarray) -> int | None:
    """Return after how many values independent records of one process are stationary, or None if they never are.

    Parameters
    ----------
    records : ndarray, shape (replicas, times)
        Equally spaced; they may be correlated from one time to the next.

    Returns
    -------
    int or None
        The truncation of `burn_in_blocks`, found on the mean over the replicas. None if what is left drifts along a
        straight line by more than 4 standard errors, or if there are fewer than 16 values to tell by.

    Notes
    -----
    A drift is seen if it exceeds what the noise leaves of it: a record that is a few relaxation times long and starts
    one or two standard deviations away may pass. Who compares its mean with a prediction should start far away, or
    from both sides.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> falling = 30 * np.exp(-np.arange(64) / 4) + rng.standard_normal((8, 64))
    >>> settled_from(falling), settled_from(falling[:, :20])
    (32, None)
    """
    if records.shape[1] < SHORTEST:
        return None
    removed = _truncation(records.mean(axis=0))
    change, error = drift(records[:, removed:])
    return removed if abs(change) <= LINE_SIGMAS * error else None


def _truncation(series: np.ndarray) -> int:
    """Return how many leading values to leave out: twice the number that makes the mean's standard error smallest."""
    spread = [np.var(series[removed:]) / (len(series) - removed) for removed in range(len(series) // 4 + 1)]
    return 2 * int(np.argmin(spread))


def autocorrelation_time(series: np.ndarray) -> float:
    """Return the integrated autocorrelation time 1 + 2 sum rho_k, in samples; 1 for independent or equal ones.

    Parameters
    ----------
    series : ndarray, shape (replicas, times)
        Independent records of one stationary process.

    Notes
    -----
    Sokal's window: the sum ends at the first lag that is five times the sum so far. The autocovariance is averaged over
    the replicas before it is summed.

    References
    ----------
    Sokal, "Monte Carlo methods in statistical mechanics: foundations and new algorithms", 1996, section 3.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> print(f"{autocorrelation_time(rng.standard_normal((4, 5000))):.1f}")
    1.0
    """
    times = series.shape[1]
    centred = series - series.mean()
    spectrum = np.abs(np.fft.rfft(centred, 2 * times, axis=1)) ** 2
    covariance = np.fft.irfft(spectrum.mean(axis=0))[:times] / np.arange(times, 0, -1)
    if covariance[0] <= 0:
        return 1.0  # it does not fluctuate
    total = 1 + 2 * np.cumsum(covariance[1:] / covariance[0])
    lags = np.arange(1, times)
    window = int(np.argmax(lags >= 5 * total)) if (lags >= 5 * total).any() else times - 2
    return float(max(total[window], 1.0))


def drift(series: np.ndarray) -> tuple[float, float]:
    """Return by how much a record changes from its begin to its end by a straight line, and the standard error.

    Parameters
    ----------
    series : ndarray, shape (replicas, times)
        Independent records, equally spaced.

    Returns
    -------
    change, error : float
        The error is the larger of two: what the scatter about the line, with its memory, makes of a slope; and the
        spread of the replicas' own slopes. The first misses fluctuations that are slower than the record, the second is
        blunt for few replicas.

    Examples
    --------
    >>> change, error = drift(np.arange(100.0) + np.random.default_rng(0).standard_normal((4, 100)))
    >>> print(f"{change:.0f} +/- {error:.1f}")
    99 +/- 0.2
    """
    replicas, times = series.shape
    t = np.linspace(-0.5, 0.5, times)
    changes = series @ t / (t @ t)
    rest = series - series.mean(axis=1, keepdims=True) - changes[:, None] * t
    along = float(rest.var() * autocorrelation_time(rest) / (t @ t))
    across = float(changes.var(ddof=1)) if replicas > 1 else 0.0
    return float(changes.mean()), float(np.sqrt(max(along, across) / replicas))
