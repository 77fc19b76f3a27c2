"""Runs under schedules: against recursions taken one by one, the closed forms, the table of ends, and every refusal."""

import time

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import erfcx

import theory
from theory import SGD, SGDW, AdamW, InvalidArgument, Lion, schedules
from theory.algebra.scan import affine_scan
from theory.weight.derivations.schedules import derive_schedules


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 16, 17, 250])
@pytest.mark.parametrize("diagonal", [False, True])
def test_the_scan_is_the_recursion(steps, diagonal):
    rng = np.random.default_rng(steps)
    A = rng.uniform(-1, 1, (steps, 3) if diagonal else (steps, 3, 3))
    b, state = rng.uniform(-1, 1, (steps, 3)), rng.uniform(-1, 1, 3)
    found = affine_scan(A, b, state)
    assert found.shape == (steps + 1, 3)
    for step in range(steps):
        np.testing.assert_allclose(found[step], state, rtol=1e-10, atol=1e-12)
        state = (A[step] * state if diagonal else A[step] @ state) + b[step]
    np.testing.assert_allclose(found[-1], state, rtol=1e-10, atol=1e-12)


SCHEDULES = [
    schedules.constant(),
    schedules.linear(warmup=7),
    schedules.cosine(warmup=5, floor=0.1),
    schedules.trapezoid(warmup=9, cooldown=30, fall="1-sqrt"),
    schedules.step(40, 0.3),
    schedules.given(np.random.default_rng(0).uniform(0, 1.5, 120)),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("decoupled", [False, True])
def test_momentum_against_pytorch_s_rule_taken_step_by_step(schedule, nesterov, decoupled):
    """The buffer is not multiplied by the learning rate; moments of (w, buffer) from the rule's own Jacobian."""
    mu, k, h, sigma, peak, steps, start = 0.83, 0.21, 0.07, 0.3, 0.37, 120, 1.9
    run = theory.trajectory(lr=peak, weight_decay=k, noise=sigma, curvature=h, steps=steps, start=start,
                            schedule=schedule, optimizer=SGD(mu, nesterov=nesterov, decoupled=decoupled))  # fmt: skip
    P, slow = np.diag([start**2, 0.0]), [start]
    for lr in peak * schedule.factors(steps):

        def rule(w, v, g, lr=lr):
            gradient = h * w + g + (0 if decoupled else k * w)
            v = mu * v + gradient
            return (1 - lr * k * decoupled) * w - lr * (gradient + mu * v if nesterov else v), v

        M = np.array([rule(1, 0, 0), rule(0, 1, 0)]).T
        B = np.array(rule(0, 0, sigma))
        P = M @ P @ M.T + np.outer(B, B)
        slow.append(np.sqrt(P[0, 0]))
    np.testing.assert_allclose(run.rms, slow, rtol=1e-10)


@pytest.mark.parametrize("optimizer", [SGD(), SGD(0.7), SGDW(0.7, nesterov=True)])
@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_a_held_rate_is_the_transient(optimizer, correlation):
    model = {"noise": 0.3, "correlation": correlation, "curvature": 0.02, "optimizer": optimizer}
    run = theory.trajectory(137.0, 8.3, 0.31, steps=400, start=2.0, **model)
    eq = theory.equilibrium(137.0, 8.3, 0.31, **model)
    np.testing.assert_allclose(run.rms, eq.rms(np.arange(401), 2.0), rtol=1e-10)
    white = theory.equilibrium(137.0, 8.3, 0.31, **model | {"correlation": 0.0})
    assert pytest.approx(400 / white.relaxation_time) == run.K


@pytest.mark.parametrize("optimizer", [AdamW((0.9, 0.99)), Lion()])
def test_normalised_steps_end_in_their_equilibrium(optimizer):
    run = theory.trajectory(lr=1e-2, weight_decay=1.0, steps=3000, optimizer=optimizer)
    assert run.end_over_peak == pytest.approx(1, rel=1e-8)


TABLE = {  # published: ends of the formulas' table, from equilibrium
    "linear": {0.3: 0.953, 1: 0.864, 3: 0.710, 5: 0.629, 10: 0.529, 20: 0.445, 50: 0.354, 100: 0.298},
    "cosine": {0.3: 0.964, 1: 0.893, 3: 0.755, 5: 0.671, 10: 0.555, 20: 0.450, 50: 0.337, 100: 0.269},
    "1-sqrt": {0.3: 0.952, 1: 0.858, 3: 0.680, 5: 0.583, 10: 0.471, 20: 0.388, 50: 0.304, 100: 0.254},
}


@pytest.mark.parametrize("fall", TABLE)
def test_the_table_of_ends(fall):
    for K, end in TABLE[fall].items():
        assert theory.end_over_peak(fall, K) == pytest.approx(end, abs=6e-4)
        steps, weight_decay = 40_000, 1e-2
        lr = K / (weight_decay * steps)
        eq = theory.equilibrium(lr=lr, weight_decay=weight_decay, noise=1.0)
        run = theory.trajectory(lr=lr, weight_decay=weight_decay, noise=1.0, steps=steps, start=eq.scale, schedule=fall)
        assert run.end_over_peak == pytest.approx(theory.end_over_peak(fall, K), rel=2e-3)
    assert theory.end_over_peak("cosine", 5.0) != pytest.approx(theory.end_over_peak("linear", 5.0), rel=0.02)


def test_closed_forms():
    derivation = derive_schedules().check()
    assert theory.end_over_peak("linear", 7.0, start=0.0) ** 2 == pytest.approx(
        theory.end_over_peak("linear", 7.0) ** 2 - np.exp(-7.0)
    )
    assert theory.end_over_peak("linear", 1e-9) == pytest.approx(1)
    steps, K = 40_000, 4.0
    common = {"weight_decay": 1e-2, "lr": K / (1e-2 * steps), "noise": 1.0, "steps": steps}
    rise = theory.trajectory(**common, schedule=schedules.constant(warmup=steps - 1))
    symbol = next(iter(derivation["linear warm-up"].rhs.free_symbols))
    assert rise.end_over_peak**2 == pytest.approx(float(derivation["linear warm-up"].rhs.subs(symbol, K)), rel=2e-3)
    eq = theory.equilibrium(lr=common["lr"], weight_decay=1e-2, noise=1.0)
    held = theory.trajectory(**common, start=eq.scale, schedule="linear", independent=True)
    claim = float(derivation["held decay"].rhs.subs(symbol, K))
    assert held.end_over_peak**2 == pytest.approx(claim, rel=5e-3)
    with_it = theory.trajectory(**common, start=eq.scale, schedule="linear")
    assert with_it.end_over_peak > 1.5 * held.end_over_peak  # what people mix up


def test_what_the_end_remembers():
    """At K = 100 the last 1.98/sqrt(K) of a linear fall make 95% of the final mean square."""
    steps, K = 40_000, 100.0
    run = theory.trajectory(lr=K / (0.01 * steps), weight_decay=0.01, noise=1.0, steps=steps, schedule="linear")
    assert run.remembered() == pytest.approx(1.98 / np.sqrt(K), rel=0.01)
    assert run.start_left == pytest.approx(np.exp(-run.K))
    # On the fall E w^2 is 1 + sqrt(pi) erfcx(z) / 2z over its equilibrium, z^2 = K y^2 with the remaining fraction y.
    z = brentq(lambda z: np.sqrt(np.pi) * erfcx(z) / (2 * z) - (1.05**2 - 1), 0.1, 10)
    assert 1 - run.follows_until / steps == pytest.approx(z / np.sqrt(K), rel=1e-3)
    still = theory.trajectory(lr=1e-4, weight_decay=0.01, noise=1.0, steps=1000, start=3.0)
    assert still.remembered() == 1.0
    assert still.follows_until == 0


def test_a_million_steps_take_under_a_second():
    theory.trajectory(lr=0.1, weight_decay=0.05, noise=0.1, steps=100, optimizer=SGD(0.9))  # derives, once
    begin = time.process_time()
    run = theory.trajectory(lr=0.1, weight_decay=0.05, noise=0.1, steps=10**6, schedule="cosine", optimizer=SGD(0.9))
    assert np.isfinite(run.rms[-1])
    assert time.process_time() - begin < 3  # 0.6 s on a quiet machine


class NeedsItsGradient:
    """A tensor with requires_grad, as it looks to NumPy."""

    def __array__(self, *_, **__):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be a whole number of at least 1"),
        ({"steps": 10, "schedule": "cosin"}, "schedule must be one of constant, linear, cosine"),
        ({"steps": 10, "schedule": "trapezoid"}, "needs settings"),
        ({"steps": 10, "schedule": np.ones(9)}, "got 9 for 10 steps. Give 10, or steps = 9"),
        ({"steps": 10, "schedule": [1.0, -1.0]}, "schedule must be zero or positive"),
        ({"steps": 10, "schedule": schedules.cosine(warmup=10)}, "must cover the warm-up of 10"),
        ({"steps": 10, "lr": [0.1, 0.2]}, "lr must be one number, got"),
        ({"steps": 10, "start": np.nan}, "start must be finite"),
        ({"steps": 10, "start": [0.1, 0.2]}, "start must be one number"),
        ({"steps": 10, "schedule": schedules.cosine}, r"schedule must be a name.*with its brackets"),
        ({"steps": 10, "noise": None, "optimizer": AdamW(eps=1.0)}, "noise must be given with eps = 1"),
        ({"steps": 10, "noise": None}, "noise must be given"),
        ({"steps": 10, "lr": NeedsItsGradient()}, "lr must be a real number"),
    ],
)
def test_refusals(change, message):
    with pytest.raises(InvalidArgument, match=message):
        theory.trajectory(**{"lr": 0.1, "weight_decay": 0.1, "noise": 1.0} | change)


