import re
from dataclasses import replace

import numpy as np
import pytest

from sim import Data, load, save, train
from sim.training.network import Network, one_hot
from theory.settings import InvalidArgument

SIZES = (6, 4, 3)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    return Data(rng.random((50, 6)), rng.integers(0, 3, 50), (32, 12, 6), "toy")


def test_the_record(data):
    ticks = []
    result = train(data, sizes=SIZES, epochs=3, batch_size=5, eta=0.5, lam=0.3, replicas=2, seed=4, engine="numpy",
                   progress=lambda: ticks.append(1))  # fmt: skip
    assert len(ticks) == 6
    assert result.rms.dims == ("replica", "epoch", "layer")
    assert result.cost.dims == ("replica", "epoch", "split")
    assert result.layer.values.tolist() == [2, 3]
    assert result.fan_in.values.tolist() == [6, 4]
    assert result.attrs["seed"] == 4
    assert result.attrs["n"] == 32
    assert not np.array_equal(result.rms[0], result.rms[1])
    np.testing.assert_allclose(result.rms**2, result.variance + result["mean"] ** 2, rtol=1e-12)
    np.testing.assert_allclose(result["mean"] * result.layer_weights, result["sum"], rtol=1e-12)


def test_statistics_and_rule_against_a_run_by_hand(data):
    """One epoch written out: the decay multiplies before the gradient step, the last minibatch is what is left."""
    eta, lam, m = 0.5, 0.3, 5
    result = train(data, sizes=SIZES, epochs=1, batch_size=m, eta=eta, lam=lam, seed=9, engine="numpy").sel(
        epoch=1, replica=0
    )
    rng = np.random.default_rng(np.random.SeedSequence(9).spawn(1)[0])
    net = Network.initialised(SIZES, "large", rng)
    order = rng.permutation(32)
    for batch in (order[i : i + m] for i in range(0, 32, m)):
        grad_w, grad_b = net.gradient(data.train.inputs[batch], one_hot(data.train.labels[batch], 3))
        net.weights = [(1 - eta * lam / 32) * w - eta * g for w, g in zip(net.weights, grad_w, strict=True)]
        net.biases = [b - eta * g for b, g in zip(net.biases, grad_b, strict=True)]
    for i, w in enumerate(net.weights):
        expected = {"rms": np.sqrt((w**2).mean()), "variance": w.var(), "sum": w.sum(), "l1": np.abs(w).sum(),
                    "induced_1_norm": np.linalg.norm(w, 1)}  # fmt: skip
        for name, value in expected.items():
            assert float(result[name][i]) == pytest.approx(value, rel=1e-12), name
    penalty = lam / 64 * sum((w**2).sum() for w in net.weights)
    assert float(result.cost[0]) == pytest.approx(net.evaluate(data.train.inputs, data.train.labels)[0] + penalty)


def test_evaluation_now_and_then_changes_nothing_else(data):
    often, seldom = (train(data, sizes=SIZES, epochs=5, seed=1, evaluate_every=k) for k in (1, 2))
    assert seldom.cost.isnull().all(("replica", "split")).values.tolist() == [False, True, False, True, False, True]
    assert seldom.drop_vars(["cost", "accuracy"]).equals(often.drop_vars(["cost", "accuracy"]))
    assert (seldom.cost[:, ::2] == often.cost[:, ::2]).all()


def test_same_seed_same_bits(data):
    runs = [train(data, sizes=SIZES, epochs=2, seed=seed) for seed in (1, 1, 2)]
    assert runs[0].equals(runs[1])
    assert not runs[0].equals(runs[2])


def test_no_decay_no_gradient_nothing_moves(data):
    still = train(data, sizes=SIZES, epochs=1, eta=1e-300, lam=0.0)
    assert float(abs(still.rms[:, 1] - still.rms[:, 0]).max()) == 0.0


