"""The reference network against finite differences, against loops, and against the textbook's own formulas."""

import numpy as np
import pytest

from sim.training.network import COSTS, Network, one_hot, sigmoid

SIZES = (7, 5, 4, 3)


def example(cost, seed=0, examples=6):
    rng = np.random.default_rng(seed)
    net = Network.initialised(SIZES, "default", rng, cost)
    return net, rng.random((examples, SIZES[0])), rng.integers(0, SIZES[-1], examples)


@pytest.mark.parametrize("cost", COSTS)
def test_gradient_against_finite_differences(cost):
    net, x, labels = example(cost)
    grad_w, grad_b = net.gradient(x, one_hot(labels, SIZES[-1]))
    step = 1e-6
    for parameters, gradients in ((net.weights, grad_w), (net.biases, grad_b)):
        for p, g in zip(parameters, gradients, strict=True):
            for index in np.ndindex(p.shape):
                keep = p[index]
                p[index] = keep + step
                above = net.evaluate(x, labels)[0]
                p[index] = keep - step
                below = net.evaluate(x, labels)[0]
                p[index] = keep
                assert (above - below) / (2 * step) == pytest.approx(g[index], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("cost", COSTS)
def test_minibatch_against_a_loop_over_examples(cost):
    """The textbook's update_mini_batch: one example at a time, vectors as columns."""
    net, x, labels = example(cost)
    y, eta, shrink = one_hot(labels, SIZES[-1]), 0.7, 0.9
    sum_w, sum_b = [np.zeros_like(w) for w in net.weights], [np.zeros_like(b) for b in net.biases]
    for xi, yi in zip(x, y, strict=True):
        a, activations = xi, [xi]
        for w, b in zip(net.weights, net.biases, strict=True):
            a = 1 / (1 + np.exp(-(w @ a + b)))
            activations.append(a)
        delta = a - yi if cost == "cross-entropy" else (a - yi) * a * (1 - a)
        for layer in (-1, -2, -3):
            sum_w[layer] += np.outer(delta, activations[layer - 1])
            sum_b[layer] += delta
            a = activations[layer - 1]
            delta = (net.weights[layer].T @ delta) * a * (1 - a)
    expected_w = [shrink * w - eta / len(x) * s for w, s in zip(net.weights, sum_w, strict=True)]
    expected_b = [b - eta / len(x) * s for b, s in zip(net.biases, sum_b, strict=True)]
    net.step(x, y, eta, [shrink] * 3)
    for got, expected in zip(net.weights + net.biases, expected_w + expected_b, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-15)


def test_initialisations_differ_by_the_scale_alone():
    large, default = (Network.initialised((400, 50, 10), i, np.random.default_rng(1)) for i in ("large", "default"))
    for w, v in zip(large.weights, default.weights, strict=True):
        np.testing.assert_allclose(w, v * np.sqrt(w.shape[1]))
    assert large.weights[0].std() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(large.biases[0], default.biases[0])


def test_cost_and_accuracy_by_hand():
    net = Network([np.array([[1.0, 0.0], [0.0, 1.0]])], [np.zeros(2)])
    x, labels = np.array([[2.0, -1.0], [0.5, 1.0]]), np.array([0, 0])
    a = sigmoid(x)
    expected = [-np.log(p) - np.log(1 - q) for p, q in a]
    cost, accuracy = net.evaluate(x, labels)
    assert cost == pytest.approx(np.mean(expected))
    assert accuracy == 0.5
    net.cost = "quadratic"
    assert net.evaluate(x, labels)[0] == pytest.approx(np.mean(0.5 * ((a - [1, 0]) ** 2).sum(axis=1)))


def test_extreme_inputs_do_not_overflow():
    net = Network([np.array([[1e4]])], [np.zeros(1)])
    assert net.evaluate(np.array([[1.0], [-1.0]]), np.array([0, 0])) == (pytest.approx(5000.0), 1.0)
