"""Averages over the stationary part of recorded overlaps, and from when on they are stationary."""

from __future__ import annotations

import numpy as np

from sim.estimates.spread import mean_and_error
from sim.estimates.stationarity import settled_from

__all__ = ["records_left_out", "stationary_averages"]


def records_left_out(means: np.ndarray) -> int | None:
    """Return after how many records every overlap is stationary; None if one of them never settles.

    Parameters
    ----------
    means : ndarray, shape (replicas, records, K, K + M)
        Mean of (Q, R) between one record and the next.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> settling = 1 + 30 * np.exp(-np.arange(64) / 3) + 0.1 * rng.standard_normal((8, 64))
    >>> records_left_out(settling[:, :, None, None])
    32
    """
    K, width = means.shape[2:]
    found = [settled_from(means[:, :, i, j]) for i in range(K) for j in range(i, width)]
    settled = [removed for removed in found if removed is not None]
    return max(settled) if len(settled) == len(found) else None


def stationary_averages(moments: np.ndarray, left_out: int | None) -> dict[str, np.ndarray]:
    """Return `mean`, `sd` (of one network in time) and their standard errors over the replicas, each (K, K + M).

    Parameters
    ----------
    moments : ndarray, shape (replicas, records, 2, K, K + M)
        Mean and mean square of (Q, R) between one record and the next.
    left_out : int or None
        How many records are burn-in; None for a run that never settled: everything is NaN then.
    """
    if left_out is None:
        nothing = np.full(moments.shape[3:], np.nan)
        return dict.fromkeys(("mean", "mean_error", "sd", "sd_error"), nothing)
    means, squares = np.moveaxis(moments[:, left_out:].mean(axis=1), 1, 0)
    mean, mean_error = mean_and_error(means)
    variance, variance_error = mean_and_error(squares - 2 * mean * means + mean**2)  # about the common mean
    sd = np.sqrt(variance)
    return {"mean": mean, "mean_error": mean_error, "sd": sd, "sd_error": variance_error / (2 * sd)}
