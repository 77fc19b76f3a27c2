"""`sim.walk` under other optimizers than plain SGD, and on the sphere."""

import numpy as np
import pytest

import sim
from sim import walk
from sim.optimizers.rule import rule
from theory.settings import SGD, Adam, AdamW, InvalidArgument, Lion

SETTINGS = {"n": 100.0, "lam": 5.0, "eta": 0.5, "weights": 30, "steps": 640, "seed": 3}
OPTIMIZERS = [SGD(0.9), SGD(0.8, nesterov=True, decoupled=True), AdamW((0.9, 0.95)), Adam((0.9, 0.95)), Lion()]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_the_record(optimizer, tmp_path):
    result = walk(**SETTINGS, optimizer=optimizer, start=0.3)
    assert set(result) == set(walk(**SETTINGS))
    assert result.step.values[[0, 1, -1]].tolist() == [0, 10, 640]
    assert result.attrs["optimizer"] == type(optimizer).__name__
    assert result.equals(walk(**SETTINGS, optimizer=optimizer, start=0.3, threads=1))
    sim.save(result, tmp_path / "walk.nc")


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_the_steps_are_the_rules(optimizer):
    """Signs of size s as noise and 2 chunks; the first step from zero weights is the rule's, whatever the sign."""
    size, eta, weights = 0.7, 0.2, 4100
    result = walk(1.0, 0.3, eta, weights=weights, steps=64, noise=size, distribution="sign", optimizer=optimizer)
    w = np.zeros(1)
    rule(optimizer, 0.3, eta, w.shape).step(w, np.array([size]))
    assert float(result.rms[1]) == pytest.approx(abs(w[0]), rel=1e-12)
    assert float(result.rms_error[1]) < 1e-12


def test_plain_sgd_by_its_rule_is_the_compiled_walk():
    """Momentum 0 through the written-out rule and through the kernel, on the same noise."""
    from sim.walks.steps import optimizer_steps
    from sim.walks.walk import _plain_steps

    settings = {"n": 100.0, "lam": 5.0, "eta": 0.5, "noise": 0.1, "curvature": 0.2}
    noise = np.random.default_rng(0).standard_normal((64, 32))
    outcomes = []
    for take in (_plain_steps(settings), optimizer_steps(SGD(), settings, (32,))):
        w, total = np.ones(32), np.zeros(32)
        take(w, noise, total)
        outcomes.append((w, total))
    np.testing.assert_allclose(outcomes[0], outcomes[1], rtol=1e-12)


def test_without_momentum_decoupled_is_plain():
    assert walk(**SETTINGS, optimizer=SGD(decoupled=True)).equals(walk(**SETTINGS))


def test_the_sphere(tmp_path):
    result = walk(**SETTINGS, optimizer=AdamW((0.9, 0.95)), geometry="sphere", dimension=20, lags=(1, 5), start=1.0)
    assert result.lag.values.tolist() == [1, 5]
    assert float(result.burn_in) == 320
    assert float(result.variance * 20) == pytest.approx(float(result.norm_sq))
    assert 0 < float(result.turn[0]) < float(result.turn[1]) < 1
    sim.save(result, tmp_path / "sphere.nc")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimizer": "adam"}, "optimizer must be a theory.SGD"),
        ({"optimizer": SGD(0.9), "lam": 900.0}, "ran away"),
        ({"optimizer": Lion(), "lam": 900.0}, "ran away"),
        ({"geometry": "torus"}, "geometry must be"),
        ({"geometry": "sphere"}, "start must be positive"),
        ({"geometry": "sphere", "start": 1.0, "curvature": 0.1}, "curvature must be 0"),
        ({"geometry": "sphere", "start": 1.0, "distribution": "sign"}, "distribution must be 'gaussian'"),
        ({"geometry": "sphere", "start": 1.0, "dimension": 1}, "dimension must be"),
    ],
)
def test_bad_settings(change, message):
    with pytest.raises(InvalidArgument, match=message):
        walk(**SETTINGS | change)
