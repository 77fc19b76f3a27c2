import numpy as np
import pytest

from sim.committee.averages import records_left_out, stationary_averages


def test_averages_of_what_was_put_in():
    """200 replicas of a Gaussian overlap with mean 3 and standard deviation 0.5, after two other records."""
    rng = np.random.default_rng(0)
    samples = 3 + 0.5 * rng.standard_normal((200, 20, 50))
    moments = np.stack([samples.mean(axis=2), (samples**2).mean(axis=2)], axis=2)[..., None, None]
    moments[:, :2] = 1e3
    found = {name: value.item() for name, value in stationary_averages(moments, 2).items()}
    assert abs(found["mean"] - 3) < 4 * found["mean_error"]
    assert abs(found["sd"] - 0.5) < 4 * found["sd_error"]
    assert found["mean_error"] == pytest.approx(0.5 / np.sqrt(200 * 18 * 50), rel=0.2)
    assert found["sd_error"] == pytest.approx(0.5 / np.sqrt(2 * 200 * 18 * 50), rel=0.2)


def test_one_overlap_that_drifts_is_enough_to_refuse():
    """Q of two students and R with one teacher; R alone goes on."""
    means = np.random.default_rng(1).standard_normal((8, 64, 2, 3))
    assert records_left_out(means) < 32
    means[:, :, 1, 2] += np.linspace(0, 10, 64)
    assert records_left_out(means) is None
    nothing = stationary_averages(np.zeros((8, 64, 2, 2, 3)), None)
    assert all(np.isnan(value).all() and value.shape == (2, 3) for value in nothing.values())
