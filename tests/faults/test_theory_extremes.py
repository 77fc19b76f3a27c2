"""Every public function of the theory, called with extreme and with wrong arguments (see `extremes`)."""

import math
import tracemalloc

import mpmath
import numpy as np
import pytest

import theory
from tests.faults import extremes
from tests.faults.survey import survey


@pytest.mark.parametrize("name", extremes.PUBLIC)
def test_a_named_error_or_a_finite_number(name):
    assert survey(name, 10, 20) == {}


def careless(n):
    return 1 / n if n != 5 else math.nan


def test_the_survey_sees_what_it_looks_for():
    """Negative control: a function that checks nothing."""
    assert "ZeroDivisionError" in extremes.problems(careless, (0,), {})["call"]
    assert extremes.problems(careless, (5,), {}) == {"result": "is nan"}
    assert extremes.problems(careless, (2,), {}) == {}


def exact_scale(n, lam, eta, noise):
    """eta noise / sqrt(x (2 - x)), x = eta lam/n, in 60 digits and without limits of size."""
    with mpmath.workdps(60):
        n, lam, eta, noise = map(mpmath.mpf, (n, lam, eta, noise))
        x = eta * lam / n
        return eta * noise / mpmath.sqrt(x * (2 - x))


SIZES = [1e-300, 1e-160, 1e-100, 1e-16, 1.0, 1e13, 1e100, 1e160, 1e300]


def test_the_scale_is_right_or_refused_at_any_size():
    right = refused = 0
    for n in SIZES:
        for lam in SIZES:
            for eta in SIZES:
                for noise in (1e-200, 1.0, 1e200):
                    try:
                        scale = theory.equilibrium(n, lam, eta, noise=noise).scale
                    except theory.TailoffError:
                        refused += 1
                    else:
                        assert abs(scale / exact_scale(n, lam, eta, noise) - 1) < 1e-12, (n, lam, eta, noise)
                        right += 1
    assert right > 100
    assert refused > 200


LISTED = {
    "None": lambda: theory.equilibrium(None, 5.0, 0.1),
    "an integer of 400 digits": lambda: theory.equilibrium(10**400, 5.0, 0.1).scale,
    "an integer of 5000 digits": lambda: theory.equilibrium(10**5000, 5.0, 0.1).scale,
    "an array for a number": lambda: theory.decay_for(n=np.array([1.0, 2.0]), eta=0.1, scale=0.1),
    "a masked array": lambda: theory.equilibrium(np.ma.masked_array([1.0, 2.0], [True, False]), 5.0, 0.1).scale,
    "T = 1e100": lambda: theory.teacher_student(theory.OnlineRule(0.5, 0.1), theory.Overlaps(1.0, 0.5, 1e100)),
    "noise too small to square": lambda: theory.equilibrium(1e5, 5.0, 0.1, noise=1e-200).scale,
    "a width of 1e160": lambda: theory.linear_regression(100, 5.0, 0.01, dimension=10**160, batch_size=1),
}


@pytest.mark.parametrize("case", LISTED)
def test_listed_cases_are_refused_or_finite(case):
    found = []
    assert extremes.problem_of(lambda: found.append(LISTED[case]())) is None
    assert not extremes.not_finite(found, "result")


def test_what_is_refused_is_said_in_a_line():
    with pytest.raises(theory.InvalidArgument, match=r"n must be .*got a whole number of about 5001 digits"):
        theory.equilibrium(10**5000, 5.0, 0.1)
    with pytest.raises(theory.InvalidArgument, match=r"n must be one number, got array\(\[1., 2.\]\)"):
        theory.decay_for(n=np.array([1.0, 2.0]), eta=0.1, scale=0.1)
    with pytest.raises(theory.InvalidArgument, match="masked"):
        theory.equilibrium(np.ma.masked_array([1.0, 2.0], [True, False]), 5.0, 0.1)
    with pytest.raises(theory.OutOfRange, match=r"\(eta noise\)\^2 is too large or small for a double"):
        _ = theory.equilibrium(1e5, 5.0, 0.1, noise=1e-200).scale


def test_a_memory_within_rounding_of_one():
    """beta1 = 1 - 1e-16 is 0.9999999999999999 or 1 in doubles: the first is finite, the second refused."""
    with pytest.raises(theory.InvalidArgument, match="below 1"):
        theory.Adam(betas=(1 - 1e-17, 0.999))
    for kind in (theory.Adam, theory.AdamW, theory.Lion):
        found = []
        optimizer = kind(betas=(1 - 2**-53, 0.999))
        call = lambda o=optimizer, f=found: f.append(theory.equilibrium(50_000, 5.0, 0.1, optimizer=o).scale)  # noqa: E731
        assert extremes.problem_of(call) is None
        assert not extremes.not_finite(found, "scale")


