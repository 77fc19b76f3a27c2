"""alignment and grad_sq: what they are, their errors, and the identity that they must satisfy in every step."""

import numpy as np
import pytest

from sim import Data, train
from sim.training.engines import engine_for
from sim.training.network import Network, one_hot
from sim.training.settings import TrainingSettings
from sim.training.statistics import mean_over_steps
from theory.settings import InvalidArgument

SIZES = (10, 7, 4, 3)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(8)
    inputs = (rng.integers(0, 256, (330, 10)) * (rng.random((330, 10)) < 0.4)).astype(np.uint8)
    return Data(inputs, rng.integers(0, 3, 330), (300, 30, 0), "toy")


def squares(engine):
    return np.array([(w**2).sum() for w in engine.network().weights])


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
@pytest.mark.parametrize("batch_size", [1, 7, 300])
def test_the_identity_of_the_norm_through_an_epoch(data, engine, batch_size):
    """||w'||^2 = a^2 ||w||^2 - 2 a eta <w, g> + eta^2 ||g||^2, step by step, ends at the norm itself."""
    settings = TrainingSettings(SIZES, batch_size=batch_size, eta=0.7, lam=3.0, engine=engine)
    a, eta = settings.shrink(data), settings.eta
    trainer = engine_for(Network.initialised(SIZES, "large", np.random.default_rng(2)), data, settings)
    alignment, grad_sq = np.empty((2, settings.steps(data), 3))
    start = norm = squares(trainer)
    trainer.take_steps(np.random.default_rng(3).permutation(300), alignment, grad_sq)
    for w_g, g_g in zip(alignment, grad_sq, strict=True):
        norm = a**2 * norm - 2 * a * eta * w_g + eta**2 * g_g
    np.testing.assert_allclose(norm, squares(trainer), rtol=1e-12)
    assert (abs(norm / start - 1) > 1e-3).all()  # the norms did move


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
def test_they_are_of_the_minibatch_mean_gradient_without_decay(data, engine):
    result = train(data, sizes=SIZES, epochs=1, batch_size=300, lam=50.0, seed=6, engine=engine)
    rng = np.random.default_rng(np.random.SeedSequence(6).spawn(1)[0])
    net = Network.initialised(SIZES, "large", rng)
    grad_w, _ = net.gradient(data.train.inputs, one_hot(data.train.labels, 3))
    for layer, (w, g) in enumerate(zip(net.weights, grad_w, strict=True)):
        assert float(result.alignment[0, 1, layer]) == pytest.approx((w * g).sum(), rel=1e-10)
        assert float(result.grad_sq[0, 1, layer]) == pytest.approx((g**2).sum(), rel=1e-10)
    assert np.isnan(result.alignment_error[0, 1]).all()  # one step has no spread
    assert np.isnan(result.alignment[0, 0]).all()  # no step was taken before epoch 1


def test_the_error_covers_the_sampling(data):
    """Every 5th minibatch alone gives the same mean within the errors that it states."""
    settings = {"sizes": SIZES, "epochs": 8, "batch_size": 1, "eta": 0.01, "lam": 1.0, "replicas": 4}
    every, fifth = (train(data, statistics=k, **settings).sel(epoch=slice(2, None)) for k in ("every", 5))
    for name in ("alignment", "grad_sq"):
        error = np.sqrt(fifth[f"{name}_error"] ** 2 - every[f"{name}_error"] ** 2 * 0.2)
        pull = ((fifth[name] - every[name]) / error).values
        assert 0.6 < pull.std() < 1.4
        assert (fifth[f"{name}_error"] > 1.5 * every[f"{name}_error"]).mean() > 0.9


def test_the_error_of_a_mean_is_its_spread():
    values = np.random.default_rng(5).standard_normal((2000, 333, 1))
    means, errors = np.array([mean_over_steps(v) for v in values]).squeeze().T
    assert means.std() == pytest.approx(np.sqrt((errors**2).mean()), rel=0.05)


@pytest.mark.parametrize("statistics", ["never", 0, 2.5, 31])
def test_bad_sampling(data, statistics):
    with pytest.raises(InvalidArgument, match="statistics must"):
        train(data, sizes=SIZES, statistics=statistics)
