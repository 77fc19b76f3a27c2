import numpy as np
import pytest

from sim import Data, untrained
from sim.training.network import Network, one_hot
from theory.settings import InvalidArgument


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    return Data(rng.random((50, 6)), rng.integers(0, 3, 50), (32, 12, 6), "toy")


def test_against_a_network_by_hand(data):
    measured = untrained(data, sizes=(6, 4, 3), batch_size=5, replicas=2, batches=1, seed=8)
    for replica, child in enumerate(np.random.SeedSequence(8).spawn(2)):
        rng = np.random.default_rng(child)
        net = Network.initialised((6, 4, 3), "large", rng)
        batch = rng.integers(0, 32, (1, 5))[0]
        gradient, _ = net.gradient(data.train.inputs[batch], one_hot(data.train.labels[batch], 3))
        for i, (w, g) in enumerate(zip(net.weights, gradient, strict=True)):
            assert float(measured.grad_sq[replica, i]) == pytest.approx((g**2).sum(), rel=1e-12)
            assert float(measured.alignment[replica, i]) == pytest.approx((w * g).sum(), rel=1e-12)


def test_bad_settings(data):
    with pytest.raises(InvalidArgument, match="begin with the data's 6 inputs"):
        untrained(data, sizes=(5, 3))
    with pytest.raises(InvalidArgument, match="batches must be"):
        untrained(data, sizes=(6, 3), batches=0)
