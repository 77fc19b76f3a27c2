"""Online learning: one step against plain NumPy, the two methods against each other, seeds, and refusals."""

import numpy as np
import pytest
import xarray as xr
from scipy.special import erf
from scipy.stats import ks_2samp

from sim.committee.kernel import Numbers, fields, overlaps, step, turn_frame
from sim.committee.online import online
from theory.settings import InvalidArgument, OnlineRule, Overlaps

RULE = OnlineRule(eta=1.0, gamma=0.2, sigma=0.5)
START = Overlaps.random(2, 1, Q=4.0, fan_in=30, seed=1)


def test_a_step_is_gradient_descent_with_decay():
    rng = np.random.default_rng(0)
    w, B, inputs = rng.standard_normal((2, 7)), rng.standard_normal((1, 7)), rng.standard_normal((3, 7))
    x, y = inputs @ w.T, inputs @ B.T
    error = erf(y / np.sqrt(2)).sum(1) - erf(x / np.sqrt(2)).sum(1)
    delta = np.sqrt(2 / np.pi) * np.exp(-(x**2) / 2) * error[:, None]
    expected = (1 - 0.2 / 7) * w + 1.5 / 7 * delta.T @ inputs / 3
    numbers = Numbers(1.5, 0.2, 0.0, 3, 7, False, False, False)
    step(w, B, inputs, numbers, rng)
    assert w == pytest.approx(expected, rel=1e-12)


def test_turning_the_frame_keeps_the_overlaps():
    rng = np.random.default_rng(1)
    teachers = np.zeros((2, 7))
    teachers[:, :2] = rng.standard_normal((2, 2))
    students = rng.standard_normal((3, 7))
    before = overlaps(students, teachers)
    turn_frame(students, 2)
    assert overlaps(students, teachers) == pytest.approx(before, rel=1e-12)
    assert (students[:, 5:] == 0).all()
    assert fields(students, students) == pytest.approx(students @ students.T, rel=1e-12)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_both_methods_draw_from_the_same_distribution(batch_size):
    """Two-sample Kolmogorov-Smirnov at N = 8, far from Gaussian: 3 overlaps at level 1e-3, seed fixed.

    Control: the same test tells gamma = 0.2 from 0.3.
    """
    rule = OnlineRule(eta=1.0, gamma=0.2, sigma=0.5, batch_size=batch_size)
    common = {"fan_in": 8, "alpha": 3.0, "records": 1, "replicas": 1000}
    reduced = online(rule, START, **common, seed=1)
    direct = online(rule, START, **common, method="direct", seed=2)
    other = online(OnlineRule(1.0, 0.3, 0.5, batch_size), START, **common, seed=3)

    def last(result):
        return result.Q.values[:, -1, 0, 0], result.Q.values[:, -1, 0, 1], result.R.values[:, -1, 1, 0]

    levels = [ks_2samp(a, b).pvalue for a, b in zip(last(reduced), last(direct), strict=True)]
    assert min(levels) > 1e-3
    assert min(ks_2samp(a, b).pvalue for a, b in zip(last(other), last(direct), strict=True)) < 1e-3


