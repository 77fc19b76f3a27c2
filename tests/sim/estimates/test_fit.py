"""The fit against made-up data of known answer: coverage of its errors, and its admissions of defeat."""

import numpy as np
import pytest

from sim import FitError, fit_decay

TIME = np.linspace(0, 80, 41)
TRUE = {"scale": 0.2, "rate": 0.05, "start": 1.0}


def curve(t, scale, rate, start):
    return np.sqrt(scale**2 + (start**2 - scale**2) * np.exp(-2 * rate * t))


def test_exact_data_is_recovered_from_above_and_below():
    for start in (1.0, 0.01):
        fit = fit_decay(TIME, curve(TIME, 0.2, 0.05, start))
        assert fit.converged
        assert fit.tail_seen
        np.testing.assert_allclose([fit.scale.value, fit.rate.value, fit.start.value], [0.2, 0.05, start], rtol=1e-5)
        np.testing.assert_allclose(fit.rms(TIME), curve(TIME, 0.2, 0.05, start), rtol=1e-6)


def test_errors_cover():
    """400 noisy data sets: the pulls have mean 0 and standard deviation 1, chi2 per degree of freedom is 1."""
    rng = np.random.default_rng(3)
    error = 0.003
    pulls, chi2 = [], []
    for _ in range(400):
        fit = fit_decay(TIME, curve(TIME, **TRUE) + error * rng.standard_normal(TIME.size), np.full(TIME.size, error))
        pulls.append([(getattr(fit, k).value - v) / getattr(fit, k).error for k, v in TRUE.items()])
        chi2.append(fit.chi2_per_dof)
    np.testing.assert_allclose(np.mean(pulls, axis=0), 0, atol=4 / np.sqrt(400))
    np.testing.assert_allclose(np.std(pulls, axis=0), 1, atol=4 / np.sqrt(800))
    assert np.mean(chi2) == pytest.approx(1, abs=4 * np.sqrt(2 / 38 / 400))


def test_without_errors_the_scatter_speaks():
    rng = np.random.default_rng(4)
    fit = fit_decay(TIME, curve(TIME, **TRUE) + 0.003 * rng.standard_normal(TIME.size))
    assert fit.chi2_per_dof is None
    assert "no errors were given" in str(fit)
    assert abs(fit.scale.value - 0.2) < 4 * fit.scale.error < 0.1


def test_time_may_start_anywhere():
    shifted = fit_decay(TIME + 1000, curve(TIME, **TRUE))
    assert shifted.start.value == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize(
    ("t", "y", "message"),
    [
        (np.arange(8.0), np.exp(-0.01 * np.arange(8)), "too short to show the tail"),
        (np.arange(60.0), np.exp(-0.05 * np.arange(60)), "no tail is seen"),
        (np.arange(8.0), np.ones(8), "does not change"),
    ],
)
def test_no_tail_is_said(t, y, message):
    fit = fit_decay(t, y)
    assert fit.converged
    assert not fit.tail_seen
    assert message in fit.message
    assert message in str(fit)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1, 2], [1, 1, 1]), "at least 5 points, got 3"),
        ((range(5), range(6)), "lists of one length"),
        ((range(5), [1, 1, np.nan, 1, 1]), "rms must be finite and positive, got nan at index 2"),
        ((range(5), [1, 1, 0, 1, 1]), "rms must be finite and positive, got 0.0 at index 2"),
        (([1] * 5, [1] * 5), "span an interval"),
        ((range(5), [1] * 5, [0.1, 0, 0.1, 0.1, 0.1]), "error must be finite and positive"),
        ((range(5), ["a"] * 5), "lists of numbers"),
    ],
)
def test_what_cannot_be_fitted(arguments, message):
    with pytest.raises(FitError, match=message):
        fit_decay(*arguments)
