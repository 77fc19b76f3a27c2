"""The cancelling pair against the fixed point of the full flow."""

import numpy as np
import pytest

import theory
from theory.errors import InvalidArgument


@pytest.mark.parametrize(("eta", "variance"), [(0.2, 1.0), (0.5, 2.0)])
def test_the_limit_of_small_decay(eta, variance):
    """The error falls like 1/Q, that is gamma^(2/3)."""
    errors = []
    for gamma in (1e-4, 1e-5):
        rule = theory.OnlineRule(eta=eta, gamma=gamma, sigma=variance**0.5)
        rest = theory.teacher_student(rule, theory.Overlaps([[100.0, -1.0], [-1.0, 100.0]])).stationary
        pair = theory.cancelling_pair(rule)
        errors.append(abs(pair.Q / rest.Q[0, 0] - 1))
        assert pair.q == pytest.approx(rest.Q[0, 0] + rest.Q[0, 1], rel=0.02)
    assert errors[1] < 0.01
    assert errors[1] < errors[0] / 3


def test_small_rates():
    rule = theory.OnlineRule(eta=1e-4, gamma=1e-12, sigma=1.3, batch_size=2)
    pair = theory.cancelling_pair(rule)
    assert pair.q == pytest.approx(theory.small_rate_scale(rule), rel=1e-2)
    assert pair.drive == pytest.approx(rule.eta**2 * rule.sigma**2 / (2 * rule.batch_size), rel=1e-2)


def test_a_single_unit_leaves_saturation_where_a_pair_does_not():
    rule = theory.OnlineRule(eta=0.5, gamma=1e-5, sigma=1.0)
    assert theory.noise_fixed_point(rule) < 1
    assert theory.cancelling_pair(rule).Q > 50


def test_noise_is_needed():
    with pytest.raises(InvalidArgument, match="sigma must be positive"):
        theory.cancelling_pair(theory.OnlineRule(eta=0.5, gamma=1e-5))
    assert np.isfinite(theory.cancelling_pair(theory.OnlineRule(eta=5.0, gamma=1e-5, sigma=1.0)).Q)
