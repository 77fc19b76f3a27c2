"""The envelope law: its derivation, norms from costs, exponents."""

import dataclasses

import numpy as np
import pytest
import sympy as sp

import theory
from theory import DerivationError, InvalidArgument
from theory.network.critical_decay_derivation import derive_critical_decay
from theory.network.envelope_derivation import derive_envelope


@pytest.mark.parametrize("derive", [derive_envelope, derive_critical_decay])
def test_every_step_is_proved_and_a_wrong_one_is_found(derive):
    derivation = derive().check()
    for step in derivation.steps:
        wrong = dataclasses.replace(step, equation=sp.Eq(step.equation.lhs, step.equation.rhs * 2))
        with pytest.raises(DerivationError):
            wrong.check()


def ridge(lam, n):
    """Least squares with a penalty: the regularised cost and the squared norm at its minimum, exactly."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 6)), rng.standard_normal(40)
    w = np.linalg.solve(x.T @ x / 40 + lam / n * np.eye(6), x.T @ y / 40)
    return ((x @ w - y) ** 2).mean() / 2 + lam / (2 * n) * (w @ w), w @ w


def test_norm_from_costs_is_the_norm_at_a_minimum():
    lam, n = np.geomspace(5, 500, 15), 300.0
    costs, norms = np.array([ridge(value, n) for value in lam]).T
    found = theory.norm_from_costs(lam[::-1], costs[::-1], n)
    np.testing.assert_allclose(found.norm_sq[1:-1], norms[1:-1], rtol=2e-3)
    np.testing.assert_allclose(found.share[1:-1], (lam * norms / (2 * n) / costs)[1:-1], rtol=2e-3)
    assert not found.not_concave.any()
    assert (np.diff(found.norm_sq) < 0).all()
    wrong = theory.norm_from_costs(lam, costs, 1.1 * n).norm_sq
    assert (abs(wrong / norms - 1)[1:-1] > 0.05).all()


def test_errors_of_the_norm_are_those_of_repeated_costs():
    lam, rng = np.geomspace(5, 200, 8), np.random.default_rng(1)
    costs, error = 0.1 * lam**0.4, 1e-5 * np.ones(8)
    claimed = theory.norm_from_costs(lam, costs, 1e3, cost_se=error).norm_sq_se
    draws = [theory.norm_from_costs(lam, costs + error * rng.standard_normal(8), 1e3).norm_sq for _ in range(1500)]
    np.testing.assert_allclose(np.std(draws, axis=0), claimed, rtol=0.1)


def test_costs_that_are_not_concave_are_said():
    lam = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    costs = np.array([1.0, 1.1, 1.05, 1.25, 1.3])
    assert theory.norm_from_costs(lam, costs, 10.0).not_concave.tolist() == [False, False, True, False, False]
    assert not theory.norm_from_costs(lam, costs, 10.0, cost_se=np.full(5, 0.1)).not_concave.any()


def test_exponents():
    assert theory.exponent_of_lam(1 / 3) == pytest.approx(-1 / 3)
    assert theory.exponent_of_lam(0.4, 0.02) == pytest.approx(-0.29)
    assert theory.penalty_share(3.0, 2.0) == pytest.approx(0.4)
    wide = theory.width_law(300.0, 7.0, 0.4, 0.8, 100.0)
    assert wide == pytest.approx(theory.width_law(300.0, 7.0, 0.4, 0.8, 400.0) * 2)
    assert wide**2 * 100 == pytest.approx(2 * 300 * 0.4 * 0.8 / 7)


def two_layers(lam2, lam3, c):
    """The minimum of a two-weight network, C_0 = (1 - c u v)^2 / 2 + (c u)^4 / 9, by Newton's method."""
    from scipy.optimize import minimize

    def cost(w):
        return (1 - c * w[0] * w[1]) ** 2 / 2 + (c * w[0]) ** 4 / 9 + lam2 * w[0] ** 2 / 2 + lam3 * w[1] ** 2 / 2

    return minimize(cost, [0.8, 0.8], method="BFGS", options={"gtol": 1e-10}).x


def test_the_inputs_scale_predicts_the_exponent_of_lam():
    """And without the other layer it does not."""
    step, lam = 0.02, 0.1

    def slope(up, down):
        return np.log(up / down) / (2 * step)

    def decays(sign):
        return lam * np.exp(sign * step)

    p2, p3 = slope(two_layers(lam, lam, np.exp(step / 2)), two_layers(lam, lam, np.exp(-step / 2)))
    direct = slope(two_layers(decays(1), decays(1), 1), two_layers(decays(-1), decays(-1), 1))[0]
    u, v = two_layers(lam, lam, 1)
    assert theory.exponent_from_inputs(p2, p3, v**2 / u**2) == pytest.approx(direct, abs=2e-4)
    assert abs(-0.5 - p2 - direct) > 0.01


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.norm_from_costs([1.0, 2, 3], [1.0, 2, 3], 10), "at least 4 points"),
        (lambda: theory.norm_from_costs([1.0, 2, 3, 3], [1.0, 2, 3, 4], 10), "different decays"),
        (lambda: theory.norm_from_costs([1.0, 2, 3, 4], [1.0, 2, -3, 4], 10), "cost_star must be positive"),
        (lambda: theory.exponent_of_lam(1.2), "alpha must be between 0 and 1"),
        (lambda: theory.exponent_from_inputs(-0.1, -0.1, 0.0), "ratio must be positive"),
        (lambda: theory.width_law(10.0, 1.0, 1.5, 1.0, 10.0), "alpha must be below 1"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(InvalidArgument, match=message):
        call()
