"""Lion, Signum and schedule-free written out, against their laws: equilibria, the way from an empty memory, schedules.

Two gates (`Comparison`): within 4 standard errors and what the law leaves open, and sharp enough; each with a law that
the same gates reject. False-alarm rate of one gate: 6e-5, of the about 40 in this file together 0.3%.
"""

from functools import lru_cache

import numpy as np
import pytest

import theory
from reports.comparison import Comparison
from tests.agreement.walks import mean_square, on_the_way, settled
from theory import Lion, ScheduleFreeAdamW, ScheduleFreeSGD, Signum
from theory.weight.laws import closed_loop as loop


def agrees(name, predicted, measured, precision=0.01, accuracy=0.0):
    """Whether a mean with its standard error confirms the prediction."""
    return Comparison(name, predicted, *measured, precision=precision, accuracy=accuracy).verdict == "agrees"


def stationary(eq, *, noise, memory, relaxation, seed, weights=4000):
    """Return what is measured of E w^2 in the equilibrium's problem."""
    return settled(
        eq.optimizer, eq.eta, eq.lam / eq.n, noise=noise, curvature=eq.curvature, start=eq.scale,
        burn_in=int(8 * relaxation + 8 * memory), steps=int(40 * relaxation), weights=weights, seed=seed,
    )  # fmt: skip


DECOUPLED = ["lion", "signum", "signsgd"]


def draw(kind, seed):
    """Random, non-round parameters."""
    rng = np.random.default_rng([seed, DECOUPLED.index(kind)])
    lr, rate, noise = rng.uniform(0.01, 0.3), rng.uniform(0.02, 0.06), rng.uniform(0.1, 3)
    betas, momentum = (rng.uniform(0.6, 0.95), rng.uniform(0.8, 0.96)), rng.uniform(0.5, 0.93)
    optimizer = {"lion": Lion(betas), "signum": Signum(momentum), "signsgd": Signum(0.0)}[kind]
    return optimizer, lr, rate / lr, noise


@lru_cache
def measured(kind, seed):
    optimizer, lr, decay, noise = draw(kind, seed)
    eq = theory.equilibrium(lr=lr, weight_decay=decay, optimizer=optimizer)
    memory = 1 / (1 - eq.law.betas[1])
    return eq, stationary(eq, noise=noise, memory=memory, relaxation=eq.relaxation_time, seed=seed)


@pytest.mark.parametrize("kind", DECOUPLED)
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_equilibrium(kind, seed):
    eq, squares = measured(kind, seed)
    assert agrees(kind, eq.variance, squares, precision=0.005)
    optimizer, lr, decay, _ = draw(kind, seed)
    less = theory.equilibrium(lr=lr, weight_decay=0.9 * decay, optimizer=optimizer)
    assert not agrees(kind, less.variance, squares, precision=0.005)


def test_white_steps_are_rejected():
    _, squares = measured("lion", 1)
    _, lr, decay, _ = draw("lion", 1)
    white = theory.equilibrium(lr=lr, weight_decay=decay, optimizer=Signum(0.0)).variance
    assert not agrees("white", white, squares)


def squares_after(run, when, *, noise, seed, weights=20_000, read=lambda rule, w: w):
    """Return what is measured of E w^2 after some steps of a run with changing rates."""
    rates, model = run.rates, {"noise": noise, "start": run.start, "shape": weights, "seed": seed}
    steps = enumerate(on_the_way(run.problem.optimizer, rates.lr, rates.decay, **model), start=1)
    return {t: mean_square(read(rule, w)) for t, (w, rule) in steps if t in when}


@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [(Lion((0.87, 0.96)), None), (Lion((0.93, 0.9)), "cosine"), (Signum(0.91), "linear"), (Signum(0.83), None)],
)
def test_the_way_there(optimizer, schedule):
    run = theory.trajectory(lr=0.037, weight_decay=0.41, steps=150, start=0.13, schedule=schedule, optimizer=optimizer)
    when = (1, 3, 10, 30, 75, 150)
    found = squares_after(run, when, noise=0.7, seed=7)
    for t in when:
        assert agrees(f"step {t}", run.variance[t], found[t], precision=0.015), t
    a = 1 - 0.037 * 0.41
    held = theory.equilibrium(lr=0.037, weight_decay=0.41, optimizer=optimizer)
    naive = a**20 * 0.13**2 + held.variance * (1 - a**20)
    assert not agrees("naive exponential", naive, found[10], precision=0.015)
    if schedule:
        assert not agrees("constant rate", held.rms(150, 0.13) ** 2, found[150], precision=0.015)


def test_the_naive_exponential_is_thirty_times_too_high():
    optimizer, numbers = Lion(), {"lr": 1e-3, "weight_decay": 5.0}
    run = theory.trajectory(**numbers, steps=3, optimizer=optimizer)
    found = squares_after(run, (3,), noise=1.0, seed=3, weights=60_000)[3]
    assert agrees("three steps", run.variance[3], found)
    naive = theory.equilibrium(**numbers, optimizer=optimizer).variance * (1 - (1 - 5e-3) ** 6)
    assert naive > 25 * found[0]


