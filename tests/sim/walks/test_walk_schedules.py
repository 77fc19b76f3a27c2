"""`sim.walk` under a schedule, of matrices, and of the averages that optimizers keep."""

import numpy as np
import pytest

from sim import save, walk
from sim.optimizers.rule import rule_of
from theory.settings import (
    ASGD,
    SGD,
    SGDW,
    Adafactor,
    AdamW,
    InvalidArgument,
    Muon,
    ScheduleFreeSGD,
    schedules,
)

SETTINGS = {"n": 100.0, "lam": 5.0, "eta": 0.5, "weights": 40, "steps": 640, "seed": 3}


@pytest.mark.parametrize("optimizer", [SGD(), SGD(0.9), AdamW()], ids=str)
def test_a_held_schedule_is_none(optimizer):
    """Factors of one, on the stream of a held rate; plain SGD's stream is that of the compiled steps."""
    held = walk(**SETTINGS, optimizer=optimizer)
    same = walk(**SETTINGS, optimizer=optimizer, schedule="constant", decay_schedule=np.ones(640))
    np.testing.assert_allclose(same.rms, held.rms, rtol=1e-12)
    np.testing.assert_allclose(same.block_mean_square, held.block_mean_square, rtol=1e-12)
    half = walk(**SETTINGS, optimizer=optimizer, schedule=np.full(640, 0.5))
    assert not np.allclose(half.rms[1:], held.rms[1:], rtol=1e-3)
    np.testing.assert_array_equal(
        half.rms, walk(**SETTINGS | {"eta": 0.25}, optimizer=optimizer, schedule="constant").rms
    )


def test_the_record_of_a_schedule(tmp_path):
    schedule = schedules.cosine(warmup=64)
    result = walk(**SETTINGS, schedule=schedule, decay_schedule=np.linspace(2, 1, 640), start=0.3)
    assert result.attrs["stationary"] == 0
    assert result.attrs["burn_in_chosen"] == "none, the rates change"
    assert np.isnan([result.variance, result.variance_error, result.burn_in]).all()
    assert result.step.values[[0, 1, -1]].tolist() == [0, 10, 640]
    np.testing.assert_array_equal(result.learning_rate, 0.5 * schedule.factors(640))
    np.testing.assert_array_equal(result.weight_decay, 0.05 * np.linspace(2, 1, 640))
    assert save(result, tmp_path / "walk.nc").exists()
    again = walk(**SETTINGS, schedule=schedule, decay_schedule=np.linspace(2, 1, 640), start=0.3, threads=1)
    assert again.equals(result)


def test_the_rates_reach_the_rule():
    """Nothing but decay after the first step: the weights shrink as the product of what the steps leave."""
    factors, decays = np.random.default_rng(4).uniform(0.2, 1.0, (2, 64))
    result = walk(1.0, 0.3, 0.4, weights=2, steps=64, noise=1e-12, start=1.0, optimizer=SGDW(0.5), schedule=factors,
                  decay_schedule=decays)  # fmt: skip
    np.testing.assert_allclose(result.rms[1:], np.cumprod(1 - 0.12 * factors * decays), rtol=1e-9)


@pytest.mark.parametrize(("optimizer", "step"), [(Adafactor(), 1e-3), (AdamW(), 1.0), (SGD(), 0.7)], ids=str)
def test_the_first_step_of_matrices(optimizer, step):
    """From zero in noise of one size: Adafactor's step is its eps[1] in units of the rate, AdamW's is one."""
    signs = {"n": 1.0, "lam": 0.3, "noise": 0.7, "distribution": "sign", "weights": 3, "steps": 64}
    result = walk(**signs, eta=0.1, optimizer=optimizer, shape=(4, 7))
    assert result.attrs["shape"] == (4, 7)
    assert float(result.rms[1]) == pytest.approx(0.1 * step, rel=1e-6)
    assert float(result.rms_error[1]) < 1e-9
    assert walk(**signs, eta=0.1, optimizer=optimizer, shape=(4, 7), threads=1).equals(result)


