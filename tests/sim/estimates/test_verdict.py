"""What the fit says of shapes that are no approach to a tail, or whose tail is not seen."""

import json
import math

import numpy as np
import pytest

from sim import FitError, fit_decay

T = np.linspace(0, 1e4, 60)
RNG = np.random.default_rng(0)
SCATTER = RNG.standard_normal(60)


def decay(times, tail=0.2):
    """Return the rms over that many time constants of rms^2."""
    return np.sqrt(tail**2 + (1 - tail**2) * np.exp(-times * T / T[-1]))


@pytest.mark.parametrize(
    ("rms", "message", "scale"),
    [
        (np.full(60, 0.25), "does not change", 0.25),
        (0.25 + 0.01 * SCATTER, "does not change", 0.25),
        (1 + 1e-4 * T, "grows along a straight line", None),
        (np.exp(1e-4 * T), "grows along a straight line or faster", None),
        (1 - 5e-5 * T, "heads below zero", None),
        (1 - 5e-5 * T + 0.003 * SCATTER, "heads below zero", None),
        (0.6 + 0.4 * np.cos(np.pi * T / 1e4), "the curve does not describe the record", None),
        (np.where(T < 5000, 1, 0.2), "slow noise about a constant", None),
        (np.r_[1, np.full(59, 0.2)] * (1 + 1e-3 * SCATTER), "by the second point", 0.2),
    ],
)
def test_no_rate_can_be_had(rms, message, scale):
    fit = fit_decay(T, rms)
    assert not fit.converged
    assert message in fit.message
    assert math.isnan(fit.rate.value)
    assert math.isinf(fit.rate.error)
    assert fit.interval(0.95, "rate") == (0, math.inf)
    assert "rate     unknown" in str(fit)
    json.dumps(fit.as_dict(), allow_nan=False)
    if scale is None:
        assert math.isnan(fit.scale.value)
        assert fit.scale_bound == math.inf
    else:
        assert abs(fit.scale.value - scale) < 4 * fit.scale.error
        assert 0 < fit.scale.error < 0.01


@pytest.mark.parametrize(
    ("rms", "message"),
    [
        (np.exp(-1e-3 * T), "decays to zero"),
        (np.exp(-1e-3 * T) * (1 + 0.002 * SCATTER), "decays to zero"),
        (decay(0.5) * (1 + 1e-4 * SCATTER), "too short to show the tail"),
        (decay(3) * (1 + 0.002 * SCATTER), "no tail is seen"),
    ],
)
def test_no_tail_is_said(rms, message):
    fit = fit_decay(T, rms)
    assert fit.converged
    assert not fit.tail_seen
    assert message in fit.message
    assert message in str(fit)
    assert fit.scale.value <= fit.scale_bound
    assert fit.interval(0.95)[0] <= fit.scale.value <= fit.interval(0.95)[1]
    assert fit.scale.error > 0


def test_pure_decay_has_its_rate_and_a_bound():
    fit = fit_decay(T, np.exp(-1e-3 * T) * (1 + 0.002 * SCATTER))
    assert abs(fit.rate.value - 1e-3) < 4 * fit.rate.error < 1e-5
    assert fit.interval(0.95)[0] == 0
    assert fit.scale_bound < 1e-3


