import re

import numpy as np
import pytest
import sympy as sp

from theory import SGD, AdamW, InvalidArgument, NoEquilibrium
from theory.network.least_squares_moments import moment_map, stationary_moments
from theory.network.linear_regression import linear_regression

SHAPE = {"dimension": 7, "batch_size": 3, "teacher_sq": 1.3, "residual": 0.7}
KINDS = [SGD(), SGD(0.6), SGD(0.6, decoupled=True)]


def test_heavy_ball_is_the_written_form():
    eta, k, mu, d, m, S, tau = sp.symbols("eta k mu d m S tau", positive=True)
    c = 1 + (d + 1) / m
    p, D, alpha = S / (1 + k), 1 - mu**2 + mu * (1 + k) * eta, (1 + k) ** 2 + (d + 1) / m
    beta = 2 * (c + k) * p - c * S - tau**2 * d / m
    written = (p * D - (1 + mu) * eta / 2 * beta) / ((1 + k) * D - (1 + mu) * eta / 2 * alpha)
    weight_sq, step_sq = stationary_moments(decoupled=False)
    assert sp.simplify(weight_sq - written) == 0
    assert sp.simplify(step_sq / eta**2 - (alpha * written - beta) / D) == 0


@pytest.mark.parametrize("optimizer", KINDS)
def test_radius_is_one_at_the_critical_rate(optimizer):
    n, lam = 100.0, 30.0
    critical = linear_regression(n, lam, 1e-6, optimizer=optimizer, **SHAPE).critical_rate
    second = moment_map(optimizer.decoupled).second
    values = {"eta": critical, "k": lam / n, "mu": optimizer.momentum, "d": 7, "m": 3, "S": 1.3, "tau": 0.7}
    matrix = np.array(second.subs({s: values[s.name] for s in second.free_symbols}), dtype=float)
    assert np.abs(np.linalg.eigvals(matrix)).max() == pytest.approx(1, abs=1e-9)


def test_critical_rate_is_the_written_one():
    k, mu, noise = 0.3, 0.6, 8 / 3
    written = 2 * (1 + k) * (1 - mu**2) / ((1 - mu) * (1 + k) ** 2 + (1 + mu) * noise)
    found = linear_regression(100.0, 30.0, 1e-6, optimizer=SGD(mu), **SHAPE).critical_rate
    assert found == pytest.approx(written, rel=1e-12)


def test_layer_norm_balance_holds():
    """E w^2 (1 - a^2) = eta^2 E g^2 - 2 a eta E w g, exact for any loss: an identity that the moments must satisfy."""
    eta, a = 0.09, 1 - 0.09 * 0.3
    result = linear_regression(100.0, 30.0, eta, **SHAPE)
    assert result.weight_sq * (1 - a**2) == pytest.approx(eta**2 * result.grad_sq - 2 * a * eta * result.alignment)


@pytest.mark.parametrize("decoupled", [False, True])
def test_fluctuation_dissipation_with_momentum(decoupled):
    """The same with a buffer: (1 - a^2)(1 - a mu) E w^2 = eta^2 (1 + a mu) E v^2 - 2 a eta E w G."""
    eta, mu, k = 0.05, 0.6, 0.3
    result = linear_regression(100.0, 30.0, eta, optimizer=SGD(mu, decoupled=decoupled), **SHAPE)
    a = 1 - eta * k if decoupled else 1.0
    G = result.alignment + (0 if decoupled else k * result.weight_sq)
    left = (1 - a**2) * (1 - a * mu) * result.weight_sq
    assert left == pytest.approx(eta**2 * (1 + a * mu) * result.buffer_sq - 2 * a * eta * G, rel=1e-9, abs=1e-12)


def test_small_steps_settle_at_the_ridge_solution():
    result = linear_regression(100.0, 30.0, 1e-7, **SHAPE)
    assert result.mean_factor == pytest.approx(1 / 1.3)
    assert result.weight_sq == pytest.approx(1.3 / 1.3**2, rel=1e-5)
    assert result.mean_relaxation_time == pytest.approx(1 / (1e-7 * 1.3), rel=1e-5)
    assert result.relaxation_time == pytest.approx(result.mean_relaxation_time / 2, rel=1e-4)


def test_bad_input():
    with pytest.raises(NoEquilibrium, match="eta must be below the critical learning rate") as error:
        linear_regression(100.0, 30.0, 3.0, **SHAPE)
    limit = float(re.search(r"rate ([\d.]+)", str(error.value)).group(1))
    assert linear_regression(100.0, 30.0, 0.999 * limit, **SHAPE).weight_sq > 0
    with pytest.raises(InvalidArgument, match="batch_size must be a whole number"):
        linear_regression(100.0, 30.0, 0.1, dimension=3, batch_size=0)
    for optimizer in (SGD(0.5, nesterov=True), AdamW()):
        with pytest.raises(NotImplementedError, match="Available: SGD, plain or with heavy-ball"):
            linear_regression(100.0, 30.0, 0.1, optimizer=optimizer, **SHAPE)
