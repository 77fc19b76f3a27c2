"""Scale-invariant vectors: norm, rotation and relaxation measured on the sphere against `theory.rotation`.

Gates as in test_optimizers: within 4 standard errors (false-alarm rate 6e-5 each, about 30 gates), standard error below
the stated precision. Where the theory is of first order in 1/C, the bias it leaves is stated and allowed for.
"""

from functools import lru_cache

import numpy as np
import pytest

from sim.walks.sphere import kick, sphere
from theory import AdamW
from theory.layer.rotation import rotation
from theory.settings import SGD

LAGS = (1, 6, 25)


def gates(measured, error, predicted, precision, bias=0.0):
    return abs(measured - predicted) < 4 * error + bias * predicted and error < precision * predicted


@lru_cache
def settled(optimizer, seed):
    rng = np.random.default_rng(seed)
    n, eta, rate = rng.uniform(100, 400), rng.uniform(0.2, 0.5), rng.uniform(0.015, 0.03)
    numbers = (n, rate * n / eta, eta)
    sgd = isinstance(optimizer, SGD)
    shape = {"dimension": 61 if sgd else 251, "grad_sq": rng.uniform(0.5, 2)}
    predicted = rotation(*numbers, optimizer=optimizer, **shape)
    run = sphere(
        optimizer, *numbers, **shape, vectors=100, steps=1200, burn_in=400, lags=LAGS,
        start=predicted.norm_sq**0.5, seed=seed,
    )  # fmt: skip
    return numbers, shape, predicted, run


OPTIMIZERS = [SGD(), AdamW((0.87, 0.95))]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=["sgd", "adamw"])
def test_norm(optimizer):
    (n, lam, eta), shape, predicted, run = settled(optimizer, 1)
    bias = 0.0 if isinstance(optimizer, SGD) else 0.3 / shape["dimension"]
    assert gates(run.norm_sq, run.norm_sq_error, predicted.norm_sq, 0.003, bias)
    wrong = rotation(n, 1.1 * lam, eta, optimizer=optimizer, **shape)
    assert not gates(run.norm_sq, run.norm_sq_error, wrong.norm_sq, 0.003, bias)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=["sgd", "adamw"])
@pytest.mark.parametrize("index", range(len(LAGS)))
def test_turn(optimizer, index):
    _, shape, predicted, run = settled(optimizer, 1)
    law = predicted.turn if LAGS[index] == 1 else 1 - predicted.cosine(LAGS[index])
    bias = 0.5 / shape["dimension"]
    assert gates(run.turn[index], run.turn_error[index], law, 0.01, bias)
    assert not gates(run.turn[index], run.turn_error[index], 1.1 * law, 0.01, bias)


def test_norm_spread_of_sgd():
    _, _, predicted, run = settled(SGD(), 1)
    assert run.norm_spread == pytest.approx(predicted.norm_spread, rel=0.1)


def test_the_step_of_adamw_is_not_the_diffusive_angle():
    """What surprises people: sqrt(2 eta k) overstates AdamW's angle per step by sqrt((1 + b1) / (1 - b1))."""
    (n, lam, eta), _, predicted, run = settled(OPTIMIZERS[1], 1)
    angle = np.arccos(1 - run.turn[0])
    b1 = OPTIMIZERS[1].beta1
    assert angle == pytest.approx(np.sqrt(2 * eta * lam / n * (1 - b1) / (1 + b1)), rel=0.1)
    assert angle < 0.4 * predicted.diffusive_angle


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=["sgd", "adamw"])
def test_relaxation(optimizer):
    """The record is long, so that the fast modes are gone in the half that counts; 1% is allowed for 1/C."""
    numbers, shape, predicted, _ = settled(optimizer, 1)
    tau = predicted.relaxation_time
    run = kick(
        optimizer, *numbers, **shape, vectors=200, steps=int(7 * tau), burn_in=300, by=0.005,
        start=predicted.norm_sq**0.5, seed=3,
    )  # fmt: skip
    assert gates(run.relaxation_time, run.relaxation_time_error, tau, 0.01, bias=0.01)
    assert not gates(run.relaxation_time, run.relaxation_time_error, 1.1 * tau, 0.01, bias=0.01)
