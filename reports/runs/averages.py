"""Mean and standard error over independent replicas: the one way in which a report puts an error on a measurement."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr

__all__ = ["Average", "mean_and_error", "over_replicas"]


@dataclass(frozen=True)
class Average:
    """A mean over replicas, their standard deviation, and the standard error of the mean."""

    value: float
    spread: float
    error: float

    def as_dict(self) -> dict[str, float]:
        """Return the numbers, for JSON."""
        return asdict(self)


def mean_and_error(samples: Any, axis: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of independent samples along an axis, and its standard error.

    Parameters
    ----------
    samples : array_like
    axis : int
        Along which the samples are independent: the replicas.

    Examples
    --------
    >>> mean, error = mean_and_error([[1.0, 5.0], [3.0, 5.0]])
    >>> mean.tolist(), error.tolist()
    ([2.0, 5.0], [1.0, 0.0])
    """
    values = np.asarray(samples)
    return values.mean(axis=axis), values.std(axis=axis, ddof=1) / np.sqrt(values.shape[axis])


def over_replicas(values: xr.DataArray) -> Average:
    """Return the average of one number of each replica."""
    mean, error = mean_and_error(values.values)
    return Average(float(mean), float(values.std(ddof=1)), float(error))
