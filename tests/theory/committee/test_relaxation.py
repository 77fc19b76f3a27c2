"""Trajectories and the fixed points they run into; the ones that do not, and why."""

import numpy as np
import pytest

import theory
from theory.committee.order_parameters import Flow
from theory.committee.relaxation import relax
from theory.settings import OnlineRule, Overlaps


def relaxed(rule, start, **limits):
    flow = Flow.of(rule, start)
    return flow, relax(flow, flow.state(start), **limits)


def test_the_fixed_point_is_one_and_stable():
    flow, way = relaxed(OnlineRule(eta=0.5, gamma=0.02, sigma=0.3), Overlaps.random(2, 1, Q=50, fan_in=100, seed=1))
    assert way.converged
    assert way.stable
    assert flow(way.rest) == pytest.approx(0, abs=1e-13)
    assert way.eigenvalues.real.max() < 0
    assert np.linalg.norm(way.states[-1] - way.rest) < 1e-3 * np.linalg.norm(way.rest)


def test_the_trajectory_obeys_the_flow():
    flow, way = relaxed(OnlineRule(eta=0.5, gamma=0.02, sigma=0.3), Overlaps(Q=400.0, R=0.0, T=1.0))
    alpha, h = np.array([1.0, 30.0, 150.0, 400.0]), 1e-3
    slope = (way.at(alpha + h) - way.at(alpha - h)) / (2 * h)
    assert slope == pytest.approx(flow(way.at(alpha)), rel=1e-5, abs=1e-7)
    assert way.at(np.zeros(1))[0] == pytest.approx(way.states[0])


def test_not_at_rest_is_said():
    _, way = relaxed(OnlineRule(eta=0.5, gamma=0.02, sigma=0.3), Overlaps(Q=400.0, R=0.0, T=1.0), alpha_max=5.0)
    assert way.rest is None
    assert not way.converged
    assert "Raise alpha_max" in way.reason
    assert way.alpha[-1] == 5.0


def test_an_unstable_plateau_is_never_an_answer():
    """From an exactly symmetric start the flow rests on the plateau for a while: K = M = 2, students alike."""
    symmetric = Overlaps(np.full((2, 2), 0.5) + 0.5 * np.eye(2), np.full((2, 2), 0.3), np.eye(2))
    rule = OnlineRule(eta=0.5, gamma=0.02, sigma=0.3)
    _, way = relaxed(rule, symmetric, alpha_max=400.0)
    assert way.rest is None
    assert way.converged
    assert not way.stable
    assert way.eigenvalues.real.max() > 0
    assert "break the symmetry" in way.reason
    broken = Overlaps(symmetric.Q, symmetric.R + np.diag([0.01, 0]), symmetric.T)
    _, way = relaxed(rule, broken)
    assert way.stable
    assert way.rest is not None


def test_students_may_start_at_nearly_nothing():
    """The symmetric start of a K = 2, M = 1 network: one student learns the teacher and the other dies."""
    rule = OnlineRule(eta=0.5, gamma=1e-4)
    _, way = relaxed(rule, Overlaps(np.eye(2) * [1e-9, 2e-9], np.zeros((2, 1)), 1.0))
    assert way.stable
    assert sorted(way.rest[:2]) == pytest.approx([0, 1], abs=0.02)


def test_alpha_min_follows_further():
    _, way = relaxed(OnlineRule(eta=0.5, gamma=0.1, sigma=1.0), Overlaps(Q=1.0), alpha_min=12345.0)
    assert way.alpha[-1] >= 12345.0


def test_early_times_of_a_long_trajectory():
    """A trajectory in several stretches, asked for a time in the first of them only."""
    rule = OnlineRule(eta=0.7, gamma=0.02, sigma=0.9, batch_size=3)
    start = Overlaps(Q=np.array([[1.2, 0.3], [0.3, 0.8]]), R=np.array([[0.4], [-0.2]]), T=1.0)
    network = theory.teacher_student(rule, start)
    assert len(network.relaxation.stretches) > 1
    np.testing.assert_allclose(network.at(0.0)[0], start.Q, rtol=1e-12)
