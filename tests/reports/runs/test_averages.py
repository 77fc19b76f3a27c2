import numpy as np
import pytest
import xarray as xr

from reports.runs.averages import over_replicas


def test_one_number_of_each_replica():
    average = over_replicas(xr.DataArray([1.0, 3.0], dims="replica"))
    assert average.as_dict() == {"value": 2.0, "spread": pytest.approx(np.sqrt(2)), "error": pytest.approx(1.0)}
