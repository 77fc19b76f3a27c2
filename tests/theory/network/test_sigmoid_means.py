from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from theory.network.sigmoid_means import bend, mean, pair_mean, sigmoid, slope

VARIANCES = [1e-4, 0.3, 2.0, 90.0, 3000.0, 1e7]


def normal(z, variance):
    return np.exp(-(z**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


@pytest.mark.parametrize("f", [sigmoid, slope, bend, lambda z: sigmoid(z) ** 2])
def test_mean_against_adaptive_quadrature(f):
    found = mean(f, np.array(VARIANCES))
    for value, variance in zip(found, VARIANCES, strict=True):
        ends = 12 * np.sqrt(variance) * np.sinh(np.linspace(-9, 9, 80)) / np.sinh(9)  # pieces that are short about zero
        pieces = pairwise(ends)
        exact = sum(quad(lambda z: f(z) * normal(z, variance), a, b, epsabs=1e-15)[0] for a, b in pieces)  # noqa: B023
        assert value == pytest.approx(exact, rel=1e-10, abs=1e-13)


def test_derivatives():
    z, h = np.linspace(-8, 8, 50), 1e-5
    np.testing.assert_allclose(slope(z), (sigmoid(z + h) - sigmoid(z - h)) / (2 * h), atol=1e-10)
    np.testing.assert_allclose(bend(z), (slope(z + h) - slope(z - h)) / (2 * h), atol=1e-10)


@pytest.mark.parametrize("f", [sigmoid, slope])
def test_pair_mean_against_sampling(f):
    rng = np.random.default_rng(0)
    variance, covariance = np.array([0.3, 2.0, 90.0, 3000.0]), np.array([0.1, -5.0, 300.0, 20.0])
    found = pair_mean(f, variance, np.roll(variance, -1), covariance)
    z = rng.standard_normal((2, 1_000_000))
    for i, v in enumerate(variance):
        v2 = np.roll(variance, -1)[i]
        rho = covariance[i] / np.sqrt(v * v2)
        product = f(np.sqrt(v) * z[0]) * f(np.sqrt(v2) * (rho * z[0] + np.sqrt(1 - rho**2) * z[1]))
        assert abs(found[i] - product.mean()) < 4 * product.std() / np.sqrt(z.shape[1])


@pytest.mark.parametrize("variance", VARIANCES)
def test_pair_of_equals_and_of_strangers(variance):
    two = np.full(2, variance)
    np.testing.assert_allclose(pair_mean(slope, two, two, two), mean(lambda z: slope(z) ** 2, two), rtol=1e-9)
    np.testing.assert_allclose(pair_mean(slope, two, two, 0 * two), mean(slope, two) ** 2, rtol=1e-9)


def test_signs_of_wide_inputs():
    """So wide that only the sign counts: both positive with probability 1/4 + arcsin(rho) / (2 pi)."""
    found = pair_mean(sigmoid, np.full(2, 1e12), np.full(2, 1e12), np.array([6e11, -6e11]))
    np.testing.assert_allclose(found, 0.25 + np.arcsin([0.6, -0.6]) / (2 * np.pi), rtol=1e-6)


@pytest.mark.parametrize("correlation", [0.995, 0.9999, 1.0, -0.9999])
@pytest.mark.parametrize("ratio", [1e2, 1e4, 1e6])
def test_narrow_beside_wide_at_high_correlation(ratio, correlation):
    """Conditioned on the wide one, in fine panels: the bend of the narrow one is 1/sqrt(ratio) wide in units of it."""
    covariance = correlation * np.sqrt(ratio)
    (found,) = pair_mean(slope, np.array([1.0]), np.array([ratio]), np.array([covariance]))
    (swapped,) = pair_mean(slope, np.array([ratio]), np.array([1.0]), np.array([covariance]))
    left = np.sqrt(1 - correlation**2)
    u = np.linspace(-9, 9, 401)
    weight = np.exp(-(u**2) / 2)
    weight /= weight.sum()
    z = np.linspace(-60, 60, 24_001)  # the slope of the wide one vanishes outside
    inner = slope(correlation / np.sqrt(ratio) * z[:, None] + left * u) @ weight
    exact = np.trapezoid(slope(z) * normal(z, ratio) * inner, z)
    assert found == pytest.approx(exact, rel=1e-8)
    assert swapped == pytest.approx(exact, rel=1e-8)
