import numpy as np
import pytest

from sim import walk
from sim.walks.walk import DISTRIBUTIONS
from theory.settings import InvalidArgument


def test_the_record():
    result = walk(100, 20.0, 0.5, weights=50, steps=650, start=2.0, seed=3)
    assert result.step.values[[0, 1, -1]].tolist() == [0, 10, 640]
    assert float(result.rms[0]) == 2.0
    assert result.attrs["noise"] == pytest.approx(0.1)
    assert result.attrs["steps"] == 640
    assert result.attrs["stationary"] == 1
    assert result.equals(walk(100, 20.0, 0.5, weights=50, steps=650, start=2.0, seed=3))
    assert not result.equals(walk(100, 20.0, 0.5, weights=50, steps=650, start=2.0, seed=4))


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("correlation", [0.0, 0.8, -0.6])
def test_the_noise_is_what_it_says(distribution, correlation):
    """With a = 0 the weight is the last noise: its size, sign symmetry and memory can be read off."""
    size, eta = 0.7, 2.0
    result = walk(1.0, 1 / eta, eta, weights=40_000, steps=64, noise=size, correlation=correlation,
                  distribution=distribution, burn_in=0, seed=1)  # fmt: skip
    error = float(result.variance_error)
    assert abs(float(result.variance) - (eta * size) ** 2) < 4 * max(error, 1e-12)
    if distribution == "sign":
        assert float(result.rms[-1]) == pytest.approx(eta * size, rel=1e-12)


def test_burn_in_given_and_found():
    given = walk(100, 4.0, 0.5, weights=300, steps=6400, start=30.0, burn_in=1500, seed=1)
    found = walk(100, 4.0, 0.5, weights=300, steps=6400, start=30.0, seed=1)
    assert float(given.burn_in) == 1500
    assert 100 < float(found.burn_in) <= 3200
    sigma = np.hypot(float(given.variance_error), float(found.variance_error))
    assert abs(float(given.variance - found.variance)) < 4 * sigma


def test_a_walk_that_does_not_settle_says_so():
    result = walk(1e6, 1.0, 0.1, weights=100, steps=640, start=0.0)
    assert result.attrs["stationary"] == 0
    assert np.isnan(result.variance)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": 1}, "weights must be a whole number of at least 2"),
        ({"steps": 63}, "steps must be a whole number of at least 64"),
        ({"noise": 0.0}, "noise must be positive"),
        ({"correlation": 1.0}, "correlation must be between"),
        ({"distribution": "cauchy"}, "distribution must be one of"),
        ({"lam": 500.0}, "run away"),
        ({"curvature": -1.0}, "run away"),
        ({"start": float("inf")}, "start must be finite"),
        ({"burn_in": 600}, "burn_in must be between"),
        ({"n": -1.0}, "n must be positive"),
    ],
)
def test_bad_settings(change, message):
    with pytest.raises(InvalidArgument, match=message):
        walk(**{"n": 100.0, "lam": 5.0, "eta": 0.5, "weights": 10, "steps": 640} | change)
