"""Minibatch least squares, measured on fresh Gaussian inputs, against `theory.linear_regression`.

The gate is `reports.Comparison` (false-alarm rate 6e-5 each, about 20 gates). Runs start from zero weights and choose
their burn-in themselves. Learning rates stay below 0.22 of the critical one: above 0.4 the fourth moments diverge and a
standard error of E ||w||^2 means nothing. The critical rate itself is tested by whether the mean square grows.
"""

from functools import lru_cache

import numpy as np
import pytest

import sim
import theory
from reports import Comparison
from theory import SGD

OPTIMIZERS = {"plain": SGD(), "heavy ball": SGD(0.57), "decoupled": SGD(0.57, decoupled=True)}
MOMENTS = ("weight_sq", "error_sq", "alignment", "grad_sq")
SLOW = pytest.mark.slow


@lru_cache
def settled(name, seed):
    rng = np.random.default_rng([seed, len(name)])
    n = rng.uniform(50, 200)
    settings = {
        "n": n, "lam": n * rng.uniform(0.1, 0.5), "dimension": 5, "batch_size": 3, "teacher_sq": rng.uniform(0.5, 2),
        "residual": rng.uniform(0.5, 1), "optimizer": OPTIMIZERS[name],
    }  # fmt: skip
    settings["eta"] = 0.12 * theory.linear_regression(**settings, eta=1e-6).critical_rate
    run = sim.least_squares(**settings, runs=1000, steps=1408, seed=seed)
    assert run.attrs["stationary"] == 1
    return settings, run


def verdict(run, moment, law):
    measured, error = float(run[moment]), float(run[f"{moment}_error"])
    return Comparison(moment, getattr(law, moment), measured, error, 0.003).verdict


@pytest.mark.parametrize("name", ["plain", pytest.param("heavy ball", marks=SLOW), "decoupled"])
def test_second_moments(name):
    settings, run = settled(name, 1)
    predicted = theory.linear_regression(**settings)
    less_decay = theory.linear_regression(**settings | {"lam": 0.9 * settings["lam"]})
    less_noise = theory.linear_regression(**settings | {"residual": 0.9 * settings["residual"]})
    for moment in MOMENTS:
        assert verdict(run, moment, predicted) == "agrees", moment
        assert verdict(run, moment, less_noise) == "differs", moment
    for moment in ("weight_sq", "error_sq", "alignment"):  # the gradient hardly feels the decay
        assert verdict(run, moment, less_decay) == "differs", moment


@pytest.mark.parametrize(
    ("truth", "other"), [pytest.param("heavy ball", "decoupled", marks=SLOW), ("decoupled", "heavy ball")]
)
def test_coupled_decay_is_not_decoupled(truth, other):
    settings, run = settled(truth, 1)
    wrong = theory.linear_regression(**settings | {"optimizer": OPTIMIZERS[other]})
    assert verdict(run, "weight_sq", wrong) == "differs"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_critical_rate_is_where_the_mean_square_grows(name):
    """In high dimension E ||w||^2 is seen by few runs: it settles at 0.8 of the critical rate, and explodes at 1.2."""
    settings = {"n": 100.0, "lam": 20.0, "dimension": 60, "batch_size": 20, "optimizer": OPTIMIZERS[name]}
    critical = theory.linear_regression(**settings, eta=1e-6).critical_rate
    below, above = (
        sim.least_squares(**settings, eta=factor * critical, runs=20, steps=448, seed=2).path.sel(moment="weight_sq")
        for factor in (0.8, 1.2)
    )
    assert below[-100:].mean() < 3 * below[-300:-200].mean()
    assert above[-1] > 1e6 * above[50]
