import dataclasses
import math

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

import theory
from theory import SGD, Adam, AdamW, DerivationError, InvalidArgument, Lion, NoEquilibrium
from theory.layer.norm_dynamics import near_equilibrium, norm_map
from theory.layer.rotation import rotation, rotation_of
from theory.layer.rotation_derivation import derive_rotation
from theory.weight.laws.second_moment import step_covariance

NUMBERS = (300.0, 10.0, 0.3)


def test_sgd_fixed_point_and_multiplier():
    """r^2 = a^2 r^2 + eta^2 G / r^2 at rest, and its derivative there, by SymPy."""
    X, a, b = sp.symbols("X a b", positive=True)
    step = a**2 * X + b / X
    rest = [root for root in sp.solve(step - X, X) if not root.could_extract_minus_sign()]
    multiplier = sp.simplify(sp.diff(step, X).subs(X, rest[0]))
    predicted = rotation(*NUMBERS, dimension=10**9, grad_sq=1.7)
    values = {a: 0.99, b: 0.3**2 * 1.7}
    assert predicted.norm_sq == pytest.approx(float(rest[0].subs(values)), rel=1e-8)
    assert predicted.relaxation_time == pytest.approx(float(-1 / sp.log(multiplier.subs(values))), rel=1e-12)
    assert math.cos(predicted.angle) == pytest.approx(0.99, rel=1e-8)
    assert predicted.norm**2 == pytest.approx(predicted.norm_sq, rel=1e-8)


def test_adamw_step_is_smaller_than_the_diffusive_angle():
    predicted = rotation(50_000, 1.0, 1e-3, dimension=10**6, optimizer=AdamW((0.9, 0.999)))
    k = 1 / 50_000
    assert predicted.angle == pytest.approx(math.sqrt(2 * 1e-3 * k * 0.1 / 1.9), rel=2e-3)
    assert predicted.diffusive_angle == pytest.approx(math.sqrt(2 * 1e-3 * k))
    assert math.cos(predicted.angle) == pytest.approx(predicted.fixed_cosine, abs=1e-11)
    T = 2000
    assert 1 - predicted.cosine(T) == pytest.approx(1e-3 * k * (T - 2 * 0.9 / (1 - 0.81)), rel=5e-3)


def test_cosine_ends():
    for predicted in (
        rotation(*NUMBERS, dimension=400, grad_sq=1.0),
        rotation(*NUMBERS, dimension=400, optimizer=AdamW((0.8, 0.95))),
    ):
        assert predicted.cosine(0) == 1
        cosines = [predicted.cosine(lag) for lag in (0, 1, 5, 50, 500)]
        assert (np.diff(cosines) < 0).all()
        assert cosines[-1] == pytest.approx(0, abs=0.01)


def test_norm_is_the_dimension_times_the_variance():
    predicted = rotation(*NUMBERS, dimension=10**7, optimizer=AdamW())
    assert predicted.norm_sq == pytest.approx(1e7 * theory.equilibrium(*NUMBERS, optimizer=AdamW()).variance, rel=1e-7)


def test_slow_mode_without_momentum_and_with_a_fast_second_moment_is_half_as_slow_as_sgds():
    """beta1 = 0: ln X and ln v alone; a fast v cancels the gradient's 1/norm, and X relaxes by a^2 a step."""
    assert near_equilibrium(5e-6, 0.0, 0.9).slowest_gap() == pytest.approx(1e-5, rel=1e-3)


def test_derivative_of_the_map_against_differences():
    from scipy.optimize import approx_fprime, fsolve

    names = {"a": 0.97, "b1": 0.87, "b2": 0.95, "eta": 0.3}
    symbols = sp.symbols("X Y Z v a b1 b2 eta", positive=True)
    step = sp.lambdify([symbols[:4]], list(norm_map().subs({s: names[s.name] for s in symbols[4:]})))
    rest = fsolve(lambda s: np.array(step(s)) - s, [1.5, -0.2, 0.05, 0.7], xtol=1e-13)
    jacobian = approx_fprime(rest, lambda s: np.array(step(s)), 1e-7)
    slowest = np.abs(np.linalg.eigvals(jacobian)).max()
    assert 1 - near_equilibrium(0.03, 0.87, 0.95).slowest_gap() == pytest.approx(slowest, abs=1e-5)


def test_every_step_is_proved_and_a_wrong_one_is_found():
    derivation = derive_rotation().check()
    assert derivation.typst()
    for step in derivation.steps:
        wrong = dataclasses.replace(step, equation=sp.Eq(step.equation.lhs, step.equation.rhs * 2))
        with pytest.raises(DerivationError):
            wrong.check()


@pytest.mark.parametrize("optimizer", [SGD(), AdamW((0.8, 0.95))])
def test_one_quantity_is_one_number(optimizer):
    predicted = rotation(*NUMBERS, dimension=17, grad_sq=1.0, optimizer=optimizer)
    for lag in (1, 7):
        assert predicted.cosine(lag) == pytest.approx(1 - predicted.turned(lag), rel=1e-15)
    assert predicted.turn == predicted.turned(1)
    assert predicted.turned(0) == 0


