"""The way of the weights along a schedule, step by written-out step, against `theory.trajectory`.

The gate is `reports.Comparison`, at each of the 64 recorded steps of a run: within 4 standard errors of the predicted
rms, and a standard error below 1%. Two-sided false-alarm rate of one gate: 6e-5; of the about 400 in this file together
2% for a new choice of seeds, and less because neighbouring steps are not independent. The seeds are fixed.
"""

from functools import lru_cache

import numpy as np
import pytest

import sim
import theory
from reports import Comparison
from theory import SGD, AdamW, schedules

STEPS, WEIGHTS, PRECISION = 1280, 20_000, 0.01
KINDS = ["momentum", "nesterov decoupled", "adamw"]


def draw(kind):
    """Random, non-round parameters: optimizer, (n, lam, eta) and noise, start; and a cosine with warm-up."""
    rng = np.random.default_rng([13, KINDS.index(kind)])
    n, eta, memory = rng.uniform(80, 900), rng.uniform(0.02, 0.09), rng.uniform(0.5, 0.85)
    optimizer = {
        "momentum": SGD(memory),
        "nesterov decoupled": SGD(memory, nesterov=True, decoupled=True),
        "adamw": AdamW((memory, rng.uniform(0.9, 0.98))),
    }[kind]
    lam = n * rng.uniform(1.5, 3.0) / (STEPS * eta)  # the run lasts so many memories of decay
    model = {"n": n, "lam": lam, "eta": eta, "noise": rng.uniform(0.1, 0.9), "optimizer": optimizer}
    start = rng.uniform(0.3, 1.5) * float(theory.equilibrium(**model).scale)
    return model, start, schedules.cosine(warmup=int(rng.integers(70, 200)), floor=rng.uniform(0.02, 0.1))


@lru_cache
def run(kind, decay_too=False):
    model, start, schedule = draw(kind)
    decay = {"decay_schedule": schedules.linear(floor=0.3)} if decay_too else {}
    return sim.walk(**model, weights=WEIGHTS, steps=STEPS, start=start, schedule=schedule, seed=6, **decay)


def verdicts(found, predicted, accuracy):
    """Return the verdict at every recorded step but the start."""
    steps, rms, error = (found[name].values[1:] for name in ("step", "rms", "rms_error"))
    return [
        Comparison(
            f"rms after {step} steps", float(predicted[step]), float(value), float(own), PRECISION, accuracy
        ).verdict
        for step, value, own in zip(steps, rms, error, strict=True)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_rms_at_every_recorded_step(kind):
    model, start, schedule = draw(kind)
    law = theory.trajectory(**model, steps=STEPS, start=start, schedule=schedule)
    assert set(verdicts(run(kind), law.rms, law.law.accuracy)) == {"agrees"}


@pytest.mark.parametrize("kind", KINDS)
def test_with_a_schedule_of_the_decay_too(kind):
    model, start, schedule = draw(kind)
    both = {"schedule": schedule, "decay_schedule": schedules.linear(floor=0.3)}
    law = theory.trajectory(**model, steps=STEPS, start=start, **both)
    found = run(kind, decay_too=True)
    assert set(verdicts(found, law.rms, law.law.accuracy)) == {"agrees"}
    np.testing.assert_allclose(found.learning_rate * found.weight_decay, law.rates.lr * law.rates.decay, rtol=1e-12)
    assert verdicts(run(kind), law.rms, law.law.accuracy)[-1] == "differs"  # the decay held, on the same gate


@pytest.mark.parametrize("kind", KINDS)
def test_other_laws_are_rejected(kind):
    """The negative controls: the same gate refuses the law of a held rate, and those that people mix up with this."""
    model, start, schedule = draw(kind)
    found, accuracy = run(kind), theory.trajectory(**model, steps=2, start=start).law.accuracy
    held = theory.trajectory(**model, steps=STEPS, start=start)
    assert verdicts(found, held.rms, accuracy)[-1] == "differs"
    assert verdicts(found, held.rms, accuracy).count("differs") > 32
    independent = theory.trajectory(**model, steps=STEPS, start=start, schedule=schedule, independent=True)
    assert verdicts(found, independent.rms, accuracy)[-1] == "differs"
    following = theory.trajectory(**model, steps=STEPS, start=start, schedule=schedule).momentary
    assert verdicts(found, np.concatenate([[start], following]), accuracy)[-1] == "differs"
