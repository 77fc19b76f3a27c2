"""The closed forms of saturation against the flow they are limits of."""

import numpy as np
import pytest
import sympy as sp

import theory
from theory.committee.gaussian_integrals import statement
from theory.committee.noise_labels import _imbalance
from theory.committee.order_parameters import Flow
from theory.errors import InvalidArgument, NoFixedPoint


def flow_at(rule, start):
    flow = Flow.of(rule, start)
    return flow(flow.state(start))


@pytest.mark.parametrize(("K", "M"), [(1, 0), (1, 1), (1, 2), (2, 2), (3, 2), (3, 0)])
def test_the_drive_is_the_limit_of_the_flow(K, M):
    """sqrt(Q) (dQ/dalpha + 2 gamma Q) pi / sqrt(2) tends to A, with an error of order Q^(-1/2)."""
    rule, errors = theory.OnlineRule(eta=1.7, gamma=0.01, sigma=0.6), []
    for Q in (1e4, 1e6):
        start = theory.Overlaps.random(K, M, Q=Q, fan_in=100, seed=K + 7 * M)
        own = start.Q[0, 0]
        flow = flow_at(rule, start)[K * M]
        A = (flow + 2 * rule.gamma * own) * np.sqrt(own) * np.pi / np.sqrt(2)
        errors.append(abs(A / theory.saturated_unit(rule, start).drive - 1))
    assert errors[0] < 0.1
    assert errors[1] < 5e-3


@pytest.mark.parametrize(("eta", "sigma"), [(0.5, 1.0), (3.0, 1.0)])
def test_the_decay_law_against_the_flow(eta, sigma):
    """Noise labels, from Q = 1e4 as far as ten times Q_c; the pure exponential is the negative control."""
    rule, start = theory.OnlineRule(eta=eta, gamma=1e-3, sigma=sigma), theory.Overlaps(Q=1e4)
    law, network = theory.saturated_unit(rule, start), theory.teacher_student(rule, start)
    end = np.log(1e4 / (10 * law.crossover)) / (2 * rule.gamma)
    alpha = np.linspace(0, end, 20)
    flow = network.at(alpha)[0][:, 0, 0]
    assert law.Q(alpha, 1e4) == pytest.approx(flow, rel=2e-3)
    assert abs(1e4 * np.exp(-2 * rule.gamma * end) / flow[-1] - 1) > 0.01


def test_a_touchdown_ends_the_law():
    law = theory.saturated_unit(theory.OnlineRule(eta=0.5, gamma=1e-3, sigma=1.0), theory.Overlaps(Q=1e4))
    touchdown = law.touchdown(1e4)
    assert not law.diffusive
    assert law.Q(touchdown * (1 - 1e-9), 1e4) < 1e-3
    assert np.isnan(law.Q(touchdown * 1.01, 1e4))
    diffusive = theory.saturated_unit(theory.OnlineRule(eta=3.0, gamma=1e-3, sigma=1.0), theory.Overlaps(Q=1e4))
    assert diffusive.touchdown(1e4) == np.inf
    assert diffusive.Q(1e6, 1e4) == pytest.approx(diffusive.crossover)


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize(("eta", "gamma"), [(0.5, 1e-3), (3.0, 1e-2), (12.0, 0.1)])
def test_the_exact_equation_is_the_fixed_point_of_the_flow(eta, gamma, batch_size):
    rule = theory.OnlineRule(eta=eta, gamma=gamma, sigma=0.8, batch_size=batch_size)
    Q = theory.noise_fixed_point(rule)
    assert theory.teacher_student(rule, theory.Overlaps(Q=100.0)).stationary.Q[0, 0] == pytest.approx(Q, rel=1e-10)


def test_the_exact_equation_follows_symbolically():
    """-pi sqrt(1 + 2Q) / 2 times the flow of one unit, from the integrals' own statements."""
    Q, eta, gamma, sigma = sp.symbols("Q eta gamma sigma", positive=True)

    def at_one_unit(name):
        expression, symbols = statement(name)
        return expression.doit().subs({s: Q if s.name.startswith("C") else 0 for s in symbols})

    flow = -2 * gamma * Q - 2 * eta * at_one_unit("I3") + eta**2 * (at_one_unit("I4") + sigma**2 * at_one_unit("J2"))
    rule = theory.OnlineRule(eta=1.3, gamma=0.02, sigma=0.7)
    for value in (1e-3, 1.0, 50.0):
        number = flow.subs({Q: value, eta: 1.3, gamma: 0.02, sigma: 0.7}).evalf()
        expected = -number * np.pi * np.sqrt(1 + 2 * value) / 2 / rule.eta
        assert _imbalance(rule, rule.gamma, value) == pytest.approx(float(expected), rel=1e-12)


def test_the_asymptote_of_the_diffusive_branch():
    """The next-to-leading order: its error falls faster than that of the leading one."""
    errors = []
    for gamma in (1e-2, 1e-3, 1e-4):
        rule = theory.OnlineRule(eta=3.0, gamma=gamma, sigma=1.0)
        law, exact = theory.saturated_unit(rule, theory.Overlaps(Q=1.0)), theory.noise_fixed_point(rule)
        errors.append((abs(law.crossover / exact - 1), abs(law.asymptote / exact - 1)))
    leading, next_order = np.log(np.array(errors)).T
    assert np.diff(leading) / np.log(0.1) == pytest.approx(2 / 3, abs=0.1)
    assert np.diff(next_order) / np.log(0.1) == pytest.approx(4 / 3, abs=0.2)


def test_gradients_set_the_scale_without_decay():
    rule = theory.OnlineRule(eta=0.5, gamma=1e-7, sigma=1.0)
    assert theory.gradient_scale(rule) == pytest.approx(theory.noise_fixed_point(rule), rel=1e-5)
    small = theory.OnlineRule(eta=1e-4, gamma=1e-12, sigma=1.5)
    assert theory.small_rate_scale(small) == pytest.approx(theory.noise_fixed_point(small), rel=1e-3)


def test_refusals():
    rule = theory.OnlineRule(eta=3.0, gamma=1e-3, sigma=1.0)
    with pytest.raises(NoFixedPoint, match="A must be negative"):
        theory.gradient_scale(rule)
    with pytest.raises(NoFixedPoint, match="A must be positive"):
        _ = theory.saturated_unit(theory.OnlineRule(0.5, 1e-3, 1.0), theory.Overlaps(Q=1.0)).asymptote
    with pytest.raises(InvalidArgument, match="sigma must be positive"):
        theory.noise_fixed_point(theory.OnlineRule(eta=0.5, gamma=1e-3))
    with pytest.raises(InvalidArgument, match="unit must be between 0 and 0"):
        theory.saturated_unit(rule, theory.Overlaps(Q=1.0), unit=1)
    with pytest.raises(InvalidArgument, match="start must be positive"):
        theory.saturated_unit(rule, theory.Overlaps(Q=1.0)).Q(1.0, -1.0)