def test_the_seed_decides_and_replicas_differ():
    common = {"fan_in": 20, "alpha": 5.0, "records": 5, "replicas": 2}
    first, again, other = (online(RULE, START, **common, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.Q, again.Q)
    assert not np.array_equal(first.Q[:, 1:], other.Q[:, 1:])
    assert not np.array_equal(first.Q[0, 1:], first.Q[1, 1:])
    assert first.attrs["seed"] == 1


def test_the_record_does_not_grow_with_the_steps():
    short, long = (online(RULE, START, fan_in=20, alpha=alpha, records=5, replicas=2) for alpha in (5.0, 500.0))
    assert short.nbytes == long.nbytes
    assert long.alpha.values == pytest.approx(np.linspace(0, 500, 6))


def test_a_given_burn_in_is_left_out_and_said():
    """From Q = 1e6, averages are ruled by the start unless it is left out."""
    rule, start = OnlineRule(eta=0.5, gamma=0.5, sigma=1.0), Overlaps(Q=1e6)
    whole = online(rule, start, fan_in=20, alpha=100.0, burn_in=0.0, records=100, replicas=2)
    late = online(rule, start, fan_in=20, alpha=100.0, burn_in=40.0, records=100, replicas=2)
    assert whole.Q_mean.item() > 100
    assert late.Q_mean.item() < 1
    assert late.attrs["burn_in"] == pytest.approx(40)
    assert late.attrs["burn_in_chosen"] == "given"


@pytest.mark.parametrize("Q", [1e6, 1e-6])
def test_the_burn_in_is_found_in_the_data(Q):
    """From far above and from far below, the same averages as with a generous burn-in, within 4 standard errors."""
    rule, common = OnlineRule(eta=0.5, gamma=0.5, sigma=1.0), {"fan_in": 20, "alpha": 200.0, "seed": 3}
    found = online(rule, Overlaps(Q=Q), **common)
    given = online(rule, Overlaps(Q=Q), **common, burn_in=100.0)
    assert found.attrs["stationary"] == 1
    assert found.attrs["burn_in_chosen"] == "from the data"
    assert 0 < found.attrs["burn_in"] <= 100
    assert abs(found.Q_mean - given.Q_mean).item() < 4 * given.Q_mean_error.item()
    assert np.array_equal(found.Q, given.Q)


@pytest.mark.parametrize(("alpha", "records"), [(6.0, 100), (200.0, 15)])
def test_what_never_settles_has_no_averages(alpha, records, tmp_path):
    """A run that ends on the way down from Q = 1e6, and one with too few records to tell; both can be saved."""
    rule = OnlineRule(eta=0.5, gamma=0.5, sigma=1.0)
    result = online(rule, Overlaps(Q=1e6), fan_in=20, alpha=alpha, records=records, seed=3)
    assert result.attrs["stationary"] == 0
    assert np.isnan(result.attrs["burn_in"])
    assert all(np.isnan(result[name]).all() for name in ("Q_mean", "Q_mean_error", "Q_sd", "Q_sd_error"))
    assert np.isfinite(result.Q).all()
    result.to_netcdf(tmp_path / "unsettled.nc", engine="h5netcdf")


def test_identical_students_stay_identical():
    start = Overlaps(np.full((2, 2), 2.0), np.full((2, 1), 0.5), 1.0)
    result = online(RULE, start, fan_in=20, alpha=20.0, records=4, replicas=2)
    Q = result.Q.values
    assert Q[..., 0, 0] == pytest.approx(Q[..., 1, 1], rel=1e-6)
    assert Q[..., 0, 1] == pytest.approx(Q[..., 0, 0], rel=1e-6)


def test_results_can_be_saved(tmp_path):
    result = online(RULE, START, fan_in=20, alpha=2.0, records=2, replicas=2)
    result.to_netcdf(tmp_path / "online.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "online.nc", engine="h5netcdf") as back:
        assert back.Q.dims == ("replica", "alpha", "student", "other_student")
        assert back.R_mean_error.dims == ("student", "teacher")
        assert "numba" in back.attrs["versions"]
        assert back.attrs["gamma"] == 0.2
        assert (back.attrs["stationary"], back.attrs["burn_in_chosen"]) == (0, "from the data")
        assert np.array_equal(back.Q, result.Q)


GOOD = {"rule": RULE, "start": START, "fan_in": 20, "alpha": 2.0, "records": 2}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rule": 0.5}, "rule must be"),
        ({"start": 1.0}, "start must be"),
        ({"fan_in": 3}, "fan_in must be a whole number of at least 4, got 3"),
        ({"alpha": 0.0}, "alpha must be positive"),
        ({"alpha": np.nan}, "alpha must be positive"),
        ({"burn_in": 2.0}, "burn_in must be between"),
        ({"burn_in": 1.9}, "burn_in must end before the last record"),
        ({"records": 0}, "records must be a whole number"),
        ({"replicas": 1}, "replicas must be a whole number of at least 2"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"method": "exact"}, "method must be one of reduced, direct, got 'exact'"),
        ({"inputs": "sign"}, "Take method='direct'"),
        ({"inputs": "uniform"}, "inputs must be one of"),
        ({"unit": "relu"}, "unit must be one of erf, logistic"),
        ({"unit": "logistic"}, "must have K = 1"),
    ],
)
def test_bad_settings_are_named(wrong, message):
    with pytest.raises(InvalidArgument, match=message):
        online(**(GOOD | wrong))
