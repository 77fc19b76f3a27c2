"""Mean and standard error over independent replicas: the one way in which a report puts an error on a measurement."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import xarray as xr

from sim.estimates.spread import mean_and_error

__all__ = ["Average", "over_replicas"]


@dataclass(frozen=True)
class Average:
    """A mean over replicas, their standard deviation, and the standard error of the mean."""

    value: float
    spread: float
    error: float

    def as_dict(self) -> dict[str, float]:
        """Return the numbers, for JSON."""
        return asdict(self)


def over_replicas(values: xr.DataArray) -> Average:
    """Return the average of one number of each replica."""
    mean, error = mean_and_error(values.values)
    return Average(float(mean), float(values.std(ddof=1)), float(error))