def test_masked_points_are_left_out_and_repeated_times_averaged():
    rms = decay(8) * (1 + 0.002 * SCATTER)
    rms[7] = 99
    masked = fit_decay(T, np.ma.masked_greater(rms, 2))
    assert "1 masked points are left out" in masked.message
    assert masked.scale.value == fit_decay(np.delete(T, 7), np.delete(rms, 7)).scale.value
    twice = fit_decay(np.tile(np.delete(T, 7), 2), np.tile(np.delete(rms, 7), 2))
    assert "118 points at repeated times are averaged" in twice.message
    assert twice.scale.value == pytest.approx(masked.scale.value, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1, 2], [1, 1, 1]), "at least 5 points, got 3"),
        (([0, 0, 0, 1, 1, 1], [1, 1, 1, 2, 2, 2]), "5 points at different times, got 2"),
        ((range(5), range(6)), "lists of one length"),
        ((3, 4), "lists of one length"),
        ((range(5), [1, 1, np.nan, 1, 1]), "rms must be finite and positive, got nan at index 2"),
        ((range(5), [1, 1, None, 1, 1]), "rms must be finite and positive, got nan at index 2"),
        ((range(5), [1, 1, 0, 1, 1]), "rms must be finite and positive, got 0.0 at index 2"),
        ((range(5), [1, 1, np.inf, 1, 1]), "rms must be finite and positive, got inf at index 2"),
        (([0, 1, 2, 3, np.inf], [1] * 5), "time must be finite, got inf at index 4"),
        (([0, 1e308, -1e308, 3, 4], [1] * 5), "Change its unit"),
        ((np.arange(5) * 1e-300, [1] * 5), "Change its unit"),
        ((range(5), [1e-300] * 5), "Change its unit"),
        ((range(5), [10**400] * 5), "real numbers"),
        (([1] * 5, [1] * 5), "span an interval"),
        ((range(5), [1] * 5, [0.1, 0, 0.1, 0.1, 0.1]), "error must be finite and positive"),
        ((range(5), [1] * 5, [1e-300] * 5), "must exceed the rounding of rms"),
        ((range(5), [1] * 5, [1e300] * 5), "must be below 1e.06 times"),
        ((range(5), ["a"] * 5), "real numbers"),
        ((range(5), list("12345")), "real numbers"),
        ((range(5), np.arange(1, 6) + 0j), "complex128"),
        ((np.arange(5).astype("M8[s]"), [1] * 5), "datetime64"),
        ((range(5), [True] * 5), "bool"),
        (([[1, 2], [3]], [1]), "real numbers"),
    ],
)
def test_what_cannot_be_fitted(arguments, message):
    with pytest.raises(FitError, match=message) as caught:
        fit_decay(*arguments)
    assert "\n" not in str(caught.value)


def test_the_extremes_of_double_precision_are_fitted_or_refused():
    for size in (1e-280, 1e300):
        fit = fit_decay(T * size, decay(8) * size)
        assert fit.scale.value == pytest.approx(0.2 * size, rel=1e-9)


def test_interval_refuses():
    fit = fit_decay(T, decay(8))
    for arguments, message in (((1.5,), "between 0 and 1"), ((0.5, "tail"), "must be one of scale, rate, start")):
        with pytest.raises(FitError, match=message):
            fit.interval(*arguments)


def test_labelled_lists_of_different_labels_are_refused():
    """Pandas' and xarray's arrays pair by their labels; by position the numbers would be others' without a word."""
    pd, xr = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    rms = pd.Series(decay(8), index=T)
    plain = fit_decay(T, decay(8)).scale
    turned = rms[::-1]
    for time in (pd.Series(T, index=T), T, rms.index):
        assert fit_decay(time, rms).scale == plain
    for other in (pd.Series(T), pd.Series(T, index=T + 1)):
        with pytest.raises(FitError, match="time and rms must have the same labels"):
            fit_decay(other, rms)
    with pytest.raises(FitError, match="rms and error must have the same labels"):
        fit_decay(T, rms, 0.01 * turned)
    array = xr.DataArray(decay(8), {"step": T}, dims="step")
    assert fit_decay(array.step, array).scale == fit_decay(array.step, rms).scale == plain
    with pytest.raises(
        FitError, match=r"time and rms must have the same labels, got \[0.0, .*\], ... and \[10000.0, .*"
    ):
        fit_decay(array.step, array[::-1])
    with pytest.raises(FitError, match="the dimensions step and epoch"):
        fit_decay(array.step, array.rename(step="epoch"))
