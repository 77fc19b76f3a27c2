"""The logistic unit: its averages against brute force, its limits, its closed form, and its refusals."""

import numpy as np
import pytest
from scipy.special import expit

import theory
from theory.committee.logistic_unit import _flow, _mean_product, _mean_slope
from theory.errors import InvalidArgument, NoFixedPoint


@pytest.mark.parametrize(("Q", "R", "T"), [(1.0, 0.3, 2.0), (400.0, -8.0, 1.0), (0.01, 0.0, 9.0)])
def test_the_averages_against_monte_carlo(Q, R, T):
    """Two comparisons at 4 sigma in three cases: one false alarm in 2600 seeds; the seed is fixed."""
    rng = np.random.default_rng(0)
    x, y = np.linalg.cholesky([[Q, R], [R, T]]) @ rng.standard_normal((2, 400_000))
    chance = expit(y)
    label = rng.random(chance.shape) < chance
    delta = label - expit(x)
    for sample, value in (
        (2 * delta * x, _flow(np.array([R, Q]), T, 1.0, 0.0, 1)[1] - kicks(Q, R, T)),
        (delta**2, kicks(Q, R, T)),
        (delta * y, _flow(np.array([R, Q]), T, 1.0, 0.0, 1)[0]),
    ):
        assert abs(sample.mean() - value) < 4 * sample.std() / np.sqrt(sample.size)


def kicks(Q, R, T):
    return 1 - _mean_slope(Q) - 2 * _mean_product(Q, R, T)


def test_the_quadrature_has_converged(monkeypatch):
    before = _mean_slope(30.0), _mean_product(30.0, 2.0, 1.0)
    monkeypatch.setattr("theory.committee.logistic_unit.FINENESS", 0.25)
    assert (_mean_slope(30.0), _mean_product(30.0, 2.0, 1.0)) == pytest.approx(before, rel=1e-12)


def test_small_rates_and_no_gamma_branch():
    """Q* tends to eta / 2 for small eta, and stays finite for large eta as gamma falls."""
    assert theory.logistic_unit(0.01, 1e-6, theory.Overlaps(Q=1.0), alpha_max=1e5).Q_rest == pytest.approx(
        0.005, rel=0.02
    )
    large = [theory.logistic_unit(4.0, g, theory.Overlaps(Q=10.0), alpha_max=500 / 4).Q_rest for g in (1e-3, 1e-5)]
    assert large[1] == pytest.approx(large[0], rel=0.02)


def test_the_closed_form_while_saturated():
    """The kicks it leaves out are of relative order eta / sqrt(Q); the pure exponential is the negative control."""
    unit = theory.logistic_unit(1.0, 0.01, theory.Overlaps(Q=1e4))
    alpha = np.array([10.0, 40.0, 70.0])
    flow, closed = unit.at(alpha)[0], theory.saturated_logistic(alpha, 1e4, eta=1.0, gamma=0.01)
    assert closed == pytest.approx(flow, rel=0.05)
    assert (abs(1e4 * np.exp(-0.02 * alpha) / flow - 1) > 0.05).all()
    assert np.isnan(theory.saturated_logistic(1e4, 1.0, eta=1.0, gamma=0.01))


def test_a_teacher_is_learnt():
    """Little decay and small rate: R and Q tend to T."""
    unit = theory.logistic_unit(0.02, 1e-6, theory.Overlaps(Q=1.0, R=0.0, T=1.0), alpha_max=5e3)
    assert unit.R_rest == pytest.approx(1, rel=0.02)
    assert unit.Q_rest == pytest.approx(1, rel=0.05)
    assert unit.eigenvalues.real.max() < 0


def test_refusals():
    with pytest.raises(InvalidArgument, match="gamma must be positive"):
        theory.logistic_unit(1.0, 0.0, theory.Overlaps(Q=1.0))
    with pytest.raises(InvalidArgument, match="K of start must be 1"):
        theory.logistic_unit(1.0, 0.1, theory.Overlaps.orthogonal(2, Q=1.0))
    with pytest.raises(InvalidArgument, match="M of start must be 0 or 1"):
        theory.logistic_unit(1.0, 0.1, theory.Overlaps.orthogonal(1, 2, Q=1.0))
    with pytest.raises(NoFixedPoint, match="Raise alpha_max"):
        theory.logistic_unit(1.0, 0.01, theory.Overlaps(Q=1e4), alpha_max=3.0)
