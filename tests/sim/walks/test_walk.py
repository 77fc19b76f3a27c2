"""`sim.walk`: its record, its noise, its burn-in, under every optimizer, and the numbers that a seed stands for."""

import numpy as np
import pytest

from sim import walk
from sim.optimizers.rule import rule_of
from sim.walks.settings import DISTRIBUTIONS, WalkSettings
from sim.walks.steps import optimizer_steps, plain_steps
from theory.settings import SGD, SGDW, Adam, AdamW, InvalidArgument, Lion

SETTINGS = {"n": 100.0, "lam": 5.0, "eta": 0.5, "weights": 30, "steps": 640, "seed": 3}
OPTIMIZERS = [SGD(0.9), SGD(0.8, nesterov=True, decoupled=True), AdamW((0.9, 0.95)), Adam((0.9, 0.95)), Lion()]


def test_the_record():
    result = walk(100, 20.0, 0.5, weights=50, steps=650, start=2.0, seed=3)
    assert result.step.values[[0, 1, -1]].tolist() == [0, 10, 640]
    assert float(result.rms[0]) == 2.0
    assert result.attrs["noise"] == pytest.approx(0.1)
    assert result.attrs["steps"] == 640
    assert result.attrs["stationary"] == 1
    assert result.attrs["optimizer"] == "SGD"
    assert result.equals(walk(100, 20.0, 0.5, weights=50, steps=650, start=2.0, seed=3))
    assert not result.equals(walk(100, 20.0, 0.5, weights=50, steps=650, start=2.0, seed=4))


STORED = {  # (distribution, correlation): variance, rms at the end and variance_error, of the first version's walks
    ("gaussian", 0.0): ("0x1.b245cbe5cc1a6p-7", "0x1.ebcc936046a2dp-4", "0x1.99f244af80ad9p-14"),
    ("gaussian", 0.6): ("0x1.6b95d2e146d3cp-5", "0x1.c1e3f602a4c3ep-3", "0x1.c67055a9124a8p-12"),
    ("sign", 0.0): ("0x1.abc967616a219p-7", "0x1.d0254c7877c07p-4", "0x1.69303a72f8c4fp-14"),
    ("sign", 0.6): ("0x1.6a8a4b9b58cd9p-5", "0x1.b59e520fd6779p-3", "0x1.37a2b16098df3p-12"),
}
STORED_OPTIMIZERS = {
    SGD(0.9): ("0x1.acaf1b12a6cd0p-2", "0x1.2067352073f59p-1"),
    SGD(0.8, nesterov=True, decoupled=True): ("0x1.17e1ce4e04da3p-1", "0x1.59200623b8cacp-1"),
    AdamW((0.9, 0.95)): ("0x1.4a1d4200f0096p+0", "0x1.1739a65520bd0p+0"),
    Adam((0.9, 0.95)): ("0x1.973c9842e39f5p-2", "0x1.1ddbfb8d64916p-1"),
    Lion((0.9, 0.99)): ("0x1.0e82b1f0ba752p+2", "0x1.c88dcef7ff194p+0"),
}
ROUNDING = 1e-10  # other processors sum in another order


@pytest.mark.parametrize(("distribution", "correlation"), STORED)
def test_a_seed_stands_for_these_numbers(distribution, correlation):
    """The streams of random numbers are part of what a seed promises: no change of the code may shift them."""
    found = walk(
        100, 20.0, 0.5, weights=600, steps=640, correlation=correlation, distribution=distribution, seed=3, start=0.5
    )
    stored = [float.fromhex(number) for number in STORED[distribution, correlation]]
    numbers = [float(found.variance), float(found.rms[-1]), float(found.variance_error)]
    np.testing.assert_allclose(numbers, stored, rtol=ROUNDING)


@pytest.mark.parametrize("optimizer", STORED_OPTIMIZERS, ids=str)
def test_a_seed_stands_for_these_numbers_under_every_optimizer(optimizer):
    found = walk(**SETTINGS, optimizer=optimizer, start=0.3, curvature=0.01)
    stored = [float.fromhex(number) for number in STORED_OPTIMIZERS[optimizer]]
    np.testing.assert_allclose([float(found.variance), float(found.rms[-1])], stored, rtol=ROUNDING)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("correlation", [0.0, 0.8, -0.6])