def test_the_mean_angle_is_below_the_arc_cosine_of_the_mean_cosine():
    """theta sqrt(C - 1) is almost a chi variable, whose mean is 1 - 1 / (4 (C - 1)) of its rms."""
    predicted = rotation(1.0, 1e-6 / 0.3, 0.3, dimension=101, grad_sq=1.0)
    assert predicted.angle == pytest.approx(math.sqrt(2e-6) * (1 - 1 / 400), rel=1e-5)
    assert predicted.angle / math.acos(predicted.cosine(1)) == pytest.approx(1 - 1 / 400, rel=1e-4)


@pytest.mark.parametrize("rate", [1e-16, 1e-9, 1e-3])
@pytest.mark.parametrize("lag", [1, 3, 400])
def test_sgd_keeps_its_digits(rate, lag):
    """Against 50-digit arithmetic of the same laws, written with the cosine that would cancel."""
    predicted = rotation(1.0, rate, 1.0, dimension=17, grad_sq=1.0)
    with mp.workdps(50):
        a = 1 - mp.mpf(rate)
        spread = (1 - a**2) / (2 * a**2 * 16)
        turned = 1 - a**lag * (1 + spread / 4 * (1 - (2 * a**2 - 1) ** lag))
        angle = mp.acos(a) - mp.sqrt(1 - a**2) / (4 * a * 16)
        assert predicted.turned(lag) == pytest.approx(float(turned), rel=1e-13)
        assert predicted.angle == pytest.approx(float(angle), rel=1e-13)
        assert predicted.relaxation_time == pytest.approx(float(-1 / mp.log(2 * a**2 - 1)), rel=1e-13)


@pytest.mark.parametrize("rate", [1e-16, 1e-9, 1e-3, 0.9, 1.5])
@pytest.mark.parametrize("lag", [1, 3, 400])
def test_adamw_keeps_its_digits(rate, lag):
    """Against 50-digit arithmetic of W_T = a W_(T-1) + sum of a^j C_(j+T), the product of w with itself T steps ago."""
    optimizer = AdamW((0.9, 0.99))
    predicted = rotation(1.0, rate, 1.0, dimension=10**9, optimizer=optimizer)
    with mp.workdps(50):
        a = 1 - mp.mpf(rate)
        C = [mp.mpf(float(c)) for c in step_covariance(0.9, 0.99).lags]
        variance = product = (C[0] + 2 * sum(a**s * c for s, c in enumerate(C) if s)) / (1 - a**2)
        for T in range(1, lag + 1):
            product = a * product + sum(a**j * c for j, c in enumerate(C[T:]))
        assert predicted.turned(lag) == pytest.approx(float(1 - product / variance), rel=1e-9)


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.9), (0.95, 0.95)])
def test_relaxation_keeps_its_digits(betas):
    """At eta lam/n = 1e-16 the eigenvalue rounds to one. Against 50-digit arithmetic of the map's derivative."""
    b1, b2 = (mp.mpf(b) for b in betas)
    X, Y, Z, v, a, s1, s2, eta = sp.symbols("X Y Z v a b1 b2 eta", positive=True)
    compiled = sp.lambdify([X, Y, Z, v, a, s1, s2, eta], norm_map().jacobian([X, Y, Z, v]), "mpmath")
    for rate in (1e-16, 1e-3):
        with mp.workdps(50):
            shrink = 1 - mp.mpf(rate)
            size = (1 - b1) / (1 + b1)
            step = mp.sqrt((1 - shrink**2) * (1 - shrink * b1) / (size * (1 + shrink * b1)))
            rest = [1, -step * size / (1 - shrink * b1), size, 1]
            values = mp.eig(compiled(*rest, shrink, b1, b2, step), left=False, right=False)
            exact = -1 / mp.log(max(abs(value) for value in values))
        assert near_equilibrium(rate, *betas).relaxation_time() == pytest.approx(float(exact), rel=1e-9)


def test_an_optimizer_registers_its_law_from_outside():
    class Still:
        """Settings that nobody here knows."""

    with pytest.raises(NotImplementedError, match="Available: plain SGD"):
        rotation(*NUMBERS, dimension=10, optimizer=Still())
    rotation_of.register(Still, lambda optimizer, *numbers: numbers)
    assert rotation(*NUMBERS, dimension=10, optimizer=Still()) == (*NUMBERS, 10, None)


def test_bad_input():
    with pytest.raises(InvalidArgument, match="grad_sq must be given for SGD"):
        rotation(*NUMBERS, dimension=10)
    with pytest.raises(InvalidArgument, match="dimension must be a whole number of at least 2"):
        rotation(*NUMBERS, dimension=1, grad_sq=1.0)
    with pytest.raises(InvalidArgument, match="lam must be positive"):
        rotation(100.0, 0.0, 0.1, dimension=10, grad_sq=1.0)
    with pytest.raises(NoEquilibrium, match=r"must be above 1/2.*Take eta below 0\.585786"):
        rotation(100.0, 50.0, 0.6, dimension=10, grad_sq=1.0)
    for optimizer in (SGD(0.9), Adam(), Lion()):
        with pytest.raises(NotImplementedError, match="Available: plain SGD"):
            rotation(*NUMBERS, dimension=10, grad_sq=1.0, optimizer=optimizer)
