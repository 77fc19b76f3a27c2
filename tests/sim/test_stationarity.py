import numpy as np

from sim.stationarity import burn_in_blocks


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