def test_saves_to_netcdf(data, tmp_path):
    import xarray as xr

    result = train(data, sizes=SIZES, epochs=1)
    path = save(result, tmp_path / "run.nc")
    xr.testing.assert_equal(xr.load_dataset(path, engine="h5netcdf"), result)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": (5, 3)}, "begin with the data's 6 inputs"),
        ({"sizes": (6, 2)}, "at least the data's 3 classes"),
        ({"sizes": (6,)}, "at least one more layer"),
        ({"sizes": (6, 0, 3)}, "sizes must be a whole number"),
        ({"epochs": 0}, "epochs must be a whole number"),
        ({"batch_size": 33}, "must not exceed the 32"),
        ({"eta": -1.0}, "eta must be positive"),
        ({"lam": float("nan")}, "lam must be zero or positive"),
        ({"lam": (1.0, 2.0, 3.0)}, "one for each of the 2 layers"),
        ({"lam": (1.0, -2.0)}, "lam must be zero or positive"),
        ({"bias_init": "tiny"}, "bias_init must be one of normal, zero"),
        ({"evaluate_from": -1}, "evaluate_from must be a whole number"),
        ({"init": "tiny"}, "init must be one of default, large"),
        ({"cost": "hinge"}, "cost must be one of"),
        ({"engine": "abacus"}, "engine must be one of"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"replicas": 1.5}, "replicas must be a whole number"),
    ],
)
def test_bad_settings(data, change, message):
    with pytest.raises(InvalidArgument, match=message):
        train(data, **{"sizes": SIZES, "epochs": 1} | change)


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
def test_weights_that_diverge_are_said_and_what_was_recorded_is_kept(data, engine, caplog, tmp_path):
    result = train(data, sizes=SIZES, epochs=20, eta=0.1, lam=32 * 30.0, batch_size=8, engine=engine)
    said = result.attrs["diverged"]
    assert re.search(
        r"replica 0: the weights of layer \d have an rms of .* in epoch \d+ \(eta = 0.1, lam = 960\)", said
    )
    assert "1 - eta lam / n = -2 is below -1" in said
    assert said.endswith("Take a smaller lam, or an eta well below 2 n / lam = 0.0667.")
    assert caplog.messages[-1] == f"diverged: {said}"
    epoch = int(re.search(r"epoch (\d+)", said)[1])
    assert np.isfinite(result.rms.values[0, :epoch]).all()
    assert np.isnan(result.rms.values[0, epoch:]).all()
    assert load(save(result, tmp_path / "run.nc")).identical(result)


def test_weights_that_overflow_within_an_epoch(data):
    said = train(data, sizes=SIZES, epochs=2, eta=1e200, lam=0.0).attrs["diverged"]
    assert "not the reason. Take a smaller eta." in said
    assert train(data, sizes=SIZES, epochs=2, eta=0.1, lam=32 * 19.9).attrs["diverged"] == ""


def test_what_was_decided_on_loading_is_recorded(data):
    named = replace(data, notes=("pixels: as asked", "split: mine"), class_names=("a", "b", "c"))
    result = train(named, sizes=SIZES, epochs=1)
    assert result.attrs["data_notes"] == "pixels: as asked; split: mine"
    assert result.attrs["class_names"] == "a, b, c"


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_one_decay_for_each_layer(data, engine, dtype):
    """Equal ones are one number, to the bit; other ones are another run."""
    settings = {"sizes": SIZES, "epochs": 2, "batch_size": 5, "seed": 8, "engine": engine, "dtype": dtype}
    one, equal, own = (train(data, lam=lam, **settings) for lam in (0.3, [0.3, 0.3], np.array([0.3, 0.9])))
    assert equal.attrs["lam"] == [0.3, 0.3]
    assert equal.drop_vars("cost").equals(one.drop_vars("cost"))
    np.testing.assert_allclose(equal.cost, one.cost, rtol=1e-15)
    assert not np.array_equal(own.rms, one.rms)


def test_decays_of_layers_against_a_run_by_hand(data):
    eta, lam, m = 0.5, (0.3, 6.0), 5
    result = train(data, sizes=SIZES, epochs=1, batch_size=m, eta=eta, lam=lam, seed=9).sel(epoch=1, replica=0)
    rng = np.random.default_rng(np.random.SeedSequence(9).spawn(1)[0])
    net = Network.initialised(SIZES, "large", rng)
    order = rng.permutation(32)
    for batch in (order[i : i + m] for i in range(0, 32, m)):
        net.step(data.train.inputs[batch], one_hot(data.train.labels[batch], 3), eta, [1 - eta * k / 32 for k in lam])
    norms = np.array([(w**2).sum() for w in net.weights])
    np.testing.assert_allclose(result.rms**2 * result.layer_weights, norms, rtol=1e-10)
    np.testing.assert_allclose(result.penalty, np.array(lam) / 64 * norms, rtol=1e-10)
    c_0 = net.evaluate(data.train.inputs, data.train.labels)[0]
    assert float(result.cost.sel(split="train") - result.penalty.sum()) == pytest.approx(c_0, rel=1e-10)


def test_biases_may_start_at_zero(data):
    """With the same weights: the record before training, which knows weights alone, is the same."""
    normal, zero = (train(data, sizes=SIZES, epochs=1, seed=2, bias_init=start) for start in ("normal", "zero"))
    assert (normal.rms[:, 0] == zero.rms[:, 0]).all()
    assert (normal.cost[:, 0] != zero.cost[:, 0]).all()
    net = Network.initialised(SIZES, "large", np.random.default_rng(2), bias_init="zero")
    assert not any(b.any() for b in net.biases)


def test_evaluation_of_the_last_epochs(data):
    """What is evaluated does not depend on how long the run is, so that it can be resumed."""
    all_of_them, last = (train(data, sizes=SIZES, epochs=5, seed=1, evaluate_from=k) for k in (0, 4))
    assert last.cost.isnull().all(("replica", "split")).values.tolist() == [True] * 4 + [False] * 2
    assert last.isel(epoch=slice(4, None)).equals(all_of_them.isel(epoch=slice(4, None)))
