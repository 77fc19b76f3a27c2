"""In which sense 1/sqrt(n) is right: the exponents of the three scaling rules."""

import numpy as np
import pytest

import theory
from theory.errors import InvalidArgument, NoFixedPoint

NOISE = theory.Overlaps(Q=100.0)


def test_fixed_scaled_rates_give_minus_one_half():
    for start in (NOISE, theory.Overlaps(Q=100.0, R=0.0, T=1.0)):
        found = theory.scaling(theory.OnlineRule(0.5, 0.02, 0.5), start, [30, 300, 3000])
        assert found.exponent == pytest.approx(-0.5, abs=1e-9)
        assert found.local_exponent == pytest.approx(-0.5)


def test_fixed_small_rates_per_step_give_zero():
    rule = theory.OnlineRule(eta=1e-5, gamma=1e-9, sigma=1.0)
    found = theory.scaling(rule, theory.Overlaps(Q=1.0), [1, 10, 100], eta_power=1, gamma_power=1)
    assert found.exponent == pytest.approx(0, abs=2e-3)
    assert found.scale == pytest.approx(np.sqrt(1e-5 / 2), rel=1e-2)


def test_the_diffusive_branch_tends_to_minus_one_sixth():
    rule = theory.OnlineRule(eta=100.0, gamma=1e-3, sigma=1.0)
    found = theory.scaling(rule, NOISE, [100, 10_000], eta_power=1, gamma_power=1)
    assert found.local_exponent[-1] == pytest.approx(theory.diffusive_exponent(1, 1), abs=2e-3)
    other = theory.scaling(rule, NOISE, [100, 10_000], eta_power=0.5, gamma_power=0)
    assert other.local_exponent[-1] == pytest.approx(theory.diffusive_exponent(0.5, 0), abs=0.01)


def test_the_local_exponent_is_the_slope():
    rule, start = theory.OnlineRule(eta=0.7, gamma=0.03, sigma=0.5), theory.Overlaps(Q=10.0, R=0.0, T=1.0)
    h = 1e-4
    near = theory.scaling(rule, start, [100 * (1 - h), 100, 100 * (1 + h)], eta_power=0.7, gamma_power=0.2)
    slope = np.log(near.scale[2] / near.scale[0]) / np.log((1 + h) / (1 - h))
    assert near.local_exponent[1] == pytest.approx(slope, rel=1e-6)


def test_one_size_and_a_reference():
    rule = theory.OnlineRule(eta=0.7, gamma=0.03, sigma=0.5)
    found = theory.scaling(rule, NOISE, [400], eta_power=1, gamma_power=1, reference=200)
    assert found.networks[0].rule.eta == pytest.approx(1.4)
    assert found.exponent == found.local_exponent[0]


def test_refusals():
    rule = theory.OnlineRule(eta=0.7, gamma=0.03, sigma=0.5)
    with pytest.raises(InvalidArgument, match="fan_in must be positive"):
        theory.scaling(rule, NOISE, [100, -5])
    with pytest.raises(InvalidArgument, match="eta_power must be finite"):
        theory.scaling(rule, NOISE, [100], eta_power=np.nan)
    with pytest.raises(NoFixedPoint, match=r"at fan_in = 100,.*Raise alpha_max"):
        theory.scaling(rule, NOISE, [100], alpha_max=1.0)
