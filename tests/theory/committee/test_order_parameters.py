"""The flow against the mean of one step of N-dimensional gradient descent, and its derivative."""

import numpy as np
import pytest
from scipy.special import erf

from theory.committee.order_parameters import Flow, complex_step
from theory.settings import OnlineRule, Overlaps


def mean_increment(rule, start, fan_in, steps, seed):
    """N times the mean increment of one step over many draws from the same start, and its standard error."""
    rng = np.random.default_rng(seed)
    D, K = start.K + start.M, start.K
    axes = np.linalg.qr(rng.standard_normal((fan_in, D)))[0].T
    vectors = np.linalg.cholesky(start.gram) @ axes
    w, B = vectors[:K], vectors[K:]
    inputs = rng.standard_normal((steps, rule.batch_size, fan_in))
    x, y = inputs @ w.T, inputs @ B.T
    error = erf(y / np.sqrt(2)).sum(-1) - erf(x / np.sqrt(2)).sum(-1)
    error = error + rule.sigma * rng.standard_normal(error.shape)
    delta = np.sqrt(2 / np.pi) * np.exp(-(x**2) / 2) * error[..., None]
    new = (1 - rule.gamma / fan_in) * w + rule.eta / fan_in * np.einsum("smi,smj->sij", delta, inputs) / rule.batch_size
    dR = (new @ B.T - w @ B.T).reshape(steps, -1)
    dQ = (new @ np.swapaxes(new, 1, 2) - w @ w.T)[:, *np.triu_indices(K)]
    change = fan_in * np.concatenate([dR, dQ], axis=1)
    return change.mean(axis=0), change.std(axis=0) / np.sqrt(steps)


@pytest.mark.parametrize(("K", "M", "batch_size"), [(1, 0, 1), (1, 1, 1), (2, 1, 1), (2, 2, 3)])
def test_the_flow_is_the_mean_of_a_step(K, M, batch_size):
    """With a_1 / N added, exactly: 15 comparisons at 4 sigma, one false alarm in 1000 seeds; the seed is fixed."""
    from theory.committee.linear_noise import drift_beyond_flow

    rule = OnlineRule(eta=3.0, gamma=1.0, sigma=0.5, batch_size=batch_size)
    start = Overlaps.random(K, M, Q=1.5, fan_in=10, seed=K + M)
    flow = Flow.of(rule, start)
    state, fan_in = flow.state(start), 7
    mean, error = mean_increment(rule, start, fan_in, 100_000, seed=1)
    predicted = flow(state) + drift_beyond_flow(flow, state) / fan_in
    assert (abs(mean - predicted) < 4 * error).all()
    assert (abs(mean - flow(state)) > 4 * error).any()  # control: the flow alone misses the order 1/N
    wrong = Flow.of(OnlineRule(eta=3.0, gamma=1.1, sigma=0.5, batch_size=batch_size), start)
    assert (abs(mean - wrong(state) - drift_beyond_flow(wrong, state) / fan_in) > 4 * error).any()


def test_the_jacobian_is_the_slope():
    start = Overlaps.random(2, 1, Q=2.0, fan_in=20, seed=3)
    flow = Flow.of(OnlineRule(eta=0.7, gamma=0.02, sigma=0.3), start)
    state = flow.state(start)
    step = 1e-6 * np.eye(len(state))
    slope = np.array([(flow(state + s) - flow(state - s)) / 2e-6 for s in step]).T
    assert flow.jacobian(state) == pytest.approx(slope, abs=1e-8)


def test_state_and_overlaps_are_inverse():
    start = Overlaps.random(3, 2, Q=5.0, fan_in=30, seed=4)
    flow = Flow.of(OnlineRule(eta=0.7, gamma=0.02), start)
    assert np.array_equal(flow.overlaps(flow.state(start)).gram, start.gram)


def test_permuted_students_have_a_permuted_flow():
    start = Overlaps.random(2, 1, Q=2.0, fan_in=20, seed=5)
    turned = Overlaps(start.Q[::-1, ::-1], start.R[::-1], start.T)
    rule = OnlineRule(eta=0.7, gamma=0.02, sigma=0.3)
    flow = Flow.of(rule, start)
    forward, backward = flow(flow.state(start)), flow(flow.state(turned))
    assert forward == pytest.approx(backward[[1, 0, 4, 3, 2]], rel=1e-12)


def test_complex_step_of_a_product():
    slopes = complex_step(lambda s: s[..., :1] * s[..., 1:], np.array([2.0, 3.0]), np.eye(2))
    assert np.array_equal(slopes, [[3.0], [2.0]])
