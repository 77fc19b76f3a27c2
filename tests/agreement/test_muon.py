"""Muon written out on a few matrices, against its law for large ones: equilibrium, the way there, a schedule.

Two gates (`Comparison`), at a precision of 1%, and laws that the same gates reject: white steps, and no orthogonalising
but signs. False-alarm rate of one gate: 6e-5.
"""

import numpy as np
import pytest

import theory
from reports.comparison import Comparison
from sim.optimizers.rule import rule_of
from theory import Lion, Muon

REPLICAS = 10


def agrees(name, predicted, samples, accuracy):
    """Whether the mean of independent samples confirms the prediction."""
    error = samples.std(ddof=1) / np.sqrt(samples.size)
    gate = Comparison(name, predicted, samples.mean(), error, precision=0.01, accuracy=accuracy)
    return gate.verdict == "agrees"


CASES = [
    (Muon(0.87), (26, 41)),
    (Muon(0.9, nesterov=False, adjust_lr_fn="match_rms_adamw"), (52, 26)),
    (Muon(0.83, ns_coefficients=(2.0, -1.5, 0.5), ns_steps=4), (33, 33)),
    pytest.param(Muon(0.85, ns_steps=None), (28, 50), marks=pytest.mark.slow),
    pytest.param(Muon(0.95, ns_steps=None), (12, 12), marks=pytest.mark.slow),
    pytest.param(Muon(), (40, 24), marks=pytest.mark.slow),
    pytest.param(Muon(), (9, 14), marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("optimizer", "shape"), CASES)
def test_equilibrium(optimizer, shape):
    lr, decay, noise = 0.021, 2.6, 0.37
    eq = theory.equilibrium(lr=lr, weight_decay=decay, optimizer=optimizer, shape=shape)
    rng = np.random.default_rng(sum(shape))
    w = eq.scale * rng.standard_normal((REPLICAS, *shape))
    rule = rule_of(optimizer)(decay, lr, w.shape)
    total, cosine, burn_in, steps = np.zeros(REPLICAS), 0.0, 200, 1000
    for t in range(burn_in + steps):
        before = w.copy()
        rule.step(w, noise * rng.standard_normal(w.shape))
        if t >= burn_in:
            total += np.mean(w**2, axis=(1, 2))
            cosine += np.sum(w * before) / np.sum(w * w) / steps
    squares = total / steps
    assert agrees("equilibrium", eq.variance, squares, eq.accuracy)
    turned = 1 - cosine
    assert turned == pytest.approx(1 - eq.law.step_cosine, rel=0.04 + eq.accuracy)
    unit = lr**2 / (1 - (1 - lr * decay) ** 2)
    assert not agrees("white steps", eq.law.series.alone * unit, squares, eq.accuracy)
    signs = theory.equilibrium(lr=lr, weight_decay=decay, optimizer=Lion(eq.law.betas)).law
    assert not agrees("signs", eq.law.series.alone * signs.summed(1 - lr * decay) * unit, squares, eq.accuracy)
    more = theory.equilibrium(lr=lr, weight_decay=1.1 * decay, optimizer=optimizer, shape=shape)
    assert not agrees("more decay", more.variance, squares, eq.accuracy)


@pytest.mark.parametrize("schedule", [None, "cosine"])
def test_the_way_there(schedule):
    optimizer, shape, start = Muon(0.9), (27, 40), 0.05
    run = theory.trajectory(
        lr=0.03, weight_decay=1.1, steps=60, start=start, schedule=schedule, optimizer=optimizer, shape=shape
    )
    rng = np.random.default_rng(8)
    w = start * rng.choice([-1.0, 1.0], (150, *shape))
    rule = rule_of(optimizer)(1.1, 0.03, w.shape)
    for t in range(1, 61):
        factor = run.rates.lr[t - 1] / 0.03
        rule.eta, rule.adjusted = 0.03 * factor, 0.03 * factor
        rule.step(w, rng.standard_normal(w.shape))
        if t in (1, 3, 10, 30, 60):
            assert agrees(f"step {t}", run.variance[t], np.mean(w**2, axis=(1, 2)), run.law.accuracy), t
    a = 1 - 0.033
    held = theory.equilibrium(lr=0.03, weight_decay=1.1, optimizer=optimizer, shape=shape)
    naive = a**120 * start**2 + held.variance * (1 - a**120)
    wrong = held.rms(60, start) ** 2 if schedule else naive
    assert not agrees("constant rate, or no start", wrong, np.mean(w**2, axis=(1, 2)), run.law.accuracy)
