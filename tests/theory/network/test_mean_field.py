import numpy as np
import pytest

import theory
from theory import InvalidArgument
from theory.network.sigmoid_means import mean, sigmoid


@pytest.mark.parametrize("cost", ["cross-entropy", "quadratic"])
@pytest.mark.parametrize("sizes", [(20, 10), (20, 8, 5), (20, 9, 8, 5)])
def test_alignment_is_the_derivative_of_the_cost(cost, sizes):
    """One layer's scale changed a little: the mean field's own E C0 must change by the alignment."""
    q, y = 7.0, 1 / sizes[-1]

    def expected_cost(scales):
        v = scales[0] ** 2 * q + 1
        for s, width in zip(scales[1:], sizes[1:-1], strict=True):
            v = s**2 * width * mean(lambda z: sigmoid(z) ** 2, np.array([v]))[0] + 1
        if cost == "cross-entropy":
            return sizes[-1] * mean(lambda z: np.logaddexp(0, z), np.array([v]))[0]
        return sizes[-1] / 2 * mean(lambda z: sigmoid(z) ** 2 - 2 * y * sigmoid(z), np.array([v]))[0]

    field = theory.mean_field(sizes, squared_norm=q, cost=cost)
    for layer in range(len(sizes) - 1):
        scales = np.ones(len(sizes) - 1)
        step = 1e-4
        up, down = scales.copy(), scales.copy()
        up[layer] += step
        down[layer] -= step
        slope = (expected_cost(up) - expected_cost(down)) / (2 * step)
        assert field.alignment[layer] == pytest.approx(slope, rel=1e-5)


def test_saturation_scale_and_claim_one():
    field = theory.mean_field((784, 30, 10), squared_norm=88.06)
    assert field.saturation_scale[0] == pytest.approx(2 / np.sqrt(88.06))
    assert field.norm_sq.tolist() == [23520.0, 300.0]
    ratio = field.decay_ratio(50_000, 5.0, 0.1)
    budget = field.budget(50_000, 5.0, 0.1)
    np.testing.assert_allclose(ratio, -budget.decay / abs(budget.noise + budget.signal))


def test_minibatch_of_one_is_the_single_example():
    rng = np.random.default_rng(2)
    x = rng.random((50, 12))
    single = theory.mean_field((12, 6, 3), inputs=x)
    whole = theory.mean_field((12, 6, 3), inputs=x, batch_size=1000)
    assert (whole.grad_sq < single.grad_sq).all()
    assert (whole.grad_sq > 0).all()
    np.testing.assert_allclose(single.grad_sq, theory.mean_field((12, 6, 3), squared_norm=(x**2).sum(axis=1)).grad_sq)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give either inputs"),
        ({"inputs": np.ones((3, 4)), "squared_norm": 1.0}, "not both"),
        ({"squared_norm": 1.0, "batch_size": 10}, "needs inputs"),
        ({"squared_norm": -1.0}, "squared_norm must be positive"),
        ({"squared_norm": 1.0, "init": "tiny"}, "init must be large or default"),
        ({"inputs": np.ones(4)}, "at least two examples"),
        ({"inputs": np.ones((3, 7))}, r"sizes\[0\] = 4 inputs"),
        ({"inputs": np.zeros((3, 4))}, "must not be all zero"),
        ({"squared_norm": []}, "at least one number"),
        ({"squared_norm": 1.0, "bias_std": -1.0}, "bias_std must"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        theory.mean_field((4, 3, 2), **arguments)


def test_the_order_of_the_examples_does_not_matter():
    rng = np.random.default_rng(3)
    x = rng.random((60, 12)) * rng.integers(1, 9, (60, 1))
    ways = [x, x[::-1], x[np.argsort(x.sum(axis=1))]]
    found = np.array([theory.mean_field((12, 6, 3), inputs=way, batch_size=10).grad_sq for way in ways])
    np.testing.assert_allclose(found, found[:1].repeat(3, axis=0), rtol=1e-12)


def test_sorted_examples_are_as_good_as_shuffled_ones():
    """More pairs than are taken: those of a sorted sample must not be neighbours."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal((500, 12)) + 3 * rng.standard_normal((10, 12))[rng.integers(0, 10, 500)]
    by_class = x[np.argsort(x @ rng.standard_normal(12))]
    found = [theory.mean_field((12, 6, 3), inputs=way, batch_size=10).grad_sq for way in (x, by_class)]
    np.testing.assert_allclose(found[0], found[1], rtol=0.05)


def test_without_biases():
    field = theory.mean_field((12, 6, 3), squared_norm=4.0, bias_std=0.0)
    assert field.preactivation_variance[0] == pytest.approx(4.0)
