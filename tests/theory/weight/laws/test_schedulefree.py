"""Schedule-free: no equilibrium, the exact recursion, its limit, and the normalised step's size."""

import numpy as np
import pytest
import sympy as sp

import theory
from theory import ScheduleFreeAdamW, ScheduleFreeSGD
from theory.symbols import sigma
from theory.weight.derivations.schedulefree import beta, late, pull
from theory.weight.laws.schedulefree import normalised_square
from theory.weight.laws.second_moment import step_covariance

EXAMPLE = {"lr": 0.3, "weight_decay": 0.1, "noise": 0.02}


def test_published():
    run = theory.trajectory(**EXAMPLE, steps=1000, optimizer=ScheduleFreeSGD(0.9))
    np.testing.assert_allclose(run.variance[[100, 1000]], [3.65903e-4, 1.65916e-4], rtol=4e-6)


def test_the_limit_has_no_floor_and_no_learning_rate():
    assert sp.simplify(late() - sigma**2 / (pull**2 * (1 - beta**2))) == 0
    for lr in (0.3, 0.6):
        run = theory.trajectory(**EXAMPLE | {"lr": lr}, steps=200_000, optimizer=ScheduleFreeSGD(0.5))
        assert run.variance[-1] * 200_000 == pytest.approx(0.02**2 / (0.1**2 * 0.75), rel=0.01)


def test_without_momentum_it_is_the_mean_of_a_random_walk():
    """Polyak: x_t is the mean of z_1..z_t, whose covariance is known."""
    eta, k, steps = 0.3, 0.5, 25
    run = theory.trajectory(lr=eta, weight_decay=k, noise=1.0, steps=steps, start=0.7, optimizer=ScheduleFreeSGD(0.0))
    a = 1 - eta * k
    kicks = eta * np.tril(a ** np.maximum(np.subtract.outer(np.arange(steps), np.arange(steps)), 0.0))
    mean = np.full(steps, 1 / steps)
    expected = np.sum((mean @ kicks) ** 2) + (0.7 * mean @ a ** np.arange(1, steps + 1)) ** 2
    assert run.variance[-1] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("optimizer", [ScheduleFreeSGD(), ScheduleFreeAdamW()])
def test_no_equilibrium(optimizer):
    with pytest.raises(theory.NoEquilibrium, match=r"no equilibrium under ScheduleFree.*theory\.trajectory"):
        theory.equilibrium(lr=0.1, weight_decay=0.1, noise=0.1, optimizer=optimizer)
    run = theory.trajectory(lr=0.1, weight_decay=0.1, noise=0.1, steps=50, start=1.0, optimizer=optimizer)
    assert "no equilibrium" in str(run)
    assert 0 < run.start_left < 1


@pytest.mark.parametrize("beta2", [0.0, 0.5, 0.9, 0.99, 0.999])
def test_the_normalised_step(beta2):
    _, squares = normalised_square(beta2)
    assert squares[0] == pytest.approx(1)  # g over its own size
    assert np.all(np.diff(squares) < 1e-12)
    if beta2 >= 0.9:
        assert squares[-1] == pytest.approx(step_covariance(0.0, beta2).summed(0.0), rel=2e-6)
    if beta2 == 0.5:  # two steps: weights 1/3 and 2/3, E g^2 / (2 g^2 / 3 + h^2 / 3), by an angle
        angle = (np.arange(4000) + 0.5) * np.pi / 4000
        assert squares[1] == pytest.approx(np.mean(np.cos(angle) ** 2 / (1 / 3 + np.cos(angle) ** 2 / 3)), rel=1e-8)


def test_a_schedule_that_starts_at_zero():
    run = theory.trajectory(**EXAMPLE, steps=10, start=1.0, schedule=np.linspace(0, 1, 10), optimizer=ScheduleFreeSGD())
    assert run.variance[1] == 1.0
    assert run.variance[-1] < 1


def test_refusals():
    with pytest.raises(NotImplementedError, match="curvature under ScheduleFreeSGD"):
        theory.trajectory(lr=0.1, weight_decay=0.1, curvature=0.1, noise=1.0, steps=5, optimizer=ScheduleFreeAdamW())
    with pytest.raises(NotImplementedError, match="memory"):
        theory.trajectory(**EXAMPLE, correlation=0.5, steps=5, optimizer=ScheduleFreeSGD())
    with pytest.raises(theory.InvalidArgument, match="momentum"):
        ScheduleFreeSGD(1.5)
    with pytest.raises(theory.InvalidArgument, match="weight_lr_power"):
        ScheduleFreeAdamW(weight_lr_power=np.inf)


def test_curvature_adds_to_the_decay():
    both = theory.trajectory(lr=0.1, weight_decay=0.3, curvature=0.2, noise=1.0, steps=40, optimizer=ScheduleFreeSGD())
    one = theory.trajectory(lr=0.1, weight_decay=0.5, noise=1.0, steps=40, optimizer=ScheduleFreeSGD())
    np.testing.assert_allclose(both.variance, one.variance)
    climbing = theory.trajectory(
        lr=0.1, weight_decay=0.7, curvature=0.2, noise=1.0, steps=40, optimizer=ScheduleFreeSGD(maximize=True)
    )
    np.testing.assert_allclose(climbing.variance, one.variance)
