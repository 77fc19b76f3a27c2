"""Adam and its variants written out, against `theory.equilibrium` and `trajectory`.

Two gates each (`Comparison`: 4 standard errors beside the stated accuracy, and sharp) and a negative control.
"""

from functools import lru_cache

import numpy as np
import pytest

import sim
import theory
from reports.comparison import Comparison
from tests.agreement.walks import mean_square, on_the_way, settled
from theory import Adam, AdamW, NAdam, RAdam
from theory.weight.derivations.adam_response import spread
from theory.weight.laws.adam import AdamLaw

SIGMA = 0.03


def decoupled(optimizer):
    return isinstance(optimizer, AdamW) or getattr(optimizer, "decoupled_weight_decay", False)


KINDS = {
    "adamw": AdamW,
    "adam": Adam,
    "nadam": lambda betas: NAdam(betas, momentum_decay=0.2),
    "nadamw": lambda betas: NAdam(betas, momentum_decay=0.2, decoupled_weight_decay=True),
    "radam": RAdam,
    "radamw": lambda betas: RAdam(betas, decoupled_weight_decay=True),
    "undivided": lambda betas: RAdam((betas[0], 0.6)),
    "curved": AdamW,
}


@lru_cache
def drawn(kind, seed):
    """Return optimizer, learning rate, decay and curvature drawn at random, and what is measured there."""
    rng = np.random.default_rng([seed, *map(ord, kind)])
    optimizer = KINDS[kind]((rng.uniform(0.6, 0.9), rng.uniform(0.95, 0.98)))
    lr, rate = rng.uniform(0.5e-3, 2e-3), rng.uniform(0.03, 0.045)
    coupled = not decoupled(optimizer)
    decay = rate / lr * (1 if kind == "undivided" else SIGMA if coupled else 1)
    curvature = 0.0
    if kind == "curved":
        decay, curvature = 0.4 * decay, 0.4 * decay * SIGMA
    model = {"noise": SIGMA, "curvature": curvature}
    run = settled(optimizer, lr, decay, **model, weights=5000, steps=1800, burn_in=600, seed=seed)
    return optimizer, {"lr": lr, "weight_decay": decay} | model, run


def compared(eq, run, precision=0.004, accuracy=None):
    return Comparison("E w^2", eq.variance, *run, precision=precision, accuracy=accuracy or eq.accuracy).verdict


@pytest.mark.parametrize(
    ("kind", "seed"),
    [(k, 1) for k in KINDS] + [pytest.param(k, s, marks=pytest.mark.slow) for k in KINDS for s in (2, 3)],
)
def test_equilibrium(kind, seed):
    optimizer, numbers, run = drawn(kind, seed)
    assert compared(theory.equilibrium(**numbers, optimizer=optimizer), run) == "agrees"
    wrong = numbers | {"weight_decay": 1.1 * numbers["weight_decay"]}
    assert compared(theory.equilibrium(**wrong, optimizer=optimizer), run) == "differs"


@pytest.mark.parametrize(
    ("truth", "other"), [("adamw", Adam), ("nadamw", NAdam), ("adam", AdamW), ("curved", AdamW), ("nadam", AdamW)]
)
def test_the_law_of_another_optimizer_is_rejected(truth, other):
    optimizer, numbers, run = drawn(truth, 1)
    model = numbers | {"curvature": 0.0}
    if not decoupled(other()):  # its range ends below these decays
        model["noise"] = 20 * model["lr"] * model["weight_decay"]
    assert compared(theory.equilibrium(**model, optimizer=other(optimizer.betas)), run) == "differs"


def test_the_missing_term_is_seen():
    """Coupled Adam without its -s_2 (1 - phi), where that is four times the law's error."""
    optimizer, lr = Adam((0.0, 0.9)), 1e-3
    numbers = {"lr": lr, "weight_decay": 0.05 * SIGMA / lr, "noise": SIGMA}
    run = settled(optimizer, lr, numbers["weight_decay"], noise=SIGMA, weights=5000, steps=5000, burn_in=400, seed=4)
    eq = theory.equilibrium(**numbers, optimizer=optimizer)
    assert isinstance(eq.law, AdamLaw)
    assert compared(eq, run, precision=0.002) == "agrees"
    s2 = float(spread().subs({"b2": 0.9, "kappa": 3}))
    without = eq.variance + eq.law.steps.summed(1.0) / eq.law.steps.response * lr**2 / 0.1 * s2 * (1 - 0.1 / 0.2)
    assert Comparison("E w^2", without, *run, precision=0.002, accuracy=eq.accuracy).verdict == "differs"


