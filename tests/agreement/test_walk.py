"""Theory against simulation for one weight, with two gates and a negative control (house rule 8).

Gates (`reports.Comparison`): |z| < 4 (a true law fails once in 16,000) and an error bar below 0.5% of the predicted
scale. Walks start below (at zero) or above where they settle, and choose their burn-in from the data.
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


def measure(settings, seed, start):
    rate = settings["eta"] * settings["lam"] / settings["n"]
    slowest = min(rate, 2 - rate, 1 - abs(settings["correlation"]))
    result = sim.walk(**settings, weights=2000, steps=int(max(640, 60 / slowest)), start=start, seed=seed)
    assert result.attrs["stationary"] == 1
    scale = float(np.sqrt(result.variance))
    return scale, float(result.variance_error) / (2 * scale)


def predict(settings, **change):
    return theory.equilibrium(**{k: v for k, v in (settings | change).items() if k != "distribution"})


def verdict(predicted, measured, error):
    return Comparison("scale", predicted, measured, error, PRECISION).verdict


@pytest.mark.parametrize("seed", range(12))
def test_scale_and_negative_controls(seed):
    settings = draw_settings(seed)
    measured, error = measure(settings, seed, start=(0.0, 4.0)[seed % 2] * predict(settings).scale)
    assert verdict(predict(settings).scale, measured, error) == "agrees"
    wrong = {
        "lam off by 10%": predict(settings, lam=1.1 * settings["lam"]).scale,
        "a missing 1/2": predict(settings).scale * np.sqrt(2),
        "continuous time": predict(settings).scale * np.sqrt(1 - predict(settings).rate / 2),
    }
    if abs(settings["correlation"]) > 0.1:
        wrong["memory ignored"] = predict(settings, correlation=0.0).scale
    for law, scale in wrong.items():
        if abs(scale / predict(settings).scale - 1) > 10 * error / measured:  # else the wrong law is not wrong here
            assert verdict(scale, measured, error) == "differs", law
    assert abs(wrong["lam off by 10%"] / measured - 1) > 10 * error / measured or predict(settings).rate > 0.5


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_curvature_adds_to_the_decay(start):
    settings = {"n": 300.0, "lam": 11.0, "eta": 0.7, "curvature": 0.083}
    measured, error = measure(settings | {"correlation": 0.0}, 1, start)
    assert verdict(predict(settings).scale, measured, error) == "agrees"
    assert verdict(predict(settings, curvature=0.0).scale, measured, error) == "differs"


@pytest.mark.parametrize("start", [0.0, 1.7])
@pytest.mark.parametrize("correlation", [0.0, 0.93, -0.7])
def test_transient(start, correlation):
    """Every recorded step of a relaxation: 64 gates, of which a true law fails one in 250 choices of a seed."""
    settings = {"n": 90.0, "lam": 7.0, "eta": 0.31, "correlation": correlation}
    walk = sim.walk(**settings, weights=40_000, steps=320, start=start, seed=5)
    rows = list(zip(walk.step.values, walk.rms.values, walk.rms_error.values, strict=True))[1:]

    def verdicts(law):
        return {verdict(float(law.rms(step, start)), rms, error) for step, rms, error in rows}

    assert verdicts(predict(settings)) == {"agrees"}
    assert "differs" in verdicts(predict(settings, lam=7.7))
