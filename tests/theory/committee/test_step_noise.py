"""The covariance of a step's increments against direct sampling of the fields."""

import numpy as np
import pytest
from scipy.special import erf

from theory.committee.order_parameters import Flow
from theory.committee.step_noise import increment_covariance
from theory.settings import OnlineRule, Overlaps


def sampled(flow, state, samples=400_000):
    """Covariance of N times the increment of a one-example step, in the limit of large N, by Monte Carlo."""
    rng = np.random.default_rng(0)
    z = np.linalg.cholesky(flow.gram(state)) @ rng.standard_normal((flow.K + flow.M, samples))
    error = flow.signs @ erf(z / np.sqrt(2)) + flow.rule.sigma * rng.standard_normal(samples)
    delta = np.sqrt(2 / np.pi) * np.exp(-(z[: flow.K] ** 2) / 2) * error
    eta, m = flow.rule.eta, flow.rule.batch_size
    of_R = [eta * delta[i] * z[flow.K + n] for i in range(flow.K) for n in range(flow.M)]
    of_Q = [
        eta * (delta[i] * z[k] + delta[k] * z[i]) + eta**2 / m * delta[i] * delta[k]
        for i, k in zip(*flow.upper, strict=True)
    ]
    return np.atleast_2d(np.cov(np.array(of_R + of_Q))) / m


@pytest.mark.parametrize(
    ("K", "M", "Q", "batch_size"), [(1, 0, 0.9, 1), (1, 0, 100.0, 1), (1, 1, 2.0, 1), (2, 1, 1.0, 3), (2, 2, 20.0, 1)]
)
def test_agrees_with_sampling(K, M, Q, batch_size):
    """Both carry noise: 3 % of the diagonal is 5 standard errors of the worst entry here."""
    start = Overlaps.random(K, M, Q=Q, fan_in=20, seed=2)
    flow = Flow.of(OnlineRule(eta=0.7, gamma=0.02, sigma=0.5, batch_size=batch_size), start)
    exact, drawn = increment_covariance(flow, flow.state(start)), sampled(flow, flow.state(start))
    size = np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
    assert (abs(drawn - exact) < 0.03 * size).all()
    assert np.linalg.eigvalsh(exact)[0] > 0


def test_a_saturated_unit_costs_no_precision():
    """At Q = 1e6 plain sampling would see one input in a thousand; the tilted average still scales like 1/sqrt(Q)."""
    flow = Flow.of(OnlineRule(eta=0.7, gamma=0.02, sigma=0.5), Overlaps(Q=1.0))
    small, large = (increment_covariance(flow, np.array([Q]))[0, 0] for Q in (1e6, 4e6))
    assert small / large == pytest.approx(2, rel=1e-3)


def test_collapsed_units_need_no_special_case():
    start = Overlaps(np.ones((2, 2)), np.full((2, 1), 0.5), 1.0)
    flow = Flow.of(OnlineRule(eta=0.7, gamma=0.02, sigma=0.5), start)
    D = increment_covariance(flow, flow.state(start))
    assert D[2] == pytest.approx(D[3], rel=1e-9)  # Q_11 and Q_12 of identical units move together
    assert D[0] == pytest.approx(D[1], rel=1e-9)
