import dataclasses
import math

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

import theory
from theory import (
    SGD,
    SGDW,
    Adam,
    AdamW,
    DerivationError,
    InvalidArgument,
    Lion,
    NAdam,
    NoEquilibrium,
    RAdam,
    Signum,
)
from theory.layer.norm_dynamics import near_equilibrium, norm_map
from theory.layer.rotation import rotation, rotation_of
from theory.layer.rotation_derivation import derive_rotation
from theory.weight.laws.linear import momentum_optimizer
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


@pytest.mark.parametrize("optimizer", [SGD(0.9), SGD(0.9, nesterov=True), SGDW(0.8), SGD(0.7, dampening=0.3)])
def test_momentum_keeps_its_digits(optimizer):
    """Against 50-digit arithmetic of the moments: eta lam/n down to 1e-16, where 1 - cos and 1 - z would cancel."""
    law = momentum_optimizer(optimizer)
    recursion = law.recursion
    for rate in (1e-16, 1e-9, 0.02):
        predicted = rotation(1.0, rate, 1.0, dimension=10**9, grad_sq=1.7, optimizer=optimizer)
        posed = theory.equilibrium(1.0, rate, 1.0, noise=1.0, optimizer=optimizer).problem
        with mp.workdps(50):
            numbers = {s: mp.mpf(float(v)) for s, v in law.arguments(posed).items()}
            free = sorted(recursion.M.free_symbols | recursion.B.free_symbols, key=str)
            M, B = sp.lambdify(free, [recursion.M, recursion.B], "mpmath")(*(numbers[s] for s in free))
            K = mp.matrix([
                [M[0, 0] ** 2, 2 * M[0, 0] * M[0, 1], M[0, 1] ** 2],
                [M[0, 0] * M[1, 0], M[0, 0] * M[1, 1] + M[0, 1] * M[1, 0], M[0, 1] * M[1, 1]],
                [M[1, 0] ** 2, 2 * M[1, 0] * M[1, 1], M[1, 1] ** 2],
            ])  # fmt: skip
            q = mp.matrix([B[0] ** 2, B[0] * B[1], B[1] ** 2])
            P = mp.lu_solve(mp.eye(3) - K, q)
            assert predicted.norm_sq == pytest.approx(float(mp.sqrt(1.7 * P[0])), rel=1e-12)
            for lag in (1, 3, 400):
                product = (M**lag * P[:2])[0]
                assert predicted.turned(lag) == pytest.approx(float(1 - product / P[0]), rel=1e-10)
            J = K.copy()
            J[:, 0] -= q / P[0]
            slowest = max(abs(z) for z in mp.eig(J, left=False, right=False))
            assert predicted.relaxation_time == pytest.approx(float(-1 / mp.log(slowest)), rel=1e-9)


def test_momentum_turns_as_plain_sgd_of_a_larger_rate_in_the_long_run():
    """eta / (1 - mu), as ResNets are trained; of SGDW, whose decay the momentum does not multiply, sqrt(2 eta k)."""
    plain, heavy, nesterov, decoupled = (
        rotation(1.0, 1e-7, 1.0, dimension=10**6, grad_sq=1.0, optimizer=o)
        for o in (SGD(), SGD(0.9), SGD(0.9, nesterov=True), SGDW(0.9))
    )
    scaled = rotation(1.0, 1e-7, 10.0, dimension=10**6, grad_sq=1.0)
    for law in (heavy, nesterov):
        assert law.diffusive_angle == pytest.approx(scaled.diffusive_angle, rel=1e-5)
        assert law.norm_sq == pytest.approx(scaled.norm_sq, rel=1e-5)
        assert law.relaxation_time == pytest.approx(scaled.relaxation_time, rel=1e-4)
    assert heavy.turn == pytest.approx(1e-7 / 1.9, rel=1e-9)
    assert decoupled.diffusive_angle == pytest.approx(plain.diffusive_angle, rel=1e-5)


@pytest.mark.parametrize(
    ("optimizer", "published"),
    [(Lion((0.9, 0.99)), 45.927), (Lion((0.9, 0.999)), 61.554), (Signum(0.9), 13.2789), (Signum(0.99), 137.973)],
)
def test_step_angle_under_signs_published(optimizer, published):
    """sqrt(2 eta k / S(1)), with S(1) of the formulas, to the digits printed; the angle of one step is the law's."""
    predicted = rotation(1.0, 1e-9, 1.0, dimension=100, optimizer=optimizer)
    assert predicted.angle == pytest.approx(math.sqrt(2e-9 / published), rel=1e-5)
    assert predicted.angle == pytest.approx(predicted.law.step_angle, rel=1e-12)
    assert predicted.norm_sq == pytest.approx(100 * 0.5e9 * published, rel=2e-5)
    assert predicted.turned(0) == 0
    assert predicted.cosine(50) < predicted.cosine(3) < predicted.cosine(1)


def test_signs_without_memory_are_a_white_step():
    """signSGD: cos = a^T exactly."""
    predicted = rotation(1.0, 0.05, 1.0, dimension=100, optimizer=Signum(0.0))
    for lag in (1, 2, 9):
        assert predicted.cosine(lag) == pytest.approx(0.95**lag, rel=1e-12)


def test_radam_turns_as_adamw_and_nadam_between():
    rectified = rotation(*NUMBERS, dimension=100, optimizer=RAdam((0.8, 0.95), decoupled_weight_decay=True))
    plain = rotation(*NUMBERS, dimension=100, optimizer=AdamW((0.8, 0.95)))
    assert rectified == plain
    ahead = rotation(*NUMBERS, dimension=100, optimizer=NAdam((0.8, 0.95), decoupled_weight_decay=True))
    assert plain.turn < ahead.turn < ahead.rate


def test_an_optimizer_registers_its_law_from_outside():
    class Still:
        """Settings that nobody here knows."""

    with pytest.raises(NotImplementedError, match="Available: SGD of any kind"):
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
    with pytest.raises(InvalidArgument, match="grad_sq must be given for SGD"):
        rotation(*NUMBERS, dimension=10, optimizer=SGD(0.9))
    with pytest.raises(NoEquilibrium, match="must be positive for SGD"):
        rotation(1.0, 3.9, 1.0, dimension=10, grad_sq=1.0, optimizer=SGD(0.9))
    with pytest.raises(NotImplementedError, match="relaxation_time is not derived for NAdam"):
        _ = rotation(*NUMBERS, dimension=10, optimizer=NAdam(decoupled_weight_decay=True)).relaxation_time
    with pytest.raises(NoEquilibrium, match=r"must be above 1/2.*Take eta below 0\.585786"):
        rotation(100.0, 50.0, 0.6, dimension=10, grad_sq=1.0)
    for optimizer in (
        Adam(),
        Signum(decoupled=False),
        NAdam(),
        RAdam(),
        RAdam((0.9, 0.6), decoupled_weight_decay=True),
    ):
        with pytest.raises(NotImplementedError, match="Available: SGD of any kind"):
            rotation(*NUMBERS, dimension=10, grad_sq=1.0, optimizer=optimizer)
