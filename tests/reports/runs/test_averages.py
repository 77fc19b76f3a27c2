import numpy as np
import pytest
import xarray as xr

from reports.runs.averages import mean_and_error, over_replicas


def test_the_error_is_that_of_the_mean():
    """Its square, averaged over many samples, is the variance of their means: 1/8. False alarms: below 1e-4."""
    samples = np.random.default_rng(0).standard_normal((8, 4000))
    mean, error = mean_and_error(samples)
    assert mean.shape == error.shape == (4000,)
    assert (error**2).mean() == pytest.approx(1 / 8, rel=4 * np.sqrt(2 / 7 / 4000))
    assert mean.var() == pytest.approx(1 / 8, rel=4 * np.sqrt(2 / 4000))


def test_one_number_of_each_replica():
    average = over_replicas(xr.DataArray([1.0, 3.0], dims="replica"))
    assert average.as_dict() == {"value": 2.0, "spread": pytest.approx(np.sqrt(2)), "error": pytest.approx(1.0)}
