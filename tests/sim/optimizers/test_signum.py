"""Signum's update by hand."""

import numpy as np
import pytest

from sim.optimizers.rule import rule_of
from theory.settings import Lion, Signum


@pytest.mark.parametrize(("decoupled", "expected"), [(True, (1.76, 1.5248)), (False, (1.8, 1.6))])
def test_by_hand(decoupled, expected):
    w = np.array([2.0])
    update = rule_of(Signum(0.5, decoupled))(0.1, 0.2, w.shape)
    update.step(w, np.array([1.0]))
    np.testing.assert_allclose(w, expected[0])
    update.step(w, np.array([-0.5]))  # 0.25 - 0.25 is 0 without the decay in it: no step
    np.testing.assert_allclose(w, expected[1] + (0.2 if decoupled else 0.0))


def test_decay_in_the_gradient_can_turn_the_sign():
    w = np.array([2.0])
    rule_of(Signum(0.0, decoupled=False))(0.5, 0.2, w.shape).step(w, np.array([-0.9]))
    np.testing.assert_allclose(w, 1.8)
    rule_of(Signum(0.0))(0.5, 0.2, w.shape).step(w, np.array([-0.9]))
    np.testing.assert_allclose(w, 0.9 * 1.8 + 0.2)


@pytest.mark.parametrize("kind", [Signum, Lion])
def test_climbing_turns_the_gradient_and_not_the_decay(kind):
    up, down = np.array([2.0, -1.0]), np.array([2.0, -1.0])
    one, other = (rule_of(kind(maximize=flag))(0.1, 0.2, up.shape) for flag in (True, False))
    for g in ([0.3, 0.1], [-2.0, 0.7], [0.4, -0.2]):
        one.step(up, np.array(g))
        other.step(down, -np.array(g))
    np.testing.assert_array_equal(up, down)
