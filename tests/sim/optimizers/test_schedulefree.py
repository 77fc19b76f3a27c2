"""The schedule-free updates by hand."""

import numpy as np
import pytest

from sim.optimizers.rule import rule_of
from theory.settings import ScheduleFreeAdamW, ScheduleFreeSGD


def test_sgd_by_hand():
    w = np.array([2.0])
    rule = rule_of(ScheduleFreeSGD(0.75))(0.1, 0.5, w.shape)
    rule.step(w, np.array([1.0]))  # z = x = y = 2 - 0.5 * 1.2
    np.testing.assert_allclose([w[0], rule.average[0]], [1.4, 1.4])
    rule.step(w, np.array([-1.0]))  # z = 1.4 + 0.5 * 0.86
    np.testing.assert_allclose(rule.average, (1.4 + 1.83) / 2)
    np.testing.assert_allclose(w, 0.25 * 1.83 + 0.75 * 1.615)


def test_adamw_by_hand():
    """As schedulefree 1.4.1: v is corrected, so that the first step is the sign, and the learning rate is not."""
    w = np.array([2.0, 2.0])
    rule = rule_of(ScheduleFreeAdamW((0.75, 0.99), eps=0.0))(0.1, 0.5, w.shape)
    first, second = np.array([3.0, -0.01]), np.array([1.0, 0.02])
    rule.step(w, first)
    z = 2 - 0.5 * np.array([1, -1]) - 0.5 * 0.1 * 2
    np.testing.assert_allclose(w, z)
    rule.step(w, second)
    later = z - 0.5 * (second / np.sqrt((0.99 * first**2 + second**2) / 1.99) + 0.1 * z)
    np.testing.assert_allclose(rule.average, (z + later) / 2)  # equal weights
    np.testing.assert_allclose(w, 0.25 * later + 0.75 * rule.average)


@pytest.mark.parametrize("r", [0.0, 1.5])
def test_without_momentum_the_average_is_that_of_plain_sgd(r):
    rng = np.random.default_rng(4)
    w, plain, path = np.ones(5), np.ones(5), []
    rule = rule_of(ScheduleFreeSGD(0.0, r=r))(0.2, 0.3, w.shape)
    for g in rng.standard_normal((30, 5)):
        rule.step(w, g)
        plain = plain - 0.3 * (g + 0.2 * plain)
        path.append(plain)
    np.testing.assert_allclose(w, plain)
    np.testing.assert_allclose(rule.average, np.average(path, axis=0, weights=np.arange(1.0, 31) ** r))


def test_climbing_turns_the_gradient_and_not_the_decay():
    up, down = np.array([2.0]), np.array([2.0])
    rule_of(ScheduleFreeAdamW(maximize=True))(0.1, 0.5, up.shape).step(up, np.array([1.3]))
    rule_of(ScheduleFreeAdamW())(0.1, 0.5, down.shape).step(down, np.array([-1.3]))
    np.testing.assert_allclose(up, down)
