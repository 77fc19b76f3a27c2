import numpy as np
import pytest

from sim.estimates.spread import mean_and_error
from theory.settings import InvalidArgument


def test_one_list_gives_two_floats():
    mean, error = mean_and_error([1, 2, 3, 6])
    assert (mean, error) == (3.0, pytest.approx(np.sqrt(14 / 3 / 4)))
    assert type(mean) is type(error) is float


def test_the_axis_is_the_one_that_is_averaged():
    samples = np.random.default_rng(0).standard_normal((3, 50, 2))
    mean, error = mean_and_error(samples, axis=1)
    assert mean.shape == error.shape == (3, 2)
    np.testing.assert_allclose(error, samples.std(axis=1, ddof=1) / np.sqrt(50))


def test_the_error_is_that_of_the_mean():
    """Of 4000 means of 9 numbers each: their own spread is the error that each states, within 4 sigma."""
    mean, error = mean_and_error(np.random.default_rng(1).standard_normal((4000, 9)), axis=1)
    assert np.mean(error**2) == pytest.approx(mean.var(), rel=4 * np.sqrt(2 / 4000))


def test_one_sample_has_no_spread():
    for samples in (np.ones(1), np.ones((1, 5)), 3.0):
        with pytest.raises(InvalidArgument, match="samples must be at least 2"):
            mean_and_error(samples)