def test_a_very_large_dimension():
    """In 1e13 dimensions the norm settles as in 1e6, and a small step turns by the same angle."""
    large, small = (theory.rotation(50_000, 5.0, 0.1, dimension=d, grad_sq=1e-3) for d in (10**13, 10**6))
    assert large.norm_sq == pytest.approx(small.norm_sq, rel=1e-5)
    assert large.angle == pytest.approx(small.angle, rel=1e-5)


TOO_LONG = 10**8
RUN = {"lr": 1e-3, "weight_decay": 0.1, "noise": 0.1}


@pytest.mark.parametrize(
    "call",
    [
        lambda: theory.trajectory(**RUN, steps=TOO_LONG),
        lambda: theory.trajectory(**RUN, steps=TOO_LONG, schedule="cosine"),
        lambda: theory.decay_for(lr=1e-3, scale=0.1, noise=0.1, steps=TOO_LONG),
        lambda: theory.schedules.cosine(warmup=5).factors(TOO_LONG),
        lambda: theory.schedules.step(every=5).factors(TOO_LONG),
    ],
)
def test_a_run_too_long_is_refused_before_memory_is_taken(call):
    tracemalloc.start()
    with pytest.raises(theory.InvalidArgument, match=r"steps must be at most 10,000,000, got 100000000"):
        call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "schedulefreeadamw", "lion"])
def test_a_step_of_a_run_takes_no_more_memory_than_is_said(optimizer):
    theory.trajectory(**RUN, steps=100, optimizer=optimizer)  # derived and tabulated once
    tracemalloc.start()
    theory.trajectory(**RUN, steps=200_000, optimizer=optimizer)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 50 * 200_000 < peak < 450 * 200_000


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.decay_for(lr=1e-3, scale=0.02, optimizer="adagrad"), "no equilibrium under Adagrad"),
        (lambda: theory.decay_for(lr=1e-3, scale=1e-9, optimizer="adamw"), "scale must be reachable, got 1e-09"),
        (lambda: theory.decay_for(lr=1e-3, memory=1e-5, optimizer="adamw"), "No learning rate makes it shorter"),
        (lambda: theory.decay_for(lr=1e-3, scale=1e9, noise=0.1), "Take a larger learning rate"),
        (lambda: theory.decay_for(lr=1e-3, scale=0.1, noise=0.1, batch_size=-7), "batch_size must be left out with sc"),
        (
            lambda: theory.rescale(1e9, 5e6, 0.1, batch_size=1, to_batch_size=1e9),
            "to_batch_size must leave the new set",
        ),
        (lambda: theory.rescale(1e3, 5, 0.1, batch_size=[1, 2], to_batch_size=9), "batch_size must be one number"),
        (lambda: theory.decay_for(n=9, eta=0.1, epochs=[1, 2], batch_size=1), "epochs must be one number"),
        (lambda: theory.timescale(9, 1, 0.1, batch_size=np.ones(2)), "batch_size must be one number"),
        (lambda: theory.translate([0.1, 1], source="torch.AdamW", target="keras.l2"), "value must be one number"),
        (
            lambda: theory.translate(0.1, source="torch.AdamW", target="tfa.AdamW", lr=[0.1, 1]),
            "lr must be one number",
        ),
        (lambda: theory.translate(0.1, source="torch.AdamW", target="keras.AdamW", lr=-5), "lr must be positive"),
        (lambda: theory.translate(0.1, source=10**5000, target="keras.AdamW"), "source must be one of"),
        (lambda: theory.conventions["torch.AdamW"].per_step([0.1], lr=1e-3), "value must be one number"),
        (lambda: theory.trajectory(100, 5, 50, steps=1000), r"got 2.5 in step 1.* from step 872 on. Take eta below 40"),
        (
            lambda: theory.trajectory(**RUN, steps=10_000, schedule=theory.schedules.step(100, 2.0)),
            "take one that does not rise above 1",
        ),
        (lambda: theory.schedules.step(1, 2.0).factors(2000), "factor must keep the rate finite, got 2.0, 1999 times"),
        (lambda: theory.trajectory(100, 0, 1, curvature=-0.5, steps=2000), "Curvature below zero drives the weight"),
    ],
)
def test_what_no_number_answers_is_refused_by_name(call, message):
    with pytest.raises((theory.TailoffError, NotImplementedError), match=message) as refusal:
        call()
    assert " inf" not in str(refusal.value)
    assert "nan" not in str(refusal.value)


def test_a_run_says_that_its_steps_overshoot():
    assert "overshoots" not in str(theory.trajectory(100, 5, 10, steps=10))
    turning, growing = (theory.trajectory(100, 5, eta, steps=10) for eta in (30, 50))
    assert turning.largest_fraction == pytest.approx(1.5)
    assert "reaches 1.5: it turns the weight's sign" in str(turning)
    assert "reaches 2.5: the weight grows" in str(growing)
