"""The recursion in numbers against the recursion in symbols, against brute force, and at the edge of stability."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.algebra.recursion import LinearRecursion, NumericRecursion, jury_conditions
from theory.symbols import eta, mu, r, sigma, u, w, x, xi, y
from theory.weight.derivations.linear import momentum_recursion

VALUES = {x: 0.023, y: 0.011, mu: 0.83, eta: 0.37, sigma: 1.3, r: 0.45}


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("memory", [False, True])
def test_lyapunov_solver_against_symbols(nesterov, memory):
    rule = momentum_recursion(nesterov)
    rule = rule.with_memory() if memory else rule
    symbolic = np.array(rule.stationary_covariance().subs(VALUES), dtype=float)
    np.testing.assert_allclose(rule.at(VALUES).covariance(), symbolic, rtol=1e-10)


def test_transient_is_the_formula_of_the_docstring():
    numeric = momentum_recursion(True).with_memory().at(VALUES)
    P, start = numeric.covariance(), np.diag([4.0, 0.0, 1.0])
    steps = np.array([0, 1, 2, 7, 100, 1000])
    after = numeric.moments_after(steps, start)
    for t, found in zip(steps, after, strict=True):
        power = np.linalg.matrix_power(numeric.M, t)
        np.testing.assert_allclose(found, P + power @ (start - P) @ power.T, rtol=1e-9, atol=1e-12)


def test_transient_keeps_its_digits_where_the_decay_is_slow():
    """One step from rest with a relaxation time of 1e12 steps: the noise of one step, to rounding."""
    numeric = momentum_recursion(False).at({**VALUES, x: 0.0, y: 1e-12})
    assert numeric.moments_after(1, np.zeros((2, 2)))[0, 0] == pytest.approx((0.37 * 1.3) ** 2, rel=1e-15)


def test_stacks():
    numeric = momentum_recursion(False).at({**VALUES, x: np.array([[0.01], [0.02]]), mu: np.array([0.1, 0.5, 0.9])})
    assert numeric.M.shape == (2, 3, 2, 2)
    assert numeric.covariance().shape == (2, 3, 2, 2)
    assert numeric.relaxation_time().shape == (2, 3)


def test_spectrum_is_sorted_and_known():
    numeric = NumericRecursion(np.diag([0.2, -0.9, 0.5]), np.eye(3))
    np.testing.assert_allclose(numeric.spectrum(), [-0.9, 0.5, 0.2])
    assert numeric.relaxation_time() == pytest.approx(-1 / np.log(0.9))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-1.3, 1.3), min_size=1, max_size=4))
def test_jury_conditions_say_where_all_roots_are_inside(roots):
    radius = max(abs(z) for z in roots)
    if abs(radius - 1) < 1e-3:
        return
    coefficients = [sp.Float(c) for c in np.poly(roots)]
    stable = all(float(c) > 0 for c in jury_conditions(coefficients))
    assert stable == (radius < 1)


@settings(max_examples=200, deadline=None)
@given(st.floats(0.05, 1.3), st.floats(0, np.pi), st.floats(-1.3, 1.3))
def test_jury_conditions_with_complex_roots(size, angle, real):
    roots = [size * np.exp(1j * angle), size * np.exp(-1j * angle), real]
    radius = max(size, abs(real))
    if abs(radius - 1) < 1e-3:
        return
    stable = all(float(c) > 0 for c in jury_conditions([sp.Float(c.real) for c in np.poly(roots)]))
    assert stable == (radius < 1)


def test_update_rules_are_read_off():
    rule = LinearRecursion.from_update({w: 3 * w - 2 * u + xi, u: w})
    assert sp.Matrix([[3, -2], [1, 0]]) == rule.M
    assert sp.Matrix([1, 0]) == rule.B
