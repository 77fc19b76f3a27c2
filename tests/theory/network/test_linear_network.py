"""The end of learning: the critical decay and the convex problem below it."""

import numpy as np
import pytest

import sim
import theory
from theory import InvalidArgument, NoFixedPoint

# lam: rms of layer 2 and 3 at 30 hidden neurons, MNIST, as published
PUBLISHED = {4000: (0.0160, 0.141), 1000: (0.0398, 0.352)}
WEAK = {350: (0.0552, 0.489), 160: (0.0662, 0.586)}


@pytest.fixture(scope="module")
def planted():
    """A noisy linear teacher with three classes."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((200, 5)) + 1.0
    return x, np.argmax(x @ rng.standard_normal((5, 3)) + rng.gumbel(size=(200, 3)), axis=1)


@pytest.fixture(scope="module")
def mnist():
    train = sim.load_data().train
    return train.inputs, np.asarray(train.labels)


def by_thresholding(x, y, k, steps=20_000):
    """The same convex problem by another method: gradient steps, then thresholds on the singular values."""
    x, one_hot = x - x.mean(axis=0), np.eye(y.max() + 1)[y]
    a, b = np.zeros((one_hot.shape[1], x.shape[1])), np.zeros(one_hot.shape[1])
    step = 4 / max(1.0, np.linalg.eigvalsh(x.T @ x / len(x))[-1])
    for _ in range(steps):
        error = 1 / (1 + np.exp(-(x @ a.T + b))) - one_hot
        u, s, vt = np.linalg.svd(a - step * error.T @ x / len(x), full_matrices=False)
        a, b = u * np.maximum(s - 4 * k * step, 0) @ vt, b - step * error.mean(axis=0)
    out = x @ a.T + b
    cost = (np.logaddexp(0, out) - one_hot * out).sum() / len(x) + 4 * k * np.linalg.norm(a, "nuc")
    return cost, np.linalg.svd(a, compute_uv=False)


@pytest.mark.parametrize("fraction", [0.02, 0.3, 0.8])
def test_another_method_finds_the_same_map(planted, fraction):
    """Another method finds the same map; a decay off by a tenth is told apart."""
    x, y = planted
    lam = fraction * theory.critical_decay(x, y)
    net = theory.linear_network(x, y, lam, 200, accuracy=1e-6)
    cost, singular_values = by_thresholding(x, y, lam / 200)
    assert net.cost - net.duality_gap <= cost
    assert cost == pytest.approx(net.cost, rel=1e-6)
    np.testing.assert_allclose(net.singular_values, singular_values, atol=1e-3 * singular_values[0])
    assert net.rank == (singular_values > 1e-12).sum()
    wrong = theory.linear_network(x, y, 1.1 * lam, 200, accuracy=1e-6)
    assert wrong.cost - wrong.duality_gap > net.cost


@pytest.mark.parametrize("fraction", [0.02, 0.3])
def test_the_duality_gap_bounds_the_error_of_the_norm(planted, fraction):
    """By sqrt(2 q gap / P), from tangents to the cost at neighbouring decays; a decay off by a tenth lies outside."""
    x, y = planted
    lam = fraction * theory.critical_decay(x, y)

    def solved(lam, accuracy):
        return theory.linear_network(x, y, lam, 200, accuracy=accuracy)

    exact = solved(lam, 1e-6)
    q = -np.log(solved(1.05 * lam, 1e-6).norm_sq / solved(lam / 1.05, 1e-6).norm_sq) / (2 * np.log(1.05))

    def bound(net):
        return np.sqrt(2 * q * net.duality_gap / (lam / 200 * net.norm_sq))

    for accuracy in (0.1, 1e-2, 1e-3):
        net = solved(lam, accuracy)
        assert net.duality_gap <= accuracy * lam / 200 * net.norm_sq
        assert abs(net.norm_sq / exact.norm_sq - 1) < bound(net)
    assert abs(solved(1.1 * lam, 1e-3).norm_sq / exact.norm_sq - 1) > bound(solved(lam, 1e-3))


def test_inputs_that_never_change_change_nothing(planted):
    x, y = planted
    padded = np.concatenate([x, np.full((200, 2), 7.0)], axis=1)
    net, wide = (theory.linear_network(inputs, y, 5.0, 200) for inputs in (x, padded))
    assert wide.norm_sq == net.norm_sq
    assert (net.inputs, wide.inputs) == (5, 7)  # in the rms they count


def test_the_envelope_law_holds_along_the_solutions(planted):
    x, y = planted
    lam = np.geomspace(0.05, 0.35, 12) * theory.critical_decay(x, y)
    nets = [theory.linear_network(x, y, value, 200, accuracy=1e-6) for value in lam]
    found = theory.norm_from_costs(lam, [net.cost for net in nets], 200)
    np.testing.assert_allclose(found.norm_sq[2:-2], [2 * net.norm_sq for net in nets][2:-2], rtol=0.01)
    assert not found.not_concave.any()


def test_single_mode_meets_the_solver_at_the_critical_decay(planted):
    x, y = planted
    critical = theory.critical_decay(x, y)
    off = []
    for below in (0.02, 0.01):
        lam = (1 - below) * critical
        net = theory.linear_network(x, y, lam, 200, accuracy=1e-10)  # the norm is steep in lam here
        assert net.rank == 1
        off.append(net.norm_sq / theory.single_mode_norm(x, y, lam, 200) - 1)
    assert abs(off[1]) < 0.03
    assert off[1] / off[0] == pytest.approx(0.5, abs=0.1)
    assert theory.single_mode_norm(x, y, 1.01 * critical, 200) == 0


def test_above_the_critical_decay_nothing_is_left(planted):
    x, y = planted
    critical = theory.critical_decay(x, y)
    assert theory.linear_network(x, y, 1.001 * critical, 200).norm_sq == 0
    assert theory.linear_network(x, y, 0.98 * critical, 200).norm_sq > 0


def test_a_sigmoid_network_loses_its_weights_there(planted):
    """The smallest eigenvalue of the regularised cost at w = 0, by differences, changes sign at the critical decay."""
    x, y = planted
    one_hot = np.eye(3)[y]
    frequency = one_hot.mean(axis=0)
    zero = np.concatenate([np.zeros(8), np.log(frequency / (1 - frequency))])

    def smallest(lam, quadratic):
        def cost(row):
            out = np.outer(1 / (1 + np.exp(-x @ row[:5])), row[5:8]) + row[8:]
            c0 = (1 / (1 + np.exp(-out)) - one_hot) ** 2 / 2 if quadratic else np.logaddexp(0, out) - one_hot * out
            return c0.sum() / len(x) + lam / 400 * (row[:8] ** 2).sum()

        e = 1e-3 * np.eye(11)
        hessian = [
            [sum(s * t * cost(zero + s * a + t * b) for s in (1, -1) for t in (1, -1)) / 4e-6 for a in e] for b in e
        ]
        return np.linalg.eigvalsh(hessian)[0]

    for limit, quadratic in (
        (theory.critical_decay(x, y), False),
        (theory.quadratic_stability_threshold(x, y), True),
    ):
        assert smallest(1.02 * limit, quadratic) > 0 > smallest(0.98 * limit, quadratic)


def test_mnist_critical_decay(mnist):
    x, y = mnist
    critical = theory.critical_decay(x, y)
    assert critical == pytest.approx(7187, rel=1e-3)
    shuffled = theory.critical_decay(x, np.random.default_rng(0).permutation(y))
    assert critical / shuffled == pytest.approx(35, rel=0.2)


def agree_as_published(found, published):
    return all(abs(f - p) <= 0.51 * 10.0**-d for f, p, d in zip(found, published, (4, 3), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("lam", PUBLISHED)
def test_mnist_rms(mnist, lam):
    net = theory.linear_network(*mnist, lam, 50_000)
    assert agree_as_published(net.rms(30), PUBLISHED[lam])
    assert not agree_as_published(net.rms(27), PUBLISHED[lam])


@pytest.mark.slow
@pytest.mark.parametrize("lam", WEAK)
def test_mnist_rms_at_weak_decay(mnist, lam):
    net = theory.linear_network(*mnist, lam, 50_000)
    np.testing.assert_allclose(net.rms(30), WEAK[lam], rtol=0.005)
    assert abs(net.rms(29)[0] / WEAK[lam][0] - 1) > 0.005


@pytest.mark.slow
def test_mnist_rms_at_the_weakest_decay(mnist):
    """Published is 0.0932 for layer 2, 0.8% above ours.

    Its search had not converged: the certificate leaves no room for it.
    """
    net = theory.linear_network(*mnist, 30, 50_000)
    bound = np.sqrt(2 * 0.6 * net.duality_gap / (30 / 50_000 * net.norm_sq))  # the norm goes as lam^-0.6 or slower
    assert bound < 0.012
    assert abs(net.norm_sq / (0.0932**2 * 784 * 30) - 1) > 1.2 * bound
    assert net.rms(30)[0] == pytest.approx(0.09244, abs=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": np.ones(4)}, "inputs must be a table"),
        ({"labels": [0, 1]}, "inputs must be a table"),
        ({"labels": [0, 2, 0, 2]}, "every class"),
        ({"labels": [0, 0, 0, 0]}, "every class"),
        ({"labels": [0.0, 1.0, 0.0, 1.0]}, "whole numbers"),
        ({"inputs": [[np.nan], [1.0], [2.0], [3.0]]}, "inputs must be finite"),
        ({"lam": 0.0}, "lam must be positive"),
    ],
)
def test_refusals(change, message):
    with pytest.raises(InvalidArgument, match=message):
        theory.linear_network(**({"inputs": np.eye(4), "labels": [0, 1, 0, 1], "lam": 0.1, "n": 4} | change))


def test_an_answer_that_has_not_converged_is_refused(planted):
    with pytest.raises(NoFixedPoint, match="duality gap"):
        theory.linear_network(*planted, 1.0, 200, max_iterations=2, accuracy=1e-8)


def test_fewer_neurons_than_the_rank_are_refused(planted):
    net = theory.linear_network(*planted, 1.0, 200)
    with pytest.raises(InvalidArgument, match="at least the rank"):
        net.rms(1)
