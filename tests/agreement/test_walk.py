"""Theory against simulation for one weight, with two gates and a negative control (house rule 8).

Gates: |z| < 4 (a true law fails once in 16,000) and an error bar below 0.5% of the predicted scale.
"""

import numpy as np
import pytest

import sim
import theory
from reports import Comparison

PRECISION = 0.005


def draw_settings(seed):
    """A random, non-round setting whose relaxation is short enough to be simulated in a second."""
    rng = np.random.default_rng(seed)
    n, eta = rng.uniform(20, 2000), 10 ** rng.uniform(-2, 1)
    rate = 10 ** rng.uniform(-2, 0.27)
    return {
        "n": n, "lam": rate * n / eta * rng.uniform(0.2, 1), "eta": eta, "noise": 10 ** rng.uniform(-2, 1),
        "correlation": float(rng.choice([0.0, rng.uniform(-0.9, 0.95)])), "curvature": 0.0,
        "distribution": str(rng.choice(["gaussian", "sign"])),
    }  # fmt: skip


def measure(settings, seed):
    rate = settings["eta"] * settings["lam"] / settings["n"]
    slowest = min(rate, 2 - rate, 1 - abs(settings["correlation"]))
    result = sim.walk(**settings, weights=2000, steps=int(max(640, 60 / slowest)), seed=seed)
    scale = float(np.sqrt(result.variance))
    return scale, float(result.variance_error) / (2 * scale)


def predict(settings, **change):
    return theory.equilibrium(**{k: v for k, v in (settings | change).items() if k != "distribution"})


@pytest.mark.parametrize("seed", range(12))
def test_scale_and_negative_controls(seed):
    settings = draw_settings(seed)
    measured, error = measure(settings, seed)
    assert Comparison("scale", predict(settings).scale, measured, error, PRECISION).verdict == "agrees"
    wrong = {
        "lam off by 10%": predict(settings, lam=1.1 * settings["lam"]).scale,
        "a missing 1/2": predict(settings).scale * np.sqrt(2),
        "continuous time": predict(settings).scale * np.sqrt(1 - predict(settings).rate / 2),
    }
    if abs(settings["correlation"]) > 0.1:
        wrong["memory ignored"] = predict(settings, correlation=0.0).scale
    for law, scale in wrong.items():
        if abs(scale / predict(settings).scale - 1) > 10 * error / measured:  # else the wrong law is not wrong here
            assert Comparison(law, scale, measured, error, PRECISION).verdict == "differs", law
    assert abs(wrong["lam off by 10%"] / measured - 1) > 10 * error / measured or predict(settings).rate > 0.5


def test_curvature_adds_to_the_decay():
    settings = {"n": 300.0, "lam": 11.0, "eta": 0.7, "curvature": 0.083}
    measured, error = measure(settings | {"correlation": 0.0}, 1)
    assert Comparison("scale", predict(settings).scale, measured, error, PRECISION).verdict == "agrees"
    assert Comparison("no h", predict(settings, curvature=0.0).scale, measured, error, PRECISION).verdict == "differs"


@pytest.mark.parametrize("start", [0.0, 1.7])
@pytest.mark.parametrize("correlation", [0.0, 0.93, -0.7])
def test_transient(start, correlation):
    """Every recorded step of a relaxation, within 4.5 sigma (64 points: a true law fails once in 2,300)."""
    settings = {"n": 90.0, "lam": 7.0, "eta": 0.31, "correlation": correlation}
    walk = sim.walk(**settings, weights=20_000, steps=320, start=start, burn_in=160, seed=5)
    later = walk.step.values > 0
    measured, error = walk.rms.values[later], walk.rms_error.values[later]
    predicted = predict(settings).rms(walk.step.values, start)[later]
    assert np.abs((measured - predicted) / error).max() < 4.5
    wrong = predict(settings, lam=7.7).rms(walk.step.values, start)[later]
    assert np.abs((measured - wrong) / error).max() > 4.5
