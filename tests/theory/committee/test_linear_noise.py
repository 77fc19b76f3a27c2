"""The corrections of order 1/N: identities, limits with a known answer, and the curvature term."""

import numpy as np
import pytest

from theory.committee.linear_noise import LinearNoise, _mean_slope, drift_beyond_flow
from theory.committee.order_parameters import Flow
from theory.committee.step_noise import increment_covariance
from theory.committee.teacher_student import teacher_student
from theory.settings import OnlineRule, Overlaps


def test_mean_slope_gives_the_pull():
    """Stein: <delta_i b> = sum_c C_bc <d delta_i / d z_c>."""
    start = Overlaps.random(2, 2, Q=1.0, fan_in=20, seed=2)
    flow = Flow.of(OnlineRule(eta=0.7, gamma=0.02, sigma=0.5), start)
    assert _mean_slope(flow, start.gram) @ start.gram == pytest.approx(flow.pull(start.gram), abs=1e-14)


def test_the_covariance_solves_the_lyapunov_equation():
    noise = teacher_student(OnlineRule(eta=0.5, gamma=0.02, sigma=0.3), Overlaps(Q=9.0, R=0.0, T=1.0)).linear_noise
    J, D = noise.jacobian, increment_covariance(noise.flow, noise.state)
    assert J @ noise.covariance + noise.covariance @ J.T == pytest.approx(-D, abs=1e-12)


def test_the_bias_solves_the_equation_of_the_mean():
    """J m_1 + a_1 + H : Sigma / 2 = 0, the second derivatives by plain differences of the flow."""
    noise = teacher_student(OnlineRule(eta=1.5, gamma=0.02, sigma=0.5), Overlaps(Q=9.0, R=0.0, T=4.0)).linear_noise
    variances, axes = np.linalg.eigh(noise.covariance)
    f, h = noise.flow, 1e-3
    curvature = sum(
        v * (f(noise.state + h * a) + f(noise.state - h * a) - 2 * f(noise.state)) / h**2
        for v, a in zip(variances, axes.T, strict=True)
    )
    residual = noise.jacobian @ noise.bias + drift_beyond_flow(f, noise.state) + curvature / 2
    assert residual == pytest.approx(0, abs=1e-4 * abs(curvature).max())


def test_gaussian_weights_of_small_norm():
    """Far from saturation and for small rates every weight is an AR(1) process: no bias, variance 2 Q^2 / N."""
    rule = OnlineRule(eta=1e-6, gamma=1e-3, sigma=1.0)
    noise = teacher_student(rule, Overlaps(Q=1e-9)).linear_noise
    assert noise.covariance[0, 0] == pytest.approx(2 * noise.state[0] ** 2, rel=5e-3)
    assert abs(noise.bias[0]) < 0.02 * noise.state[0]


def test_collapsed_units_have_finite_corrections():
    """Two students on one teacher at a common fixed point: C is singular."""
    network = teacher_student(OnlineRule(eta=0.4, gamma=0.08, sigma=0.3), Overlaps.random(2, 1, Q=4, fan_in=50, seed=1))
    rest = network.stationary
    assert abs(np.linalg.eigvalsh(rest.gram)[0]) < 1e-6
    assert np.isfinite(network.linear_noise.bias).all()
    assert network.linear_noise.bias[2] == pytest.approx(network.linear_noise.bias[4], rel=1e-2)


def test_a_linear_noise_is_what_it_was_made_from():
    flow = Flow.of(OnlineRule(eta=0.5, gamma=0.1, sigma=1.0), Overlaps(Q=1.0))
    assert LinearNoise(flow, np.array([0.2])).jacobian.shape == (1, 1)
