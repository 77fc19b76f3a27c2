"""Signum: the arcsine law, its published numbers, and the closed loop where the sign feels the weight."""

import numpy as np
import pytest

import theory
from theory import Lion, Signum
from theory.weight.laws.closed_loop import LEAST_RATE, closed_loop, open_rate
from theory.weight.laws.signs import sign_sum


def test_sum_over_lags_published():
    for momentum, value in {0.5: 2.3072, 0.8: 6.3886, 0.9: 13.2789, 0.95: 27.1115, 0.99: 137.973}.items():
        assert sign_sum(1.0, momentum, momentum) == pytest.approx(value, rel=2e-5)
        lags = np.arange(1, 5000)
        assert 1 + 4 / np.pi * np.sum(np.arcsin(momentum**lags)) == pytest.approx(value, rel=2e-5)


def test_it_is_lion_with_equal_memories():
    numbers = {"lr": 1e-3, "weight_decay": 5.0}
    eq = theory.equilibrium(**numbers, optimizer="signum")
    assert eq.variance == theory.equilibrium(**numbers, optimizer=Lion((0.9, 0.9))).variance
    assert eq.variance == pytest.approx(1.274947e-3, rel=1e-6)
    assert (eq.method, eq.accuracy) == ("exact", 0.0)


def test_without_momentum_it_is_a_walk_of_signs():
    eq = theory.equilibrium(lr=0.1, weight_decay=0.2, optimizer=Signum(0.0))
    assert eq.variance == pytest.approx(0.01 / (1 - 0.98**2))
    assert eq.rms(3, 0.5) ** 2 == pytest.approx(0.98**6 * 0.25 + 0.01 * (1 + 0.98**2 + 0.98**4))


def test_coupled_published():
    eq = theory.equilibrium(lr=1e-4, weight_decay=0.5, noise=0.02, optimizer=Signum(decoupled=False))
    assert eq.variance == pytest.approx(7.6436e-6, rel=1e-5)
    assert eq.method == "approximate"
    other = theory.equilibrium(lr=1e-4, weight_decay=0.5, noise=0.04, optimizer=Signum(decoupled=False))
    assert other.variance / eq.variance == pytest.approx(2, rel=0.01)  # coupled: proportional to the noise


def test_a_slow_loop_is_the_leading_order():
    eta, k, sigma, mu = 1e-7, 0.5, 0.02, 0.9
    eq = theory.equilibrium(lr=eta, weight_decay=k, noise=sigma, optimizer=Signum(mu, decoupled=False))
    leading = eta * sign_sum(1.0, mu, mu) / (2 * k) * np.sqrt(np.pi / 2) * sigma * np.sqrt((1 - mu) / (1 + mu))
    assert eq.variance == pytest.approx(leading, rel=1e-3)
    R = np.sqrt(2 / np.pi) / (sigma * np.sqrt((1 - mu) / (1 + mu)))
    assert eq.relaxation_time == pytest.approx(1 / (eta * k * R), rel=1e-3)


def test_the_loop_without_pull_is_the_exact_law():
    """No weight in the sign: the frequency grid gives the arcsine law with decoupled decay."""
    eta_k, betas = 0.01, (0.9, 0.97)
    exact = theory.equilibrium(lr=1.0, weight_decay=eta_k, optimizer=Lion(betas)).variance
    assert closed_loop(*betas, eta_k, 0.0).variance == pytest.approx(exact, rel=1e-6)


def test_both_sides_of_the_continuation_meet():
    betas = (0.9, 0.9)
    pull = 0.1 * LEAST_RATE / open_rate(*betas, 0.0, 1.0)
    ratio = [closed_loop(*betas, 0.0, pull * f).variance * f for f in (0.99, 1.01)]
    assert ratio[1] / ratio[0] == pytest.approx(1, rel=1e-4)


def test_refusals():
    coupled = Signum(decoupled=False)
    with pytest.raises(theory.InvalidArgument, match="noise must be given"):
        theory.equilibrium(lr=1e-4, weight_decay=0.5, optimizer=coupled)
    with pytest.raises(NotImplementedError, match="known for rates"):
        theory.equilibrium(lr=0.1, weight_decay=0.5, noise=0.02, optimizer=coupled)
    with pytest.raises(NotImplementedError, match="memories up to"):
        theory.equilibrium(lr=1e-7, weight_decay=0.5, noise=0.02, optimizer=Signum(0.9999, decoupled=False))
    with pytest.raises(theory.NoEquilibrium, match="nothing holds"):
        theory.equilibrium(lr=1e-4, weight_decay=0.0, noise=0.02, optimizer=coupled)
    eq = theory.equilibrium(lr=1e-4, weight_decay=0.5, noise=0.02, optimizer=coupled)
    with pytest.raises(NotImplementedError, match="way to equilibrium"):
        eq.rms(3, 1.0)
    with pytest.raises(theory.InvalidArgument, match="momentum"):
        Signum(1.0)
    with pytest.raises(theory.InvalidArgument, match="decoupled"):
        Signum(decoupled="yes")


def test_arrays():
    eq = theory.equilibrium(lr=np.array([1e-4, 2e-4]), weight_decay=0.5, noise=0.02, optimizer=Signum(decoupled=False))
    one = theory.equilibrium(lr=2e-4, weight_decay=0.5, noise=0.02, optimizer=Signum(decoupled=False))
    assert eq.variance[1] == one.variance
    assert eq.relaxation_time[1] == one.relaxation_time
