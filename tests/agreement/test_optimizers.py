"""Where the written-out optimizers settle and how fast they forget, against `theory.equilibrium`.

Two gates: the measurement lies within 4 standard errors of the prediction, and its standard error is below the stated
precision. Two-sided false-alarm rate of one gate at 4 sigma: 6e-5; of the about 60 gates in this file together, under
0.4% for a new choice of seeds (the seeds are fixed, so a test that passes goes on passing).
"""

from functools import lru_cache

import numpy as np
import pytest

import theory
from sim.optimizers.rule import rule
from sim.walks.relaxation import Walkers, forgetting, stationary
from theory import SGD, Adam, AdamW, Lion
from theory.weight.derivations.adam import fixed_second_moment
from theory.weight.laws.adamw import first_order_factor

WEIGHTS = 6000


def gates(measured, error, predicted, precision):
    """Whether both gates let the prediction pass."""
    return abs(measured - predicted) < 4 * error and error < precision * predicted


def draw(kind, seed):
    """Random, non-round parameters: optimizer, (n, lam, eta), and the noise's memory and curvature."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    n, eta = rng.uniform(80, 900), rng.uniform(0.05, 0.6)
    mu, beta1, beta2 = rng.uniform(0.3, 0.6), rng.uniform(0.6, 0.93), rng.uniform(0.85, 0.975)
    name, _, extras = kind.partition("+")
    optimizer = {
        "plain": SGD(),
        "heavy": SGD(mu),
        "heavy decoupled": SGD(mu, decoupled=True),
        "nesterov": SGD(mu, nesterov=True),
        "nesterov decoupled": SGD(mu, nesterov=True, decoupled=True),
        "adamw": AdamW((beta1, beta2)),
        "lion": Lion((beta1, beta2)),
    }[name]
    rate = rng.uniform(0.02, 0.05)
    model = {}
    if "memory" in extras:
        model["correlation"] = rng.uniform(-0.5, 0.7)
    if "curvature" in extras:
        model["curvature"] = rng.uniform(0.3, 0.6) * rate / eta
        rate *= 0.6
    return optimizer, (n, rate * n / eta, eta), model


LINEAR = [
    "plain",
    "heavy",
    "heavy decoupled",
    "nesterov",
    "nesterov decoupled",
    "plain+memory",
    "heavy+memory",
    "heavy+curvature",
    "heavy decoupled+memory+curvature",
    "nesterov+memory",
    "nesterov decoupled+memory+curvature",
]
KINDS = [*LINEAR, "adamw", "lion"]
FAST = [kind for kind in KINDS if kind not in ("plain+memory", "nesterov+memory", "heavy+curvature")]


@lru_cache
def measured(kind, seed):
    optimizer, numbers, model = draw(kind, seed)
    predicted = theory.equilibrium(*numbers, optimizer=optimizer, **model)
    steps = int(110 * predicted.relaxation_time)
    burn_in = (
        int(12 * predicted.relaxation_time) + 200
    )  # 12 relaxation times of w, 24 of w^2; 200 for the second moment
    own = 1000 * seed + KINDS.index(kind)  # a stream of noise for every kind, so that the tests are independent
    run = stationary(optimizer, *numbers, weights=WEIGHTS, steps=steps, burn_in=burn_in, seed=own, **model)
    return predicted, run


def check_variance(kind, seed):
    predicted, run = measured(kind, seed)
    assert gates(run.variance, run.variance_error, predicted.variance, 0.003), (kind, predicted.variance, run)
    optimizer, (n, lam, eta), model = draw(kind, seed)
    wrong = theory.equilibrium(n, 1.1 * lam, eta, optimizer=optimizer, **model)
    assert not gates(run.variance, run.variance_error, wrong.variance, 0.003), "lam off by 10% goes unnoticed"


def check_forgetting(kind, seed):
    optimizer, numbers, model = draw(kind, seed)
    predicted = theory.equilibrium(*numbers, optimizer=optimizer, **model)
    tau = predicted.relaxation_time
    between = (int(4 * tau), int(8 * tau))
    own = 1000 * seed + 500 + KINDS.index(kind)
    run = forgetting(optimizer, *numbers, start=5e3 * predicted.scale, between=between, weights=1500, seed=own, **model)
    assert gates(run.relaxation_time, run.relaxation_time_error, tau, 0.01), (kind, tau, run)
    assert not gates(run.relaxation_time, run.relaxation_time_error, 1.1 * tau, 0.01)


@pytest.mark.parametrize("kind", FAST)
def test_variance(kind):
    check_variance(kind, seed=1)


@pytest.mark.parametrize("kind", FAST)
def test_relaxation_time(kind):
    check_forgetting(kind, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_more_parameters(kind, seed):
    check_variance(kind, seed)
    check_forgetting(kind, seed)


CONFUSED = [
    ("heavy", "heavy decoupled"),
    ("heavy decoupled", "heavy"),
    ("nesterov", "nesterov decoupled"),
    ("nesterov decoupled", "nesterov"),
    ("plain", "heavy"),
    ("heavy", "plain"),
    ("adamw", "lion"),
]


@pytest.mark.parametrize(("truth", "other"), CONFUSED)
def test_the_law_of_another_optimizer_is_rejected(truth, other):
    _, run = measured(truth, 1)
    optimizer, numbers, model = draw(truth, 1)
    mine = getattr(optimizer, "momentum", 0) or 0.5
    swapped = {
        "plain": SGD(),
        "heavy": SGD(mine),
        "heavy decoupled": SGD(mine, decoupled=True),
        "nesterov": SGD(mine, nesterov=True),
        "nesterov decoupled": SGD(mine, nesterov=True, decoupled=True),
        "lion": Lion(),
    }[other]
    wrong = theory.equilibrium(*numbers, optimizer=swapped, **model)
    assert not gates(run.variance, run.variance_error, wrong.variance, 0.003)


@pytest.mark.parametrize("nesterov", [False, True])
def test_nesterov_is_not_heavy_ball_where_the_rate_is_large(nesterov):
    """To leading order the two are equal; at eta lam/n = 0.3 they differ by a third."""
    numbers = (171.0, 97.3, 0.53)
    run = stationary(SGD(0.63, nesterov), *numbers, weights=WEIGHTS, steps=600, burn_in=100, seed=21)
    mine, other = (theory.equilibrium(*numbers, optimizer=SGD(0.63, kind)) for kind in (nesterov, not nesterov))
    assert gates(run.variance, run.variance_error, mine.variance, 0.003)
    assert not gates(run.variance, run.variance_error, other.variance, 0.003)


def test_white_noise_is_not_noise_with_a_memory():
    _, run = measured("heavy+memory", 1)
    optimizer, numbers, _ = draw("heavy+memory", 1)
    assert not gates(
        run.variance, run.variance_error, theory.equilibrium(*numbers, optimizer=optimizer).variance, 0.003
    )


def test_a_live_second_moment_is_not_a_fixed_one():
    """AdamW: the quadrature passes, the fixed second moment fails, the first-order form comes within its error."""
    optimizer, (n, lam, eta) = AdamW((0.83, 0.91)), (211.3, 17.9, 0.43)
    run = stationary(optimizer, n, lam, eta, weights=WEIGHTS, steps=4000, burn_in=600, seed=5)
    predicted = theory.equilibrium(n, lam, eta, optimizer=optimizer)
    assert predicted.method == "quadrature"
    assert gates(run.variance, run.variance_error, predicted.variance, 0.003)
    law = fixed_second_moment()
    values = {"b1": optimizer.beta1, "eta": eta, "y": eta * lam / n, "x": 0}
    fixed = float(law.subs({s: values[s.name] for s in law.free_symbols if s.name in values}))
    assert not gates(run.variance, run.variance_error, fixed, 0.003)
    first_order = fixed * first_order_factor(optimizer)
    assert abs(first_order / run.variance - 1) < 0.005 + 4 * run.variance_error / run.variance


COUPLED_ADAM = [  # rate eta k / sigma, beta1, beta2; the last two are the worst that the stated accuracy covers
    pytest.param(0.013, 0.83, 0.96, marks=pytest.mark.slow),
    (0.019, 0.87, 0.97),
    (0.061, 0.81, 0.95),
    (0.104, 0.9, 0.99),
    pytest.param(0.02, 0.9, 0.9, marks=pytest.mark.slow),
    (0.11, 0.9, 0.9),
]


@pytest.mark.parametrize(("rate", "beta1", "beta2"), COUPLED_ADAM)
def test_coupled_adam_is_within_its_stated_error(rate, beta1, beta2):
    """Approximate: the difference may exceed 4 sigma, by no more than the accuracy that the result itself states."""
    optimizer = Adam((beta1, beta2))
    n, eta = 211.3, 0.017
    lam = rate * n**-0.5 * n / eta
    predicted = theory.equilibrium(n, lam, eta, optimizer=optimizer)
    steps, burn_in, seed = int(110 / rate), int(12 / rate) + 300, int(1e5 * rate)
    run = stationary(optimizer, n, lam, eta, weights=WEIGHTS, steps=steps, burn_in=burn_in, seed=seed)
    assert predicted.method == "approximate"
    assert run.variance_error < 0.004 * run.variance
    assert abs(run.variance - predicted.variance) < 4 * run.variance_error + predicted.accuracy * predicted.variance
    decoupled = theory.equilibrium(n, lam, eta, optimizer=AdamW((optimizer.beta1, optimizer.beta2)))
    assert abs(run.variance / decoupled.variance - 1) > 0.1


def test_coupled_adam_forgets_as_its_autocorrelation_says():
    optimizer, numbers = Adam((0.81, 0.97)), (173.0, 11.7, 0.02)
    predicted = theory.equilibrium(*numbers, optimizer=optimizer)
    tau = predicted.relaxation_time
    run = stationary(optimizer, *numbers, weights=WEIGHTS, steps=4000, burn_in=1000, lag=int(tau), seed=7)
    assert gates(run.relaxation_time, run.relaxation_time_error, tau, 0.015), (tau, run)


def test_an_oscillating_buffer_decays_as_the_root_of_its_momentum():
    """Complex eigenvalues z: m_t m_(t+2) - m_(t+1)^2 of the mean falls by |z|^2 a step, and |z|^2 = mu."""
    optimizer, (n, lam, eta) = SGD(0.87), (100.0, 40.0, 0.9)
    predicted = theory.equilibrium(n, lam, eta, optimizer=optimizer)
    w = np.array([1.0])
    update, path = rule(optimizer, lam / n, eta, w.shape), []
    for _ in range(40):
        path.append(w[0])
        update.step(w, np.zeros(1))
    path = np.array(path)
    pairs = path[:-2] * path[2:] - path[1:-1] ** 2
    np.testing.assert_allclose(pairs[1:] / pairs[:-1], np.exp(-2 / predicted.relaxation_time), rtol=1e-9)


def test_the_way_there_is_the_recursions():
    """Mean square of many weights at a few steps of a transient, start and noise included."""
    optimizer, numbers, model = SGD(0.79, nesterov=True), (133.0, 5.7, 0.37), {"correlation": 0.4}
    predicted = theory.equilibrium(*numbers, optimizer=optimizer, **model)
    walkers = Walkers(optimizer, *numbers, None, 0.4, 0.0, 40_000, 2 * predicted.scale, 11)
    step = 0
    for target in (1, 3, 10, 30, 90):
        walkers.walk(target - step)
        step = target
        square = walkers.w**2
        error = square.std(ddof=1) / np.sqrt(square.size)
        assert gates(square.mean(), error, predicted.rms(target, 2 * predicted.scale) ** 2, 0.01), target
