"""Lion's series against the sum over lags that it stands for, and against the written correlation."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import theory
from theory import Lion
from theory.weight.laws.lion import direction_correlation, sign_sum


def test_direction_correlation_is_the_written_one():
    b1, b2 = sp.symbols("b1 b2")
    own = b1**2 * (1 - b2) / (1 + b2)
    q = (b1 * (1 - b1) * (1 - b2) / b2 + own) / ((1 - b1) ** 2 + own)
    assert sp.simplify(direction_correlation() - q * b2) == 0


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 0.98), st.floats(0.01, 0.98), st.floats(0.5, 1))
def test_series_is_the_sum_over_lags(beta1, beta2, a):
    b1, b2 = sp.symbols("b1 b2")
    first = float(direction_correlation().subs({b1: beta1, b2: beta2}))
    lags = np.arange(1, 4000)
    correlation = 2 / np.pi * np.arcsin(first * beta2 ** (lags - 1.0))
    assert sign_sum(a, beta1, beta2) == pytest.approx(1 + 2 * np.sum(a**lags * correlation), rel=1e-10)


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