LOOPS = [  # optimizer, rate over 1 - beta2, share of the rate that decoupled decay has
    (Signum(0.87, decoupled=False), 0.45, 0.0),
    (Signum(0.91, decoupled=False), 1.7, 0.0),
    (Signum(0.83), 0.7, 0.4),
    (Lion((0.88, 0.95)), 0.9, 0.5),
    pytest.param(Lion((0.9, 0.97)), 1.6, 0.3, marks=pytest.mark.slow),
    pytest.param(Signum(0.0, decoupled=False), 0.6, 0.0, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("optimizer", "relative", "share"), LOOPS)
def test_the_closed_loop_is_within_its_stated_error(optimizer, relative, share):
    lr, noise = 1.3e-3, 0.027
    betas = getattr(optimizer, "betas", None) or (optimizer.momentum, optimizer.momentum)
    rate = relative * (1 - betas[1])
    pull = (1 - share) * rate / loop.gain(*betas) * noise / lr  # curvature and coupled decay
    coupled = not getattr(optimizer, "decoupled", True)
    decay, curvature = (pull, 0.0) if coupled else (share * rate / lr, pull)
    eq = theory.equilibrium(lr=lr, weight_decay=decay, curvature=curvature, noise=noise, optimizer=optimizer)
    memory, own = 1 / (1 - betas[1]), int(1e3 * relative)
    squares = stationary(eq, noise=noise, memory=memory, relaxation=2 * eq.relaxation_time, seed=own)
    assert eq.method == "approximate"
    assert agrees("closed loop", eq.variance, squares, precision=0.006, accuracy=eq.accuracy)
    if coupled:
        decoupled = theory.equilibrium(lr=lr, weight_decay=decay, optimizer=Signum(optimizer.momentum))
        assert not agrees("decoupled", decoupled.variance, squares, precision=0.006, accuracy=eq.accuracy)
    less = theory.equilibrium(
        lr=lr, weight_decay=0.8 * decay, curvature=0.8 * curvature, noise=noise, optimizer=optimizer
    )
    assert not agrees("weaker pull", less.variance, squares, precision=0.006, accuracy=eq.accuracy)


def test_the_coupled_law_is_rejected_where_the_decay_is_decoupled():
    lr, decay, noise = 0.01, 3.1, 4.7
    coupled, decoupled = (
        theory.equilibrium(lr=lr, weight_decay=decay, noise=noise, optimizer=Signum(0.83, flag))
        for flag in (False, True)
    )
    squares = stationary(decoupled, noise=noise, memory=6, relaxation=decoupled.relaxation_time, seed=4)
    assert agrees("decoupled", decoupled.variance, squares)
    assert not agrees("coupled", coupled.variance, squares, accuracy=coupled.accuracy)


def test_open_loop_correlations_are_rejected(monkeypatch):
    """One round instead of many leaves the correlations as if the weight did not pull."""
    optimizer, noise, lr = Signum(0.9, decoupled=False), 0.02, 1e-3
    decay = 0.02 / loop.gain(0.9, 0.9) * noise / lr
    eq = theory.equilibrium(lr=lr, weight_decay=decay, noise=noise, optimizer=optimizer)
    squares = stationary(eq, noise=noise, memory=10, relaxation=2 * eq.relaxation_time, seed=19, weights=20_000)
    assert agrees("closed", eq.variance, squares, accuracy=eq.accuracy)
    monkeypatch.setattr(loop, "ROUNDS", 1)
    opened = lr**2 * loop._solved(0.9, 0.9, 0.0, lr * decay / noise)[0]
    assert not agrees("open", opened, squares, accuracy=eq.accuracy)


FREE = [ScheduleFreeSGD(0.83), ScheduleFreeSGD(0.9, r=0.6), ScheduleFreeAdamW((0.87, 0.95)), ScheduleFreeAdamW()]


@pytest.mark.parametrize("optimizer", FREE)
def test_schedule_free(optimizer):
    numbers = {"lr": 0.13, "weight_decay": 0.37, "start": 0.31, "noise": 0.83, "optimizer": optimizer}
    run = theory.trajectory(**numbers, steps=300)
    when = (3, 10, 40, 300)
    found = squares_after(run, when, noise=0.83, seed=5, read=lambda rule, w: rule.average_weights)
    for t in when:
        assert agrees(f"step {t}", run.variance[t], found[t], precision=0.015), t
    other = theory.AdamW() if run.law.method == "quadrature" else theory.SGD()
    plain = theory.trajectory(**numbers | {"optimizer": other}, steps=300)
    assert not agrees("without the average", plain.variance[300], found[300], precision=0.015)
