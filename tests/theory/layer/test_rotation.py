import math

import numpy as np
import pytest
import sympy as sp

import theory
from theory import SGD, Adam, AdamW, InvalidArgument, Lion, NoEquilibrium
from theory.layer.norm_dynamics import norm_map, slowest_factor
from theory.layer.rotation import rotation

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


def test_slow_mode_without_momentum_and_with_a_fast_second_moment_is_sgds_half():
    """beta1 = 0: ln X and ln v alone; a fast v cancels the gradient's 1/norm, and X relaxes by a^2 a step."""
    loss = 1e-5
    assert 1 - slowest_factor(math.sqrt(1 - loss), 0.0, 0.9) == pytest.approx(loss, rel=1e-3)


def test_derivative_of_the_map_against_differences():
    from scipy.optimize import approx_fprime, fsolve

    names = {"a": 0.97, "b1": 0.87, "b2": 0.95, "eta": 0.3}
    symbols = sp.symbols("X Y Z v a b1 b2 eta", positive=True)
    step = sp.lambdify([symbols[:4]], list(norm_map().subs({s: names[s.name] for s in symbols[4:]})))
    rest = fsolve(lambda s: np.array(step(s)) - s, [1.5, -0.2, 0.05, 0.7], xtol=1e-13)
    jacobian = approx_fprime(rest, lambda s: np.array(step(s)), 1e-7)
    slowest = np.abs(np.linalg.eigvals(jacobian)).max()
    assert slowest_factor(0.97, 0.87, 0.95) == pytest.approx(slowest, abs=1e-5)


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
