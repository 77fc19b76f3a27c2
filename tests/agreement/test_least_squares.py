"""Minibatch least squares, measured on fresh Gaussian inputs, against `theory.linear_regression`.

Gates as in test_optimizers (false-alarm rate 6e-5 each, about 20 gates). Learning rates stay below 0.22 of the critical
one: above 0.4 the fourth moments diverge and a standard error of E ||w||^2 means nothing. The critical rate itself is
tested by whether the mean square grows.
"""

from functools import lru_cache

import numpy as np
import pytest

from sim.walks.least_squares import least_squares
from theory.network.linear_regression import linear_regression
from theory.settings import SGD

OPTIMIZERS = {"plain": SGD(), "heavy ball": SGD(0.57), "decoupled": SGD(0.57, decoupled=True)}
MOMENTS = ("weight_sq", "error_sq", "alignment", "grad_sq")


def gates(measured, error, predicted, precision):
    return abs(measured - predicted) < 4 * error and error < precision * abs(predicted)


@lru_cache
def settled(name, seed):
    rng = np.random.default_rng([seed, len(name)])
    optimizer = OPTIMIZERS[name]
    n = rng.uniform(50, 200)
    lam = n * rng.uniform(0.1, 0.5)
    shape = {"dimension": 5, "batch_size": 3, "teacher_sq": rng.uniform(0.5, 2), "residual": rng.uniform(0.5, 1)}
    eta = 0.12 * linear_regression(n, lam, 1e-6, optimizer=optimizer, **shape).critical_rate
    run = least_squares(optimizer, n, lam, eta, **shape, runs=1000, steps=1200, burn_in=200, seed=seed)
    return (n, lam, eta), shape, run


@pytest.mark.parametrize("name", ["plain", pytest.param("heavy ball", marks=pytest.mark.slow), "decoupled"])
def test_second_moments(name):
    (n, lam, eta), shape, run = settled(name, 1)
    predicted = linear_regression(n, lam, eta, optimizer=OPTIMIZERS[name], **shape)
    wrong = linear_regression(n, 1.1 * lam, eta, optimizer=OPTIMIZERS[name], **shape)
    for moment in MOMENTS:
        value, error = getattr(run, moment), run.errors[moment]
        assert gates(value, error, getattr(predicted, moment), 0.003), moment
    assert not gates(run.weight_sq, run.errors["weight_sq"], wrong.weight_sq, 0.003)


@pytest.mark.parametrize(
    ("truth", "other"), [pytest.param("heavy ball", "decoupled", marks=pytest.mark.slow), ("decoupled", "heavy ball")]
)
def test_coupled_decay_is_not_decoupled(truth, other):
    numbers, shape, run = settled(truth, 1)
    wrong = linear_regression(*numbers, optimizer=OPTIMIZERS[other], **shape)
    assert not gates(run.weight_sq, run.errors["weight_sq"], wrong.weight_sq, 0.003)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_critical_rate_is_where_the_mean_square_grows(name):
    """In high dimension E ||w||^2 is seen by few runs: it settles at 0.8 of the critical rate, and explodes at 1.2."""
    optimizer, shape = OPTIMIZERS[name], {"dimension": 60, "batch_size": 20}
    critical = linear_regression(100.0, 20.0, 1e-6, optimizer=optimizer, **shape).critical_rate
    run = {"runs": 20, "steps": 1, "burn_in": 400, "seed": 2}
    below, above = (
        least_squares(optimizer, 100.0, 20.0, factor * critical, **shape, **run).trace for factor in (0.8, 1.2)
    )
    assert below[-100:].mean() < 3 * below[-300:-200].mean()
    assert above[-1] > 1e6 * above[50]
