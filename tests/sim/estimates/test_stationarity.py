import numpy as np

from sim.estimates.stationarity import autocorrelation_time, burn_in_blocks, drift


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