def test_a_rate_of_zero_at_the_last_step_moves_nothing():
    run = theory.trajectory(lr=0.1, weight_decay=0.1, noise=1.0, steps=3, start=1.0, schedule=[1.0, 0.5, 0.0])
    assert run.rms[-1] == run.rms[-2]
    assert np.isnan(run.momentary[-1])


@pytest.mark.parametrize("optimizer", [SGD(), SGDW(0.7), AdamW((0.9, 0.99)), Lion()])
def test_a_decay_of_its_own_goes_on_where_the_rate_is_zero(optimizer):
    """And its clock is that of a held rate, of which every step forgets as much."""
    words = {"lr": 0.1, "weight_decay": 0.1, "noise": 0.3, "optimizer": optimizer, "start": 20.0}
    own = theory.trajectory(**words, steps=500, schedule=[1.0] * 200 + [0.0] * 300, independent=True)
    np.testing.assert_allclose(own.rms[230:] / own.rms[229:-1], 0.99, rtol=1e-6)
    held = theory.trajectory(**words, steps=500)
    assert pytest.approx(held.K, rel=1e-12) == own.K
    with_it = theory.trajectory(**words, steps=500, schedule=[1.0] * 200 + [0.0] * 300)
    assert with_it.rms[-1] == pytest.approx(with_it.rms[200], rel=1e-9 if optimizer != SGDW(0.7) else 0.02)
    assert pytest.approx(0.4 * held.K, rel=1e-9) == with_it.K


