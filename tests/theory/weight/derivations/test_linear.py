"""The laws of momentum: as written in the docstring, as derived, as solved in numbers, and at the edge of stability."""

import dataclasses
import re

import numpy as np
import pytest
import sympy as sp
from sympy.parsing.latex import parse_latex

import theory
import theory.weight.derivations.adam
import theory.weight.derivations.linear
from theory import SGD, InvalidArgument, NoEquilibrium
from theory.symbols import ARGUMENTS, delta, mu, n
from theory.weight.laws.linear import momentum_optimizer

KINDS = [SGD(0.83), SGD(0.83, decoupled=True), SGD(0.83, nesterov=True), SGD(0.83, nesterov=True, decoupled=True)]
KINDS += [SGD(0.83, 0.3), SGD(0.83, 0.3, decoupled=True)]
NUMBERS = (137.0, 8.3, 0.31)


def docstring_laws(module):
    """The right-hand sides of a module's displayed laws."""
    blocks = re.findall(r"\.\. math::((?:.|\n)*?)\n\n", module.__doc__)
    return [" ".join(block.split()).split("=", 1)[1] for block in blocks if block.split("=")[0].strip() == "E w^2"]


def numbers_in(latex, values):
    """Read a law and put numbers in for its letters."""
    parsed = parse_latex(latex)
    return float(parsed.subs({s: values[s.name.replace("{", "").replace("}", "")] for s in parsed.free_symbols}))


@pytest.mark.parametrize(("law", "nesterov"), [(0, False), (1, True)])
def test_docstring(law, nesterov):
    latex = docstring_laws(theory.weight.derivations.linear)[law]
    values = {"eta": 0.31, "sigma": 1.7, "a": 0.91, "mu": 0.83, "x": 0.047}
    derived = momentum_optimizer(SGD(0.83, nesterov=nesterov)).moments(False).variance
    mine = {"eta": 0.31, "sigma": 1.7, "y": 1 - 0.91, "mu": 0.83, "x": 0.047}
    predicted = float(derived.subs({s: mine[s.name] for s in derived.free_symbols}))
    assert numbers_in(latex, values) == pytest.approx(predicted, rel=1e-12)
    assert numbers_in(latex, values | {"mu": 0.82}) != pytest.approx(predicted, rel=1e-3)


def test_docstring_of_adam_with_a_fixed_second_moment():
    latex = docstring_laws(theory.weight.derivations.adam)[0]
    law = theory.weight.derivations.adam.fixed_second_moment()
    mine = {"eta": 0.31, "y": 0.09, "b1": 0.83, "x": 0.0, "sigma": 1.0}
    predicted = float(law.subs({s: mine[s.name] for s in law.free_symbols}))
    assert numbers_in(latex, {"eta": 0.31, "a": 0.91, "b_1": 0.83}) == pytest.approx(predicted, rel=1e-12)


