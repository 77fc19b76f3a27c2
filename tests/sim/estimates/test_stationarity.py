"""From when on a record is stationary: what is let through, what is refused, and how often by chance."""

import numpy as np

from sim.estimates.stationarity import autocorrelation_time, burn_in_blocks, drift, settled_from


def test_noise_alone_is_stationary():
    """2000 stationary records: none is refused (one in a million would be), and little is thrown away."""
    rng = np.random.default_rng(0)
    removed = [burn_in_blocks(rng.standard_normal(64)) for _ in range(2000)]
    assert None not in removed
    assert np.mean(removed) < 6


def test_a_relaxation_is_cut_off():
    rng = np.random.default_rng(1)
    series = 1 + 20 * np.exp(-np.arange(64) / 3) + 0.05 * rng.standard_normal(64)
    removed = burn_in_blocks(series)
    assert 12 <= removed <= 32
    assert abs(series[removed:].mean() - 1) < 4 * 0.05 / np.sqrt(64 - removed)


def test_a_drift_is_refused():
    rng = np.random.default_rng(2)
    assert burn_in_blocks(np.linspace(0, 1, 64) + 0.05 * rng.standard_normal(64)) is None


def ar1(rho, replicas, times, seed):
    rng = np.random.default_rng(seed)
    x = np.empty((replicas, times))
    x[:, 0] = rng.standard_normal(replicas) / np.sqrt(1 - rho**2)
    for t in range(1, times):
        x[:, t] = rho * x[:, t - 1] + rng.standard_normal(replicas)
    return x


def test_autocorrelation_time_of_ar1():
    """Known answer (1 + rho) / (1 - rho), to 10%."""
    for rho in (0.0, 0.5, 0.9):
        found = autocorrelation_time(ar1(rho, 20, 4000, seed=3))
        assert abs(found / ((1 + rho) / (1 - rho)) - 1) < 0.1


def test_drift_finds_a_line_and_knows_its_error():
    """Of 300 stationary records with memory few drift by 4 errors (the larger error is taken); a slope is found."""
    pulls = []
    for seed in range(300):
        change, error = drift(ar1(0.6, 4, 400, seed))
        pulls.append(change / error)
    assert 0.6 < np.std(pulls) < 1.1
    assert np.abs(pulls).max() < 4
    change, error = drift(ar1(0.6, 4, 400, 7) + np.linspace(0, 5, 400))
    assert abs(change - 5) < 4 * error
    assert change / error > 4


def falling(start, relaxation_time, times, seed, replicas=24):
    """AR(1) records that start so many standard deviations above their mean."""
    rho = np.exp(-1 / relaxation_time)
    noise = ar1(rho, replicas, times, seed) * np.sqrt(1 - rho**2)
    return noise + start * rho ** np.arange(times)


def test_few_stationary_records_with_memory_are_refused():
    """At most 1 in 100 of 300, whose relaxation time is a twentieth of the record."""
    refused = [settled_from(falling(0, 10, 200, seed)) is None for seed in range(300)]
    assert np.mean(refused) <= 0.01


def test_what_has_settled_is_let_through_without_bias():
    """From 30 standard deviations away, 20 relaxation times long: the mean of the rest has z-scores of rms near 1."""
    z = []
    for seed in range(100):
        records = falling(30, 10, 200, seed)
        means = records[:, settled_from(records) :].mean(axis=1)
        z.append(means.mean() / means.std(ddof=1) * np.sqrt(len(means)))
    assert 0.7 < np.sqrt(np.mean(np.square(z))) < 1.3


def test_what_is_still_on_its_way_is_refused():
    """Two relaxation times long, from 30 standard deviations away; too few values are refused whatever they are."""
    assert all(settled_from(falling(30, 100, 200, seed)) is None for seed in range(100))
    assert settled_from(np.zeros((4, 15))) is None
    assert settled_from(np.zeros((4, 16))) == 0