def test_many_chunks_of_matrices():
    """Chunks of two matrices, on streams of their own: none is the copy of another."""
    result = walk(100.0, 20.0, 0.5, weights=5, steps=64, shape=(40, 50), threads=2)
    assert 0 < float(result.rms_error[-1]) < 0.05 * float(result.rms[-1])
    assert walk(100.0, 20.0, 0.5, weights=5, steps=64, shape=(40, 50), threads=1).equals(result)


def test_the_record_of_matrices_is_per_weight():
    """Weights that know nothing of each other have the same law whether they form matrices or not."""
    common = {"n": 100.0, "lam": 20.0, "eta": 0.5, "steps": 1280, "optimizer": SGD(0.5)}
    apart = walk(**common, weights=4000, seed=1)
    matrices = walk(**common, weights=200, shape=(4, 5), seed=2)
    vectors = walk(**common, weights=200, shape=(20,), seed=2)
    assert vectors.attrs["shape"] == (1, 20)
    np.testing.assert_allclose(vectors.rms, matrices.rms, rtol=1e-12)
    error = float(np.hypot(apart.variance_error, matrices.variance_error))
    assert abs(float(apart.variance - matrices.variance)) < 4 * error
    assert error < 0.02 * float(apart.variance)
    np.testing.assert_allclose(matrices.rms_error[8:].mean(), apart.rms_error[8:].mean(), rtol=0.15)
    double = walk(**common | {"eta": 1.0}, weights=200, shape=(4, 5), seed=2)
    assert abs(float(apart.variance - double.variance)) > 4 * error


def test_muon_is_not_white_noise():
    """The rms of Muon's step: eta sqrt(max(1, A/B)) sqrt(min(A, B)/(A B)) once its polar factor is exact."""
    result = walk(100.0, 1e-9, 0.1, weights=4, steps=64, shape=(6, 3), optimizer=Muon(0.0, False, ns_steps=None))
    step = 0.1 * np.sqrt(2) * np.sqrt(3 / 18)
    assert float(result.rms[1]) == pytest.approx(step, rel=1e-9)
    assert float(result.rms_error[1]) < 1e-9


@pytest.mark.parametrize(
    ("optimizer", "name"), [(ASGD(0.0, t0=8), "ax"), (ScheduleFreeSGD(0.0), "average")], ids=["asgd", "schedule-free"]
)
def test_the_average_is_the_rules(optimizer, name):
    weights = walk(**SETTINGS, optimizer=optimizer)
    average = walk(**SETTINGS, optimizer=optimizer, average=True)
    assert average.attrs["average"] == 1
    assert float(average.rms[-1]) < 0.8 * float(weights.rms[-1])
    rule = rule_of(optimizer)(0.1, 0.2, (3,))
    rule.step(np.ones(3), np.ones(3))
    assert rule.average_weights is getattr(rule, name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"steps": 650, "schedule": "cosine"},
            "steps must be a multiple of 64 under a schedule, got 650. Write",
        ),
        ({"schedule": "cosin"}, "schedule must be one of"),
        ({"schedule": np.ones(639)}, "one factor a step, got 639 for 640"),
        ({"decay_schedule": [1.0, -1.0]}, "schedule must be zero or positive"),
        ({"schedule": "linear", "burn_in": 64}, "burn_in must be None under a schedule"),
        ({"schedule": np.full(640, 30.0), "optimizer": SGD(0.9), "lam": 900.0}, "ran away"),
        ({"optimizer": Muon()}, r"got Muon\..*shape=\(rows, columns\)"),
        ({"optimizer": Adafactor()}, r"got Adafactor\..*shape=\(rows, columns\)"),
        ({"shape": (3, 4, 5)}, r"shape must be \(rows, columns\)"),
        ({"shape": 7}, r"shape must be \(rows, columns\)"),
        ({"shape": (0, 7)}, "shape must be a whole number of at least 1"),
        ({"average": True}, "average must be False for SGD"),
        ({"average": 1}, "average must be True or False"),
    ],
)
def test_bad_settings(change, message):
    with pytest.raises(InvalidArgument, match=message):
        walk(**SETTINGS | change)