@pytest.mark.parametrize("optimizer", KINDS)
@pytest.mark.parametrize("correlated", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_derivation_proves_itself(optimizer, correlated):
    derivation = theory.derive(optimizer, correlated=correlated).check()
    assert derivation.typst()
    assert derivation.latex().startswith("\\begin{align*}")
    predicted = theory.equilibrium(*NUMBERS, optimizer=optimizer, correlation=0.4 * correlated, curvature=0.02)
    values = {s: getattr(predicted, name) for s, name in ARGUMENTS.items()} | {
        mu: optimizer.momentum,
        delta: optimizer.dampening,
    }
    assert float(derivation.result.subs(values)) == pytest.approx(predicted.variance, rel=1e-12)


def test_a_tampered_derivation_is_noticed():
    derivation = theory.derive(SGD(0.5, decoupled=True))
    step = next(s for s in derivation.steps if s.name == "equilibrium")
    wrong = dataclasses.replace(step, equation=sp.Eq(step.equation.lhs, 2 * step.equation.rhs))
    with pytest.raises(theory.DerivationError, match="equilibrium"):
        wrong.check()


@pytest.mark.parametrize("optimizer", KINDS)
@pytest.mark.parametrize("model", [{}, {"correlation": -0.35}, {"correlation": 0.6, "curvature": 0.03}])
def test_closed_form_against_the_lyapunov_solver(optimizer, model):
    predicted = theory.equilibrium(*NUMBERS, optimizer=optimizer, **model)
    assert predicted.method == "exact"
    assert predicted.accuracy == 0
    assert predicted.variance == pytest.approx(predicted.law.numeric.covariance()[0, 0], rel=1e-10)


def test_closed_form_keeps_its_digits():
    """Decay of 1e-12 per step, noise of correlation 1 - 1e-9: against 60-digit arithmetic."""
    predicted = theory.equilibrium(1e6, 1e-5, 0.1, optimizer=SGD(0.9), correlation=1 - 1e-9)
    law = predicted.law.moments.covariance[0]
    exact = law.subs({s: sp.Rational(v) for s, v in predicted.law.arguments.items() if s in law.free_symbols})
    assert predicted.variance == pytest.approx(float(exact.evalf(60)), rel=1e-6)
    white = theory.equilibrium(1e6, 1e-5, 0.1, optimizer=SGD(0.9))
    assert white.variance == pytest.approx(0.1 * 1e-6 / (2e-11 * 0.1), rel=1e-9)


def test_small_momentum_joins_plain_sgd():
    plain = theory.equilibrium(*NUMBERS, correlation=0.3, curvature=0.1)
    for kind in ({}, {"nesterov": True}, {"decoupled": True}):
        close = theory.equilibrium(*NUMBERS, correlation=0.3, curvature=0.1, optimizer=SGD(1e-9, **kind))
        for name in ("variance", "relaxation_time", "shrink", "balance"):
            assert getattr(close, name) == pytest.approx(getattr(plain, name), rel=1e-7), name
        np.testing.assert_allclose(close.rms(np.arange(50), 0.3), plain.rms(np.arange(50), 0.3), rtol=1e-7)
        assert close.tail_off(3.0) == plain.tail_off(3.0)
        assert close.shrink_per_epoch(3) == pytest.approx(plain.shrink_per_epoch(3))


def test_coupled_and_decoupled_differ_by_the_gain_of_the_buffer():
    coupled, decoupled = (
        theory.equilibrium(50_000, 5.0, 0.001, optimizer=SGD(0.9, decoupled=k)) for k in (False, True)
    )
    assert decoupled.variance / coupled.variance == pytest.approx(10, rel=1e-3)
    assert decoupled.balance == pytest.approx(10 * coupled.balance, rel=1e-3)


def test_tail_off_is_where_the_band_is_reached():
    predicted = theory.equilibrium(*NUMBERS, optimizer=SGD(0.6, nesterov=True), correlation=0.5)
    for start in (0.0, 5 * predicted.scale):
        step = predicted.tail_off(start, within=0.02)
        inside = np.abs(predicted.rms(np.arange(step - 1, step + 300), start) / predicted.scale - 1) <= 0.02
        assert not inside[0]
        assert inside[1:].all()


def test_tail_off_with_an_oscillating_buffer():
    predicted = theory.equilibrium(100.0, 40.0, 0.9, optimizer=SGD(0.9))
    path = np.abs(predicted.rms(np.arange(2000), 30 * predicted.scale) / predicted.scale - 1)
    assert predicted.tail_off(30 * predicted.scale) == np.flatnonzero(path > 0.05)[-1] + 1
    with pytest.raises(InvalidArgument, match="must not oscillate"):
        predicted.shrink_per_epoch(10)


@pytest.mark.parametrize(
    ("optimizer", "condition"),
    [(SGD(0.5), "2*mu - x"), (SGD(0.5, nesterov=True), "overshoots"), (SGD(0.5, decoupled=True), "overshoots")],
)
def test_beyond_the_largest_rate(optimizer, condition):
    """The message names the condition; just below the rate that it gives, there is an equilibrium, above it none."""
    arguments = {"n": 100.0, "lam": 90.0, "optimizer": optimizer, "curvature": 0.3}
    with pytest.raises(NoEquilibrium, match="must be positive") as error:
        theory.equilibrium(eta=9.0, **arguments)
    assert condition in str(error.value)
    limit = float(re.search(r"Take eta below ([\d.e+-]+)\.$", str(error.value)).group(1))
    assert theory.equilibrium(eta=limit * (1 - 1e-4), **arguments).variance > 0
    with pytest.raises(NoEquilibrium):
        theory.equilibrium(eta=limit * (1 + 1e-4), **arguments)


def test_arrays_name_the_offender():
    with pytest.raises(NoEquilibrium, match=r"index 2, 1 of 3 points"):
        theory.equilibrium(100.0, 50.0, np.array([0.1, 1.0, 9.0]), optimizer=SGD(0.5))


def test_no_rate_helps_a_weight_that_runs_away():
    with pytest.raises(NoEquilibrium, match="No learning rate satisfies it"):
        theory.equilibrium(100.0, 1.0, 0.1, curvature=-0.5, optimizer=SGD(0.5))


def test_without_decay_nothing_holds_the_weight():
    with pytest.raises(NoEquilibrium):
        theory.equilibrium(100.0, 0.0, 0.1, optimizer=SGD(0.5))


def test_arrays_broadcast():
    eq = theory.equilibrium(100.0, np.array([[1.0], [5.0]]), np.array([0.1, 0.2, 0.3]), optimizer=SGD(0.7))
    for name in ("variance", "scale", "shrink", "relaxation_time"):
        assert getattr(eq, name).shape == (2, 3)
    single = theory.equilibrium(100.0, 5.0, 0.2, optimizer=SGD(0.7))
    assert eq.variance[1, 1] == pytest.approx(single.variance, rel=1e-14)
    assert eq.rms(3, 1.0)[1, 1] == pytest.approx(single.rms(3, 1.0), rel=1e-14)
    assert eq.tail_off(1.0)[1, 1] == single.tail_off(1.0)


def test_symbols_go_in_and_come_out():
    lam, eta = sp.symbols("lambda eta", positive=True)
    eq = theory.equilibrium(n, lam, eta, optimizer=SGD(0.5))
    values = {n: 137.0, lam: 8.3, eta: 0.31}
    number = theory.equilibrium(*NUMBERS, optimizer=SGD(0.5))
    assert float(eq.variance.subs(values)) == pytest.approx(number.variance)
    assert float(eq.relaxation_time.subs(values)) == pytest.approx(number.relaxation_time)
    with pytest.raises(InvalidArgument, match="rms needs numbers"):
        eq.rms(3, 1.0)


def test_text_and_expression():
    eq = theory.equilibrium(*NUMBERS, optimizer=SGD(0.5))
    assert "method" in str(eq)
    assert "mu" in str(eq.expression)
    assert eq._repr_latex_().startswith("$")


@pytest.mark.parametrize("decay", [0.1, 1e-4, 1e-10])
def test_step_angle_of_momentum_beside_the_decay(decay):
    """Cosine (a + mu)/(1 + a mu): that of two neighbours of an AR(2) process with the roots a and mu."""
    mu = 0.83
    law = theory.equilibrium(lr=0.3, weight_decay=decay / 0.3, noise=0.7, optimizer=SGD(mu, decoupled=True)).law
    assert law.turned == pytest.approx(decay * (1 - mu) / (1 + (1 - decay) * mu), rel=1e-9, abs=0)
    assert law.step_angle == pytest.approx(np.arccos(1 - law.turned), rel=1e-3 if decay < 1e-9 else 1e-7)
    coupled = theory.equilibrium(lr=0.3, weight_decay=decay / 0.3, noise=0.7, optimizer=SGD(mu)).law
    assert coupled.turned == pytest.approx(decay / (1 + mu), rel=1e-9, abs=0)
    assert coupled.turned != pytest.approx(law.turned, rel=0.1, abs=0)


def test_step_angle_of_plain_steps():
    """Without momentum the neighbours of an AR(1) process: cosine a; an array has one for each."""
    eq = theory.equilibrium(lr=np.array([0.1, 0.3]), weight_decay=0.2, noise=0.7)
    np.testing.assert_allclose(eq.law.step_cosine, 1 - 0.2 * np.array([0.1, 0.3]), rtol=1e-12)
    with pytest.raises(NotImplementedError, match="angle of one step is not derived for Adam"):
        _ = theory.equilibrium(lr=1e-3, weight_decay=0.2, noise=0.7, optimizer="adam").law.step_angle