def test_the_noise_is_what_it_says(distribution, correlation):
    """With a = 0 the weight is the last noise: its size, sign symmetry and memory can be read off."""
    size, eta = 0.7, 2.0
    result = walk(1.0, 1 / eta, eta, weights=40_000, steps=64, noise=size, correlation=correlation,
                  distribution=distribution, burn_in=0, seed=1)  # fmt: skip
    error = float(result.variance_error)
    assert abs(float(result.variance) - (eta * size) ** 2) < 4 * max(error, 1e-12)
    if distribution == "sign":
        assert float(result.rms[-1]) == pytest.approx(eta * size, rel=1e-12)


def test_burn_in_given_and_found():
    given = walk(100, 4.0, 0.5, weights=300, steps=6400, start=30.0, burn_in=1500, seed=1)
    found = walk(100, 4.0, 0.5, weights=300, steps=6400, start=30.0, seed=1)
    assert float(given.burn_in) == 1500
    assert given.attrs["burn_in_chosen"] == "given"
    assert found.attrs["burn_in_chosen"] == "from the data"
    assert 100 < float(found.burn_in) <= 3200
    sigma = np.hypot(float(given.variance_error), float(found.variance_error))
    assert abs(float(given.variance - found.variance)) < 4 * sigma


def test_a_walk_that_does_not_settle_says_so():
    result = walk(1e6, 1.0, 0.1, weights=100, steps=640, start=0.0)
    assert result.attrs["stationary"] == 0
    assert np.isnan(result.variance)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_the_record_under_every_optimizer(optimizer):
    result = walk(**SETTINGS, optimizer=optimizer, start=0.3)
    assert set(result) == set(walk(**SETTINGS))
    assert result.step.values[[0, 1, -1]].tolist() == [0, 10, 640]
    assert result.attrs["optimizer"] == type(optimizer).__name__
    assert result.equals(walk(**SETTINGS, optimizer=optimizer, start=0.3, threads=1))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_the_steps_are_the_rules(optimizer):
    """Signs of size s as noise and 2 chunks; the first step from zero weights is the rule's, whatever the sign."""
    size, eta, weights = 0.7, 0.2, 4100
    result = walk(1.0, 0.3, eta, weights=weights, steps=64, noise=size, distribution="sign", optimizer=optimizer)
    w = np.zeros(1)
    rule_of(optimizer)(0.3, eta, w.shape).step(w, np.array([size]))
    assert float(result.rms[1]) == pytest.approx(abs(w[0]), rel=1e-12)
    assert float(result.rms_error[1]) < 1e-12


def test_plain_sgd_by_its_rule_is_the_compiled_walk():
    """Momentum 0 through the written-out rule and through the kernel, on the same noise."""
    settings = WalkSettings(100.0, 5.0, 0.5, noise=0.1, curvature=0.2)
    noise = np.random.default_rng(0).standard_normal((64, 32))
    outcomes = []
    for take in (plain_steps(settings), optimizer_steps(settings, (32,))):
        w, total = np.ones(32), np.zeros(32)
        take(w, noise, total)
        outcomes.append((w, total))
    np.testing.assert_allclose(outcomes[0], outcomes[1], rtol=1e-12)


def test_without_momentum_decoupled_is_plain():
    for optimizer in (SGD(decoupled=True), SGDW()):
        assert walk(**SETTINGS, optimizer=optimizer).equals(walk(**SETTINGS))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": 1}, "weights must be a whole number of at least 2"),
        ({"steps": 63}, "steps must be a whole number of at least 64"),
        ({"noise": 0.0}, "noise must be positive"),
        ({"correlation": 1.0}, "correlation must be between"),
        ({"distribution": "cauchy"}, "distribution must be one of"),
        ({"lam": 500.0}, "run away"),
        ({"curvature": -1.0}, "run away"),
        ({"start": float("inf")}, "start must be finite"),
        ({"burn_in": 600}, "burn_in must be between"),
        ({"n": -1.0}, "n must be positive"),
        ({"lam": np.array([1.0, 2.0])}, "lam must be one number"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"optimizer": SGD(0.9), "lam": 900.0}, "ran away"),
        ({"optimizer": Lion(), "lam": 900.0}, "ran away"),
    ],
)
def test_bad_settings(change, message):
    with pytest.raises(InvalidArgument, match=message):
        walk(**SETTINGS | change)


def test_scale_invariant_vectors_are_another_function():
    with pytest.raises(TypeError, match="geometry"):
        walk(**SETTINGS, geometry="sphere")
