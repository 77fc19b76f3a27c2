"""The mean of independent samples and its standard error."""

from __future__ import annotations

import numpy as np

from theory.settings import InvalidArgument
from theory.settings.types import Value

__all__ = ["mean_and_error"]


def mean_and_error(samples: np.ndarray, axis: int = 0) -> tuple[Value, Value]:
    """Return the mean over one axis, and its standard error from the spread of the samples along it.

    Parameters
    ----------
    samples : ndarray
        At least two independent ones along `axis`: replicas, weights, vectors.
    axis : int
        Along which they are independent; the others stay.

    Returns
    -------
    mean, error : float or ndarray
        Two numbers for a list of samples.

    Raises
    ------
    InvalidArgument
        If there are fewer than two samples: one has no spread.

    Examples
    --------
    >>> mean, error = mean_and_error(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> print(f"{mean:.2f} +/- {error:.2f}")
    2.50 +/- 0.65
    """
    samples = np.asarray(samples, dtype=float)
    count = samples.shape[axis] if samples.ndim else 1
    if count < 2:
        raise InvalidArgument(f"samples must be at least 2 for a standard error, got {count}. Take more replicas.")
    mean, error = samples.mean(axis=axis), samples.std(axis=axis, ddof=1) / np.sqrt(count)
    return (mean, error) if samples.ndim > 1 else (float(mean), float(error))
