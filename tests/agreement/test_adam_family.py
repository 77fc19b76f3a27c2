"""Adam and its variants written out as torch's single-tensor code, against `theory.equilibrium` and `trajectory`.

Two gates each (`Comparison`: 4 standard errors beside the stated accuracy, and sharp) and a negative control.
"""

from functools import lru_cache

import numpy as np
import pytest

import sim
import theory
from reports.comparison import Comparison
from theory import Adam, AdamW, NAdam, RAdam
from theory.weight.derivations.adam_response import spread
from theory.weight.laws.adam import AdamLaw

SIGMA = 0.03


class Steps:
    """torch 2's `_single_tensor_adam`, `_nadam` and `_radam`, on an array of independent weights."""

    def __init__(self, optimizer, shape):
        self.optimizer, self.m, self.v, self.most = optimizer, np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.t, self.mu_product = 0, 1.0

    @property
    def decoupled(self):
        return isinstance(self.optimizer, AdamW) or getattr(self.optimizer, "decoupled_weight_decay", False)

    def step(self, w, gradient, lr, weight_decay):
        o, (b1, b2) = self.optimizer, self.optimizer.betas
        self.t += 1
        grad = -gradient if o.maximize else gradient
        if self.decoupled:
            w *= 1 - lr * weight_decay
        else:
            grad = grad + weight_decay * w
        self.m += (1 - b1) * (grad - self.m)
        self.v = b2 * self.v + (1 - b2) * grad * grad
        correction1, correction2 = 1 - b1**self.t, 1 - b2**self.t
        if isinstance(o, NAdam):
            mu = b1 * (1.0 - 0.5 * (0.96 ** (self.t * o.momentum_decay)))
            mu_next = b1 * (1.0 - 0.5 * (0.96 ** ((self.t + 1) * o.momentum_decay)))
            self.mu_product *= mu
            denom = np.sqrt(self.v / correction2) + o.eps
            w -= lr * (1.0 - mu) / (1.0 - self.mu_product) * grad / denom
            w -= lr * mu_next / (1.0 - self.mu_product * mu_next) * self.m / denom
        elif isinstance(o, RAdam):
            rho_inf = 2 / (1 - b2) - 1
            rho_t = rho_inf - 2 * self.t * (b2**self.t) / correction2
            update = self.m / correction1
            if rho_t > 5.0:
                rect = ((rho_t - 4) * (rho_t - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho_t)) ** 0.5
                update = update * rect * correction2**0.5 / (np.sqrt(self.v) + o.eps)
            w -= lr * update
        else:
            self.most = np.maximum(self.most, self.v)
            denom = np.sqrt(self.most if o.amsgrad else self.v) / correction2**0.5 + o.eps
            w -= lr / correction1 * self.m / denom


def walk(optimizer, lrs, weight_decay, *, weights, start=0.0, curvature=0.0, seed=0):  # noqa: PLR0913
    """Yield the weights after every step."""
    rng, w = np.random.default_rng(seed), np.full(weights, float(start))
    steps = Steps(optimizer, weights)
    for lr in lrs:
        steps.step(w, curvature * w + SIGMA * rng.standard_normal(weights), lr, weight_decay)
        yield w


def stationary(optimizer, lr, weight_decay, *, steps, burn_in, weights=5000, **rest):
    """Return mean square and its standard error, from every weight's average over time."""
    total = np.zeros(weights)
    for t, w in enumerate(walk(optimizer, np.full(burn_in + steps, lr), weight_decay, weights=weights, **rest)):
        if t >= burn_in:
            total += w * w
    return total.mean() / steps, total.std(ddof=1) / steps / np.sqrt(weights)


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
    coupled = not Steps(optimizer, 1).decoupled
    decay = rate / lr * (1 if kind == "undivided" else SIGMA if coupled else 1)
    curvature = 0.0
    if kind == "curved":
        decay, curvature = 0.4 * decay, 0.4 * decay * SIGMA
    run = stationary(optimizer, lr, decay, steps=1800, burn_in=600, curvature=curvature, seed=seed)
    return optimizer, {"lr": lr, "weight_decay": decay, "noise": SIGMA, "curvature": curvature}, run


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
    if not Steps(other(), 1).decoupled:  # its range ends below these decays
        model["noise"] = 20 * model["lr"] * model["weight_decay"]
    assert compared(theory.equilibrium(**model, optimizer=other(optimizer.betas)), run) == "differs"


def test_the_missing_term_is_seen():
    """Coupled Adam without its -s_2 (1 - phi), where that is four times the law's error."""
    optimizer, lr = Adam((0.0, 0.9)), 1e-3
    numbers = {"lr": lr, "weight_decay": 0.05 * SIGMA / lr, "noise": SIGMA}
    run = stationary(optimizer, lr, numbers["weight_decay"], steps=5000, burn_in=400, seed=4)
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
    model = {"curvature": curvature, "start": start, "weights": 20_000, "seed": 11}
    for t, w in enumerate(walk(optimizer, run.rates.lr, decay, **model), start=1):
        if t in TIMES and np.ptp(w * w) > 1e-12 * np.max(w * w):
            error = np.std(w * w, ddof=1) / np.sqrt(w.size)
            seen = Comparison(f"{t}", run.variance[t], np.mean(w * w), error, precision=0.012, accuracy=accuracy)
            assert seen.verdict == "agrees", (name, str(seen))


def test_the_naive_exponential_is_rejected_at_the_start():
    optimizer, decay = AdamW((0.9, 0.99)), 5.0
    eq = theory.equilibrium(lr=1e-3, weight_decay=decay, optimizer=optimizer)
    *_, w = walk(optimizer, np.full(10, 1e-3), decay, weights=20_000)
    measured, error = np.mean(w * w), np.std(w * w) / np.sqrt(w.size)
    mine = Comparison("after 10 steps", eq.rms(10, 0.0) ** 2, measured, error, precision=0.012, accuracy=0.013)
    naive = eq.variance * (1 - eq.shrink**20)
    assert mine.verdict == "agrees"
    assert Comparison("naive", naive, measured, error, precision=0.012, accuracy=0.013).verdict == "differs"


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
