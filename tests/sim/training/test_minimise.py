"""The full-batch minimum: certified, the same from several starts, followed from lam to lam, and refused if not met."""

import numpy as np
import pytest

from sim import Data, TrainingError, minimise, save
from sim.training.minimise import _Problem
from sim.training.network import COSTS, Network
from sim.training.settings import TrainingSettings
from theory.settings import InvalidArgument

SIZES = (6, 4, 3)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 3, 120)
    inputs = rng.random((120, 6)) * [1, 1, 1, 5, 1, 0] + np.eye(3)[labels] @ rng.standard_normal((3, 6))
    return Data(inputs, labels, (100, 20, 0), "toy")


@pytest.mark.parametrize("cost", COSTS)
def test_gradient_against_finite_differences(data, cost):
    """In the coordinates of the search, whose last input varies not at all beyond its class."""
    problem = _Problem(data.train.inputs, data.train.labels, TrainingSettings(SIZES, 1, 1, lam=(0.3, 2.0), cost=cost))
    rng = np.random.default_rng(1)
    vector = rng.standard_normal(len(problem.vector(Network.initialised(SIZES, "default", rng, cost))))
    _, gradient = problem(vector)
    for i, step in enumerate(1e-6 * np.eye(len(vector))):
        slope = (problem(vector + step)[0] - problem(vector - step)[0]) / 2e-6
        assert slope == pytest.approx(gradient[i], rel=1e-6, abs=1e-8)


def test_coordinates_there_and_back(data):
    problem = _Problem(data.train.inputs, data.train.labels, TrainingSettings(SIZES, 1, 1))
    net = Network.initialised(SIZES, "large", np.random.default_rng(1))
    back = problem.network(problem.vector(net))
    for one, other in zip(net.weights + net.biases, back.weights + back.biases, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("cost", COSTS)
def test_the_record_is_that_of_the_network(data, cost):
    """And its gradient, taken by the reference in weights and biases, has the norm that certifies it."""
    lam = (0.5, 0.2)
    found = minimise(data, sizes=SIZES, lam=lam, cost=cost, seed=3, replicas=2)
    for _, one in found.groupby("replica"):
        one = one.squeeze("replica")
        net = Network([one[f"weights_{i}"].values for i in (2, 3)], [one[f"biases_{i}"].values for i in (2, 3)], cost)
        norms = np.array([(w**2).sum() for w in net.weights])
        np.testing.assert_allclose(one.norm_sq, norms, rtol=1e-12)
        np.testing.assert_allclose(one.rms**2 * [24, 12], norms, rtol=1e-12)
        np.testing.assert_allclose(one.penalty, np.array(lam) / 200 * norms, rtol=1e-12)
        c_0, accuracy = net.evaluate(data.train.inputs, data.train.labels)
        assert float(one.cost_0) == pytest.approx(c_0, rel=1e-12)
        assert float(one.cost) == pytest.approx(c_0 + float(one.penalty.sum()), rel=1e-12)
        assert float(one.accuracy) == accuracy
        grad_w, grad_b = net.gradient(data.train.inputs, np.eye(3)[data.train.labels])
        grad_w = [g + k / 100 * w for g, k, w in zip(grad_w, lam, net.weights, strict=True)]
        square = sum((g**2).sum() for g in grad_w + grad_b)
        assert float(one.gradient_norm) == pytest.approx(np.sqrt(square), rel=1e-6)
        assert float(one.excess) == pytest.approx(square / (2 * 0.2 / 100 * float(one.cost)), rel=1e-6)
        assert float(one.excess) < 1e-8


def test_a_convex_problem_has_one_minimum(data):
    """Without a hidden layer: from all starts the same, and where a much sharper search ends."""
    loose = minimise(data, sizes=(6, 3), lam=1.0, replicas=3, init="large", seed=1)
    sharp = minimise(data, sizes=(6, 3), lam=1.0, tolerance=1e-16)
    excess = loose.cost / float(sharp.cost[0]) - 1
    assert ((excess > -1e-14) & (excess <= loose.excess)).all()
    np.testing.assert_allclose(loose.norm_sq, np.broadcast_to(sharp.norm_sq, (3, 1)), rtol=1e-3)


def test_a_minimum_is_followed(data):
    """From where it was it takes fewer iterations than from anew, and from itself hardly any."""
    first = minimise(data, sizes=SIZES, lam=0.5, replicas=2)
    again = minimise(data, sizes=SIZES, lam=0.5, start=first)
    assert (again.iterations <= 5).all()
    np.testing.assert_allclose(again.cost, first.cost, rtol=1e-8)
    next_one, anew = (minimise(data, sizes=SIZES, lam=0.51, replicas=2, start=start) for start in (first, None))
    assert (next_one.iterations < anew.iterations).all()
    assert (next_one.norm_sq.sum("layer") < first.norm_sq.sum("layer")).all()


def test_strong_decay_leaves_no_weight_and_weak_decay_does(data):
    """With the biases at the class frequencies the cost is then theirs alone."""
    gone = minimise(data, sizes=SIZES, lam=1e4)
    shares = np.bincount(data.train.labels) / 100
    entropy = -(shares * np.log(shares) + (1 - shares) * np.log(1 - shares)).sum()
    assert float(gone.cost[0]) == pytest.approx(entropy, rel=1e-7)
    assert float(gone.norm_sq.sum()) < 1e-8
    assert float(minimise(data, sizes=SIZES, lam=0.1).norm_sq.sum()) > 1


def test_saves_to_netcdf(data, tmp_path):
    import xarray as xr

    found = minimise(data, sizes=SIZES)
    path = save(found, tmp_path / "minimum.nc")
    back = xr.load_dataset(path, engine="h5netcdf")
    xr.testing.assert_equal(back, found)
    assert (minimise(data, sizes=SIZES, start=back).iterations <= 5).all()


def test_progress_is_the_way_to_the_tolerance(data):
    seen = []
    found = minimise(data, sizes=SIZES, progress=seen.append)
    assert len(seen) == int(found.iterations[0])
    assert seen[0] > 1e-8 > seen[-1]


def test_an_interruption_reaches_the_caller(data):
    def interrupt(excess):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minimise(data, sizes=SIZES, progress=interrupt)


def test_what_did_not_converge_is_refused(data):
    with pytest.raises(TrainingError, match=r"after 3 iterations with excess = .*Allow more iterations"):
        minimise(data, sizes=SIZES, lam=0.1, iterations=3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lam": 0.0}, "lam must be positive"),
        ({"lam": (1.0, 0.0)}, "lam must be positive"),
        ({"lam": (1.0,)}, "one for each of the 2 layers"),
        ({"sizes": (5, 3)}, "begin with the data's 6 inputs"),
        ({"tolerance": 0.0}, "tolerance must"),
        ({"iterations": 0}, "iterations must be a whole number"),
        ({"start": 5}, "start must be what sim.minimise returned"),
    ],
)
def test_bad_settings(data, change, message):
    with pytest.raises(InvalidArgument, match=message):
        minimise(data, **{"sizes": SIZES} | change)


def test_a_start_of_other_sizes_is_refused(data):
    start = minimise(data, sizes=(6, 5, 3), lam=5.0)
    with pytest.raises(InvalidArgument, match=r"start must have sizes = \[6, 4, 3\], got \[6, 5, 3\]"):
        minimise(data, sizes=SIZES, start=start)