WAYS = {  # optimizer, decay, curvature, start, accuracy of the way
    "adamw": (AdamW((0.85, 0.985)), 6.0, 0.0, 0.0, 0.013),
    "nadamw": (NAdam((0.85, 0.985), decoupled_weight_decay=True), 6.0, 0.0, 0.01, 0.013),
    "radamw": (RAdam((0.85, 0.985), decoupled_weight_decay=True), 6.0, 0.0, 0.0, 0.013),
    "adam": (Adam((0.85, 0.985)), 0.7, 0.0, 0.0, 0.05),
    "adam from far": (Adam((0.85, 0.985)), 0.7, 0.0, 0.3, 0.05),
    "nadam": (NAdam((0.85, 0.985)), 0.7, 0.0, 0.0, 0.05),
    "radam": (RAdam((0.85, 0.985)), 0.7, 0.0, 0.02, 0.05),
    "curved": (AdamW((0.85, 0.985)), 6.0, 0.3, 0.0, 0.05),
    "undivided": (RAdam((0.85, 0.6)), 6.0, 0.0, 0.01, 0.0),
    "amsgrad": (AdamW((0.85, 0.985), amsgrad=True), 6.0, 0.0, 0.0, 0.08),
}
TIMES = (1, 3, 10, 30, 100, 250)


@pytest.mark.parametrize("schedule", [None, "cosine"])
@pytest.mark.parametrize("name", WAYS)
def test_the_way_there(name, schedule):
    optimizer, decay, curvature, start, accuracy = WAYS[name]
    numbers = {"lr": 1.3e-3, "weight_decay": decay, "noise": SIGMA, "curvature": curvature, "optimizer": optimizer}
    run = theory.trajectory(**numbers, steps=TIMES[-1], start=start, schedule=schedule)
    model = {"noise": SIGMA, "curvature": curvature, "start": start, "shape": 20_000, "seed": 11}
    for t, (w, _) in enumerate(on_the_way(optimizer, run.rates.lr, decay, **model), start=1):
        if t in TIMES and np.ptp(w * w) > 1e-12 * np.max(w * w):
            seen = Comparison(f"{t}", run.variance[t], *mean_square(w), precision=0.012, accuracy=accuracy)
            assert seen.verdict == "agrees", (name, str(seen))


@pytest.mark.slow
def test_nadam_before_its_momentum_has_settled():
    """Mean over the run: PyTorch's momentum_decay takes 6124 steps to settle by e."""
    optimizer, decay = NAdam((0.745, 0.842), decoupled_weight_decay=True), 2.0
    run = theory.trajectory(lr=0.01, weight_decay=decay, steps=1500, optimizer=optimizer)
    samples = np.zeros(20_000)
    model = {"noise": SIGMA, "shape": samples.size, "seed": 3}
    for t, (w, _) in enumerate(on_the_way(optimizer, run.rates.lr, decay, **model), start=1):
        if t > 300:
            samples += w * w / 1200
    seen = samples.mean(), samples.std(ddof=1) / np.sqrt(samples.size)
    assert Comparison("E w^2", run.variance[301:].mean(), *seen, precision=0.003).verdict == "agrees"
    settled = theory.equilibrium(lr=0.01, weight_decay=1.05 * decay, optimizer=optimizer).variance
    assert Comparison("E w^2", settled, *seen, precision=0.003).verdict == "differs"


def test_the_naive_exponential_is_rejected_at_the_start():
    optimizer, decay = AdamW((0.9, 0.99)), 5.0
    eq = theory.equilibrium(lr=1e-3, weight_decay=decay, optimizer=optimizer)
    *_, (w, _) = on_the_way(optimizer, np.full(10, 1e-3), decay, noise=SIGMA, shape=20_000)
    mine = Comparison("after 10 steps", eq.rms(10, 0.0) ** 2, *mean_square(w), precision=0.012, accuracy=0.013)
    naive = eq.variance * (1 - eq.shrink**20)
    assert mine.verdict == "agrees"
    assert Comparison("naive", naive, *mean_square(w), precision=0.012, accuracy=0.013).verdict == "differs"


def test_maximize_is_minimising_the_opposite_cost():
    """The simulated steps, weight for weight; and the law, whose curvature changes its sign."""
    noise = np.random.default_rng(0).standard_normal((50, 3))
    for kind in (Adam, AdamW, NAdam, RAdam):
        up, down, w, v = (
            *(sim.rule_of(kind(maximize=m))(1.0, 1e-3, (3,)) for m in (True, False)),
            np.zeros(3),
            np.zeros(3),
        )
        for g in noise:
            up.step(w, g - 0.2 * w)
            down.step(v, -(g - 0.2 * v))
        np.testing.assert_array_equal(w, v)
        assert np.abs(w).min() > 0
    model = {"lr": 1e-3, "weight_decay": 2.0, "noise": 0.02}
    maximum = theory.equilibrium(**model, curvature=-0.1, optimizer=AdamW((0.9, 0.99), maximize=True))
    minimum = theory.equilibrium(**model, curvature=0.1, optimizer=AdamW((0.9, 0.99)))
    assert maximum.variance == minimum.variance
    assert abs(minimum.variance / theory.equilibrium(**model, optimizer=AdamW((0.9, 0.99))).variance - 1) > 0.1
