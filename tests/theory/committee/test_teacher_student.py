"""The public face: what it promises for good arguments, and what it says to bad ones."""

import time

import numpy as np
import pytest

import theory
from theory.errors import InvalidArgument, NoFixedPoint

RULE = theory.OnlineRule(eta=0.5, gamma=0.02, sigma=0.3)
START = theory.Overlaps(Q=400.0, R=0.0, T=1.0)


def test_a_decay_from_saturation():
    network = theory.teacher_student(RULE, START)
    Q, R = network.at(np.array([0.0, 10.0]))
    assert Q[0, 0, 0] == pytest.approx(400)
    assert R[0, 0, 0] == pytest.approx(0, abs=1e-9)
    assert network.Q.shape == (len(network.alpha), 1, 1)
    assert network.R.shape == (len(network.alpha), 1, 1)
    assert network.converged
    assert network.stable
    assert Q[1, 0, 0] == pytest.approx(network.at(10.0)[0][0, 0])


def test_the_prediction_at_a_fan_in():
    network = theory.teacher_student(RULE, START)
    small, large = network.at_fan_in(100), network.at_fan_in(10_000)
    rest = network.stationary.Q[0, 0]
    assert (small.Q[0, 0] - rest) / (large.Q[0, 0] - rest) == pytest.approx(100, rel=1e-6)
    assert small.Q_sd[0, 0] / large.Q_sd[0, 0] == pytest.approx(10)
    assert large.scale[0] == pytest.approx(np.sqrt(rest / 10_000), rel=1e-3)
    assert small.scale_sd[0] == pytest.approx(small.Q_sd[0, 0] / (2 * np.sqrt(small.Q[0, 0] * 100)))


def test_a_start_does_not_change_the_answer():
    near = theory.teacher_student(RULE, theory.Overlaps(Q=1.0, R=0.5, T=1.0))
    far = theory.teacher_student(RULE, START)
    assert near.stationary.gram == pytest.approx(far.stationary.gram, rel=1e-10)


def test_a_realizable_task_is_learnt():
    """K = M = 1, no noise, little decay: the student becomes the teacher."""
    network = theory.teacher_student(theory.OnlineRule(eta=0.5, gamma=1e-5), theory.Overlaps(Q=1.0, R=0.1, T=1.0))
    assert network.stationary.gram == pytest.approx(np.ones((2, 2)), rel=1e-3)


def test_batches_act_like_a_smaller_kick():
    """To leading order m changes eta^2 only: for noise labels and small eta Q* is eta sigma^2 / 2m."""
    one, eight = (
        theory.teacher_student(theory.OnlineRule(0.02, 1e-5, 1.0, m), theory.Overlaps(Q=1.0)).stationary.Q[0, 0]
        for m in (1, 8)
    )
    assert one / eight == pytest.approx(8, rel=0.03)


def test_no_fixed_point_is_a_result_with_a_reason_and_no_answer():
    network = theory.teacher_student(RULE, START, alpha_max=5.0)
    assert network.stationary is None
    assert "Raise alpha_max" in network.reason
    assert network.at(5.0)[0][0, 0] > 300  # the trajectory is still there
    with pytest.raises(NoFixedPoint, match=r"OnlineRule\(eta=0\.5.*Raise alpha_max"):
        network.at_fan_in(400)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.teacher_student(0.5, START), "rule must be a theory.OnlineRule, got 0.5"),
        (lambda: theory.teacher_student(RULE, 400.0), "start must be theory.Overlaps, got 400.0"),
        (lambda: theory.teacher_student(RULE, START, alpha_max=-1.0), "alpha_max must be positive"),
        (lambda: theory.teacher_student(RULE, START, alpha_max=np.nan), "alpha_max must be positive"),
        (lambda: theory.teacher_student(RULE, START, alpha_min=9.0, alpha_max=5.0), "alpha_min must be between"),
        (lambda: theory.teacher_student(RULE, theory.Overlaps(Q=0.0)), "Q must not be zero"),
        (lambda: theory.teacher_student(RULE, START).at(1e9), "alpha must be between 0 and"),
        (lambda: theory.teacher_student(RULE, START).at(np.nan), "alpha must be finite"),
        (lambda: theory.teacher_student(RULE, START).at_fan_in(2), "fan_in must be finite and above K"),
        (lambda: theory.teacher_student(RULE, START).at_fan_in(np.nan), "fan_in must be finite"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(InvalidArgument, match=message):
        call()


def test_a_fan_in_too_small_for_the_expansion_is_refused():
    network = theory.teacher_student(theory.OnlineRule(eta=3.0, gamma=0.01, sigma=1.0), theory.Overlaps(Q=10.0))
    with pytest.raises(InvalidArgument, match="fan_in must be large enough"):
        network.at_fan_in(1.1)


def test_str_and_import():
    assert "stable fixed point" in str(theory.teacher_student(RULE, START))
    assert all(hasattr(theory, name) for name in theory.__all__)
    assert all(hasattr(theory, name) for name in theory.__all__)


@pytest.mark.slow
def test_three_by_three_takes_under_two_seconds():
    start = theory.Overlaps.random(3, 3, Q=64, fan_in=400, seed=1)
    theory.teacher_student(RULE, START).at_fan_in(400)  # what is compiled once
    began = time.perf_counter()
    network = theory.teacher_student(theory.OnlineRule(eta=0.5, gamma=0.005, sigma=0.14), start)
    network.at_fan_in(400)
    assert network.stable
    assert time.perf_counter() - began < 2.0
