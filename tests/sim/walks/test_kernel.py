"""Random numbers good enough to measure a variance with, and the compiled rule against one line of NumPy."""

import math

import numpy as np
import pytest
from scipy import stats

from sim import walk
from sim.walks.kernel import LANES, STEPS, fill_gaussian, fill_sign, fill_words, sgd_steps, spread
from sim.walks.walk import CHUNK, _moments


def stream(seed, width=512):
    seed = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    state = seed.generate_state(4 * LANES, np.uint64).reshape(4, LANES)
    return state, np.empty(width, np.uint64)


def noise_of(fill, seed, correlation=0.0, buffers=40, width=512):
    """Return noise of shape (steps, weights), begun in the stationary state as `sim.walk` does."""
    state, words = stream(seed, width)
    last, noise = np.ones(width), np.empty((STEPS, width))
    fill(state, words, 0.0, last, noise)
    last[:] = noise[0]
    parts = []
    for _ in range(buffers):
        fill(state, words, correlation, last, noise)
        parts.append(noise.copy())
    return np.concatenate(parts)


def test_words_are_those_of_the_published_generator():
    """xoshiro256++ begun with the words 1, 2, 3, 4 (Blackman and Vigna's reference code), in every lane."""
    state = np.repeat(np.arange(1, 5, dtype=np.uint64)[:, None], LANES, axis=1)
    words = np.empty(3 * LANES, np.uint64)
    fill_words(state, words)
    assert words[::LANES].tolist() == [41943041, 58720359, 3588806011781223]
    assert (words.reshape(3, LANES) == words[::LANES, None]).all()


def test_gaussian_moments_and_shape():
    """Four sigma each for five moments and two counts: a false alarm in 2000 runs, were the seed not fixed."""
    x = noise_of(fill_gaussian, 7, buffers=100).ravel()
    for power, expected, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        assert abs((x**power).mean() - expected) < 4 * math.sqrt(variance / x.size), power
    for edge in (0.5, 3.6541528853610088):  # the tail is made in its own way
        p = math.erfc(edge / math.sqrt(2))
        assert abs((abs(x) > edge).mean() - p) < 4 * math.sqrt(p / x.size)
    assert stats.kstest(x[:500_000], "norm").pvalue > 1e-4


@pytest.mark.parametrize("fill", [fill_gaussian, fill_sign])
@pytest.mark.parametrize("correlation", [0.0, 0.8, -0.6])
def test_noise_has_unit_variance_and_the_memory_that_is_asked_for(fill, correlation):
    g = noise_of(fill, 3, correlation)
    if fill is fill_sign:
        assert set(np.unique(g)) == {-1.0, 1.0}
    for lag in (0, 1, 2, 7):
        products = (g[lag:] * g[: len(g) - lag]).mean(axis=0)  # one number for each of 512 independent weights
        error = products.std(ddof=1) / math.sqrt(len(products))
        assert abs(products.mean() - correlation**lag) < 4 * error + 1e-12, lag
    assert abs(g.mean()) < 4 * g.mean(axis=0).std() / math.sqrt(g.shape[1])


@pytest.mark.parametrize("fill", [fill_gaussian, fill_sign])
def test_weights_and_streams_are_independent(fill):
    """Correlations of all pairs of weights, within one stream and across two, have the variance 1/steps."""
    streams = np.random.SeedSequence(5).spawn(2)
    g = np.concatenate([noise_of(fill, seed, width=64) for seed in streams], axis=1)
    pulls = np.corrcoef(g.T)[np.triu_indices(128, 1)] * math.sqrt(len(g))
    assert abs(pulls.mean()) < 4 / math.sqrt(pulls.size)
    assert pulls.std() == pytest.approx(1, abs=4 / math.sqrt(2 * pulls.size))
    assert abs(pulls).max() < 5.5


def test_the_rule():
    rng = np.random.default_rng(1)
    start, noise = rng.standard_normal(48), rng.standard_normal((5, 48))
    w, total = start.copy(), np.zeros(48)
    sgd_steps(w, noise, 0.9, 0.3, total)
    expected, squares = start, 0.0
    for g in noise:
        expected = 0.9 * expected - 0.3 * g
        squares += expected**2
    np.testing.assert_allclose(w, expected, rtol=1e-13)
    np.testing.assert_allclose(total, squares, rtol=1e-13)


def test_spreads_of_chunks_combine_to_that_of_all():
    w = np.random.default_rng(2).standard_normal(CHUNK * 2 + 70) + 3.0
    chunks = [w[:CHUNK], w[CHUNK : 2 * CHUNK], w[2 * CHUNK :]]
    (moments,) = _moments(np.array([len(c) for c in chunks]), np.array([[spread(c)] for c in chunks]))
    assert moments[0] == pytest.approx(math.sqrt((w**2).mean()), rel=1e-13)
    assert moments[1] == pytest.approx((w**2).std(ddof=1) / math.sqrt(len(w)) / 2 / moments[0], rel=1e-12)


@pytest.mark.parametrize("distribution", ["gaussian", "sign"])
def test_bits_do_not_depend_on_the_threads(distribution):
    runs = [
        walk(100, 20.0, 0.5, weights=3 * CHUNK + 5, steps=6400, distribution=distribution, seed=3, threads=threads)
        for threads in (1, 2, 4, None)
    ]
    assert all(run.identical(runs[0]) for run in runs[1:])
