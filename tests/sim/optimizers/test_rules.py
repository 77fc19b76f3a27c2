"""The written-out updates against steps done by hand, and against each other (against torch: `test_as_torch`)."""

import numpy as np

from sim.optimizers.rule import rule_of
from theory.settings import SGD, SGDW, Adam, AdamW, Lion

DECAY, ETA = 0.037, 0.083


def gradients(steps=200, weights=50):
    return np.random.default_rng(3).standard_normal((steps, weights)) * 0.31


def walk(optimizer, noise, curvature=0.4):
    w = np.linspace(-1, 1, noise.shape[1])
    update = rule_of(optimizer)(DECAY, ETA, w.shape)
    for g in noise:
        update.step(w, g + curvature * w)
    return w


def test_decoupled_momentum_by_hand():
    w = np.array([2.0])
    update = rule_of(SGD(0.5, decoupled=True))(0.1, 0.2, w.shape)
    update.step(w, np.array([1.0]))
    np.testing.assert_allclose(w, 0.98 * 2 - 0.2)
    update.step(w, np.array([3.0]))
    np.testing.assert_allclose(w, 0.98 * 1.76 - 0.2 * 3.5)


def test_lion_by_hand():
    w = np.array([2.0])
    update = rule_of(Lion((0.9, 0.5)))(0.1, 0.2, w.shape)
    update.step(w, np.array([1.0]))  # sign +1, memory 0.5
    np.testing.assert_allclose(w, 2 - 0.2 * (1 + 0.2))
    update.step(w, np.array([-3.0]))  # 0.45 - 0.3 is still positive
    np.testing.assert_allclose(w, 1.76 - 0.2 * (1 + 0.176))


def test_sgdw_is_sgd_with_decoupled_decay():
    noise = gradients()
    np.testing.assert_array_equal(walk(SGDW(0.7), noise), walk(SGD(0.7, decoupled=True), noise))
    assert not np.allclose(walk(SGDW(0.7), noise), walk(SGD(0.7), noise), rtol=1e-3)


def test_adam_is_not_adamw():
    """The negative control of what they share: with decay the two differ, without it they are the same."""
    noise = gradients()
    assert not np.allclose(walk(Adam(), noise), walk(AdamW(), noise), rtol=1e-3)
    ws = [np.linspace(-1, 1, 50) for _ in range(2)]
    for w, optimizer in zip(ws, (Adam(), AdamW()), strict=True):
        update = rule_of(optimizer)(0.0, ETA, w.shape)
        for g in noise:
            update.step(w, g)
    np.testing.assert_array_equal(*ws)


def test_without_momentum_decoupled_is_coupled():
    noise = gradients()
    np.testing.assert_allclose(walk(SGD(decoupled=True), noise), walk(SGD(), noise), rtol=0, atol=1e-14)


def test_adam_takes_a_full_first_step():
    """With its biases corrected the first step is eta times the sign of the gradient."""
    w = np.zeros(2)
    rule_of(AdamW())(0.0, 0.01, w.shape).step(w, np.array([3.0, -0.2]))
    np.testing.assert_allclose(w, [-0.01, 0.01], rtol=1e-6)


def test_gradients_are_left_alone():
    for optimizer in (SGD(0.5), SGD(0.5, nesterov=True), AdamW(), Lion()):
        g, w = np.ones(3), np.ones(3)
        rule_of(optimizer)(0.1, 0.1, w.shape).step(w, g)
        np.testing.assert_array_equal(g, np.ones(3))