def test_a_run_shorter_than_its_memory_never_follows():
    """Its rms may cross the equilibrium of the moment on the way down of that: an accident."""
    run = theory.trajectory(
        lr=3e-4, weight_decay=0.1, optimizer="adamw", schedule=schedules.cosine(warmup=1000), steps=20_000
    )
    assert run.K < 1
    assert run.follows_until == 0


def test_the_error_of_a_run_is_that_of_its_stages():
    """Exact laws: none. AMSGrad's young maximum, AdamW's and Adam's first steps: theirs, fading with the memory."""
    at = {"lr": 0.01, "weight_decay": 3.0, "noise": 1.0, "steps": 1000}
    assert not theory.trajectory(**at, optimizer=SGD(0.9)).accuracy.any()
    young = theory.trajectory(**at, optimizer=AdamW((0.9, 0.9), amsgrad=True))
    assert young.accuracy[:2].tolist() == [0.0, 0.0]  # the start, and a step of signs
    assert 0.11 < young.accuracy[50:400].max() <= 0.12
    assert young.accuracy[-1] == pytest.approx(young.law.accuracy)
    fades = young.accuracy[401:420]
    assert (np.diff(fades) < 0).all()
    assert fades[-1] > young.law.accuracy
    live = theory.trajectory(**at, optimizer=AdamW((0.9, 0.95))).accuracy
    assert 0.005 < live[2:50].max() <= 0.012
    assert live[-1] < 1e-5
    coupled = theory.trajectory(**at | {"weight_decay": 1.0}, optimizer=theory.Adam((0.9, 0.95)), start=3.0)
    assert coupled.accuracy[10] == pytest.approx(0.075)  # the decay rules the gradient
    assert np.isnan(theory.trajectory(**at, optimizer=theory.Adam((0.95, 0.9))).accuracy[1:]).all()  # not measured
