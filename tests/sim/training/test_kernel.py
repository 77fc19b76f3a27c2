"""The compiled engine against the reference, and how compiled code is kept."""

import logging

import numba
import numpy as np
import pytest

from sim import Data, load_data, train
from sim.machinery.jit import announced, compiled
from sim.training.kernel import FARTHEST
from sim.training.network import COSTS


def images(examples=(60, 20, 0), pixels=12, classes=3, seed=1):
    """Bytes of which most are zero, and a column and a row that are zero altogether."""
    rng = np.random.default_rng(seed)
    inputs = (rng.integers(1, 256, (sum(examples), pixels)) * (rng.random((sum(examples), pixels)) < 0.3)).astype(
        np.uint8
    )
    inputs[:, 5] = 0
    inputs[7] = 0
    return Data(inputs, rng.integers(0, classes, len(inputs)), examples, "toy")


def assert_same(data, rtol=1e-10, dtype="float64", **settings):
    compiled_run, numpy_run = (train(data, engine=engine, dtype=dtype, **settings) for engine in ("compiled", "numpy"))
    assert set(compiled_run) == set(numpy_run)
    for name, expected in numpy_run.items():
        scale = 1.0 if name in ("sum", "mean", "alignment") else 0.0  # these may cancel
        np.testing.assert_allclose(compiled_run[name], expected, rtol=rtol, atol=rtol * scale, err_msg=name)


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("hidden", [(), (4,), (9, 5), (3, 8, 17, 2)])
def test_shapes_and_costs(hidden, cost):
    data = images()
    assert_same(data, sizes=(12, *hidden, 3), cost=cost, batch_size=7, epochs=2, eta=0.5, lam=0.7, seed=3)


@pytest.mark.parametrize("batch_size", [1, 10, 59, 60])
@pytest.mark.parametrize("init", ["large", "default"])
def test_batches(batch_size, init):
    assert_same(images(), sizes=(12, 6, 3), init=init, batch_size=batch_size, epochs=1, eta=1.0, lam=2.0)


@pytest.mark.parametrize("decay", [0.0, 1e-7, 0.9, 1.0, 1.7])
def test_decay_from_none_to_all_at_once(decay):
    """Of a = 1 - decay the scale of the first layer is the product: it is folded back before it leaves its range."""
    assert FARTHEST < 10**12  # twelve steps of a = 0.1 do leave it
    assert_same(images(), sizes=(12, 6, 3), batch_size=5, epochs=1, eta=0.5, lam=decay / 0.5 * 60)


def test_inputs_that_are_floats_and_outputs_beyond_the_classes():
    rng = np.random.default_rng(4)
    data = Data(rng.standard_normal((50, 9)), rng.integers(0, 3, 50), (50, 0, 0), "floats")
    assert_same(data, sizes=(9, 5, 4), epochs=1, batch_size=8, eta=0.3, lam=1.0)


def test_single_precision():
    assert_same(images(), sizes=(12, 6, 3), batch_size=7, epochs=2, eta=0.5, lam=0.7, dtype="float32", rtol=1e-4)
    double, single = (train(images(), sizes=(12, 6, 3), epochs=1, dtype=d) for d in ("float64", "float32"))
    assert 0 < float(abs(single.rms / double.rms - 1).max()) < 1e-5


def test_an_epoch_of_mnist():
    assert_same(load_data(), epochs=1, seed=2)


def test_statistics_may_be_sampled_or_left_out():
    data, settings = images(), {"sizes": (12, 6, 3), "batch_size": 7, "epochs": 2, "eta": 0.5}
    assert_same(data, statistics=4, **settings)
    without = train(data, statistics=None, **settings)
    every = train(data, **settings)
    assert "alignment" not in without
    np.testing.assert_allclose(without.rms, every.rms, rtol=1e-12)


def test_compiled_code_works_where_no_folder_can_be_written(monkeypatch, caplog):
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    with caplog.at_level(logging.INFO, "sim"):
        double = compiled(lambda x: 2 * x)
    assert double(21) == 42
    assert "no folder" in caplog.text


def test_compiling_is_announced_once(caplog):
    def one(x):
        return x + 1

    def two(x):
        return x + 2

    with caplog.at_level(logging.INFO, "sim"):
        functions = numba.njit(one), numba.njit(two)
        for _ in range(2):
            with announced("the sums"):
                assert [function(1) for function in functions] == [2, 3]
    assert caplog.messages == ["compiling the sums, once"]
