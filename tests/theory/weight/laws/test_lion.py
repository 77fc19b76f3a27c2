"""Lion's series against the sum over lags that it stands for, and against the written correlation."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import theory
from theory import Lion
from theory.weight.derivations.direction import correlation
from theory.weight.laws.directed import direction_correlation
from theory.weight.laws.signs import arcsine, sign_sum


def test_direction_correlation_is_the_written_one():
    b1, b2 = sp.symbols("b1 b2")
    own = b1**2 * (1 - b2) / (1 + b2)
    q = (b1 * (1 - b1) * (1 - b2) / b2 + own) / ((1 - b1) ** 2 + own)
    assert sp.simplify(correlation() - q * b2) == 0


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 0.98), st.floats(0.01, 0.98), st.floats(0.5, 1))
def test_series_is_the_sum_over_lags(beta1, beta2, a):
    b1, b2 = sp.symbols("b1 b2")
    first = float(correlation().subs({b1: beta1, b2: beta2}))
    lags = np.arange(1, 4000)
    lagged = 2 / np.pi * np.arcsin(first * beta2 ** (lags - 1.0))
    assert sign_sum(a, beta1, beta2) == pytest.approx(1 + 2 * np.sum(a**lags * lagged), rel=1e-10)


def test_table():
    for betas, value in {(0.9, 0.99): 45.927, (0.9, 0.999): 61.554, (0.95, 0.98): 58.077}.items():
        assert sign_sum(1.0, *betas) == pytest.approx(value, abs=6e-4)


def test_without_memory_it_is_a_walk_of_signs():
    eq = theory.equilibrium(100.0, 5.0, 0.1, optimizer=Lion((0.0, 0.9)))
    assert eq.variance == pytest.approx(theory.equilibrium(100.0, 5.0, 0.1, noise=1.0).variance)


def test_slowest_memory_sets_the_relaxation():
    slow_memory = theory.equilibrium(100.0, 50.0, 0.1, optimizer=Lion((0.9, 0.999)))
    assert slow_memory.relaxation_time == pytest.approx(-1 / np.log(0.999))
    assert theory.equilibrium(100.0, 0.5, 0.1, optimizer=Lion()).relaxation_time == pytest.approx(2000, rel=1e-3)


def test_arrays():
    eq = theory.equilibrium(100.0, np.array([1.0, 5.0]), 0.01, optimizer=Lion())
    assert eq.scale[1] == pytest.approx(theory.equilibrium(100.0, 5.0, 0.01, optimizer=Lion()).scale, rel=1e-14)
    assert eq.method == "exact"


def summed_over_pairs(betas, rates, start):
    """E w^2 after every step, the directions' correlations from the weights of every gradient in them: O(T^3)."""
    b1, b2 = betas
    steps = len(rates.lr)
    filters = np.zeros((steps, steps))  # of the gradient i in the direction t
    for t in range(steps):
        filters[t, t] = 1 - b1
        filters[t, :t] = b1 * (1 - b2) * b2 ** np.arange(t - 1.0, -1, -1)
    covariance = filters @ filters.T
    spread = np.sqrt(np.diag(covariance))
    signs = 2 / np.pi * np.arcsin(np.clip(covariance / np.outer(spread, spread), -1, 1))
    out, kicks = [start**2], np.zeros(0)
    left = start
    for t in range(steps):
        a = 1 - rates.lr[t] * rates.decay[t]
        left *= a
        kicks = np.append(a * kicks, rates.lr[t])
        out.append(left**2 + kicks @ signs[: t + 1, : t + 1] @ kicks)
    return np.array(out)


@settings(max_examples=20, deadline=None)
@given(
    st.floats(0, 0.97), st.floats(0.0, 0.97), st.floats(0.01, 0.5), st.floats(-2, 2), st.sampled_from(["cosine", None])
)
def test_the_way_from_an_empty_memory_is_the_sum_over_pairs_of_steps(beta1, beta2, decay, start, schedule):
    run = theory.trajectory(
        lr=0.1, weight_decay=decay, steps=60, start=start, schedule=schedule, optimizer=Lion((beta1, beta2))
    )
    np.testing.assert_allclose(run.variance, summed_over_pairs((beta1, beta2), run.rates, start), rtol=3e-6)


def test_the_way_there_published():
    run = theory.trajectory(lr=1e-3, weight_decay=5.0, steps=1000, optimizer="lion")
    np.testing.assert_allclose(run.variance[[10, 100, 1000]], [1.5293e-5, 7.3489e-4, 3.10331e-3], rtol=5e-5)
    held = theory.equilibrium(lr=1e-3, weight_decay=5.0, optimizer="lion")
    naive = held.variance * -np.expm1(-2 * 3 * 5e-3)
    assert naive > 25 * run.variance[3]  # signs need 1/(1 - beta2) steps to align
    assert held.rms(1000, 0.0) ** 2 == pytest.approx(run.variance[1000], rel=1e-12)


def test_the_way_there_arrives():
    eq = theory.equilibrium(lr=1e-3, weight_decay=5.0, optimizer=Lion((0.9, 0.98)))
    assert eq.rms(100_000, 1.0) == pytest.approx(eq.scale, rel=1e-6)
    after = eq.tail_off(1.0, 0.05)
    inside = np.abs(eq.rms(np.array([after - 1, after]), 1.0) / eq.scale - 1) < 0.05
    assert inside.tolist() == [False, True]
    excess = [eq.rms(int(k * eq.settling_time), 1.0) ** 2 - eq.variance for k in (6, 7)]
    assert excess[1] / excess[0] == pytest.approx(np.exp(-1), rel=0.02)


@pytest.mark.parametrize("betas", [(0.9, 0.99), (0.97, 0.97), (0.999, 0.999), (0.3, 0.0), (0.0, 0.9)])
def test_both_quadratures_of_the_powers_are_the_arcsine(betas):
    series = arcsine(direction_correlation(*betas))
    ratio = np.exp(-np.concatenate([[0.0], np.geomspace(1e-6, 40, 50)]))
    for (weights, powers), error in ((series.exact, 1e-13), (series.fast, 1e-6)):
        found = (weights * ratio[:, None] ** powers).sum(axis=1)
        np.testing.assert_allclose(found, 2 / np.pi * np.arcsin(series.largest * ratio), atol=error)


def test_step_angle_published():
    """About sqrt(2 eta k) / 6.8 at the defaults."""
    law = theory.equilibrium(lr=1e-4, weight_decay=0.1, optimizer="lion").law
    assert law.step_angle == pytest.approx(np.sqrt(2e-5) / 6.777, rel=1e-3)


def test_climbing_decays_all_the_same():
    numbers = {"lr": 1e-3, "weight_decay": 0.5}
    climbing = theory.equilibrium(**numbers, optimizer=Lion(maximize=True))
    assert climbing.variance == theory.equilibrium(**numbers, optimizer=Lion()).variance
    with pytest.raises(NotImplementedError, match="maximum is not derived"):
        theory.equilibrium(**numbers, curvature=0.01, noise=1.0, optimizer=Lion(maximize=True))


def test_curvature_published():
    eq = theory.equilibrium(lr=2e-4, weight_decay=2.0, curvature=0.02, noise=0.02, optimizer="lion")
    assert eq.variance == pytest.approx(5.0575e-4, rel=2e-5)
    assert (eq.method, eq.accuracy) == ("approximate", pytest.approx(0.007, abs=1e-3))
    with pytest.raises(theory.InvalidArgument, match="noise must be given"):
        theory.equilibrium(lr=2e-4, weight_decay=2.0, curvature=0.02, optimizer="lion")
