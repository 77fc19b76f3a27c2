"""Adagrad, ASGD, Adafactor: published numbers, closed forms of special cases, and the refusals."""

import numpy as np
import pytest

import theory
from theory import ASGD, SGD, Adafactor, Adagrad, InvalidArgument, NoEquilibrium
from theory.weight.laws.adagrad import late_variance
from theory.weight.rates import held


def test_adagrad_published():
    run = theory.trajectory(lr=0.01, weight_decay=0.5, noise=0.02, steps=10_000, optimizer=Adagrad())
    assert run.variance[[100, 1000, 10_000]] == pytest.approx([2.2622e-5, 6.5366e-6, 2.02032e-6], rel=2e-4)
    assert run.variance[-1] == pytest.approx(late_variance()(0.01, 0.5, 0.02, 1e4), rel=1e-3)


def test_adagrad_freezes_with_lr_decay():
    lr, k, sigma, fall = 1e-3, 0.05, 0.02, 1e-3
    run = theory.trajectory(lr=lr, weight_decay=k, noise=sigma, steps=10**6, start=1e-3, optimizer=Adagrad(fall))
    left = np.exp(-np.pi * lr * k / (sigma * fall**0.5))
    assert run.start_left == pytest.approx(left, rel=0.01)


def test_adafactor_published():
    run = theory.trajectory(lr=0.01, weight_decay=0.1, steps=100_000, start=0.05, optimizer=Adafactor(), shape=(64, 64))
    assert run.variance[[1000, 10_000, 100_000]] == pytest.approx([3.7328e-4, 4.959e-8, 4.983e-9], rel=1e-3)


def test_without_lambd_asgd_is_sgd():
    at = {"lr": 0.1, "weight_decay": 0.3, "noise": 0.2, "correlation": 0.4}
    mine, plain = (theory.equilibrium(**at, optimizer=o) for o in (ASGD(lambd=0.0), SGD()))
    assert mine.variance == plain.variance
    runs = [theory.trajectory(**at, steps=50, start=1.0, optimizer=o).rms for o in (ASGD(lambd=0.0), SGD())]
    np.testing.assert_allclose(*runs, rtol=1e-12)


def test_the_average_of_a_held_walk():
    """V/N [(1 + a)/(1 - a) - 2 a (1 - a^N) / (N (1 - a)^2)], from a weight that is stationary when averaging begins."""
    lr, k, sigma, t0, N = 0.1, 0.3, 0.2, 900, 70
    at = {"lr": lr, "weight_decay": k, "noise": sigma}
    run = theory.trajectory(**at, steps=t0 + 1 + N, optimizer=ASGD(lambd=0.0, t0=t0))
    a, V = 1 - lr * k, theory.equilibrium(**at).variance
    exact = V / N * ((1 + a) / (1 - a) - 2 * a * (1 - a**N) / (N * (1 - a) ** 2))
    assert run.law.average_path(held(lr, k, run.steps), 0.0)[-1] == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(
    ("optimizer", "reason"),
    [
        (Adagrad(), "sum of all squared gradients"),
        (Adagrad(lr_decay=0.1), "lr_decay freezes"),
        (ASGD(), "lambd = 0.0001 makes its learning rate fall"),
        (Adafactor(), "relative step falls"),
    ],
)
def test_no_equilibrium(optimizer, reason):
    with pytest.raises(NoEquilibrium, match=f"{reason}.*theory.trajectory.*rms answers"):
        theory.equilibrium(lr=0.01, weight_decay=0.1, noise=0.02, optimizer=optimizer, shape=(3, 4))


def test_adafactor_needs_its_shape():
    with pytest.raises(InvalidArgument, match="shape must be given for Adafactor, got None"):
        theory.trajectory(lr=0.01, weight_decay=0.1, steps=10, optimizer="adafactor")
    with pytest.raises(NotImplementedError, match="no derived form with a curvature"):
        theory.trajectory(lr=0.01, weight_decay=0.1, steps=10, curvature=1.0, optimizer="adafactor", shape=(9,))


@pytest.mark.parametrize("optimizer", [Adagrad(), ASGD(), Adafactor()])
def test_text(optimizer):
    run = theory.trajectory(lr=0.01, weight_decay=0.1, noise=0.02, steps=500, optimizer=optimizer, shape=(30, 40))
    assert "there is no equilibrium at the peak" in str(run)


def test_adagrad_from_an_initial_sum_by_sampling():
    """The first four steps without decay: their mean square is not one over the sum's mean (10% of it at c = 3)."""
    sigma, c, eta, steps = 0.7, 3.0, 0.2, 4
    optimizer = Adagrad(initial_accumulator_value=c * sigma**2)
    run = theory.trajectory(lr=eta, weight_decay=1e-9, noise=sigma, steps=steps, optimizer=optimizer)
    g = np.random.default_rng(3).standard_normal((400_000, steps))
    squares = (eta * np.cumsum(g / np.sqrt(c + np.cumsum(g**2, axis=1)), axis=1)) ** 2
    for t in range(1, steps + 1):
        mean, error = squares[:, t - 1].mean(), squares[:, t - 1].std() / len(g) ** 0.5
        assert abs(run.variance[t] - mean) < 4 * error
        assert error < 0.005 * mean
        sharp = sum(eta**2 / (j + c) for j in range(1, t + 1))
        assert abs(sharp - mean) > 4 * error
