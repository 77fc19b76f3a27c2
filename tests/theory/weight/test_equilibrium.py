"""The public object: the numbers of the issue, arrays, symbols, limits, and every refusal."""

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import theory
from theory import InvalidArgument, NoEquilibrium


def test_the_numbers_people_know():
    eq = theory.equilibrium(50_000, 5.0, 0.1)
    assert eq.scale == pytest.approx(0.10000025, abs=5e-9)
    assert eq.balance == pytest.approx(44.7213595, abs=5e-8)
    assert eq.shrink == 0.99999
    assert eq.relaxation_time == pytest.approx(99999.5, abs=1e-6)
    assert float(eq) == eq.scale
    assert isinstance(eq.scale, float)
    assert isinstance(eq.relaxation_time, float)


def iterate(eq, start, steps):
    """E w_t^2 by iterating the moments, the slow way."""
    V, C, out = start**2, 0.0, [start**2]
    for _ in range(steps):
        V, C = (
            eq.shrink**2 * V - 2 * eq.shrink * eq.eta * C + (eq.eta * eq.noise) ** 2,
            eq.correlation * (eq.shrink * C - eq.eta * eq.noise**2),
        )
        out.append(V)
    return np.sqrt(out)


rates = st.floats(1e-3, 1.99)
memories = st.one_of(st.just(0.0), st.floats(-0.99, 0.99))


@settings(max_examples=60, deadline=None)
@given(rate=rates, r=memories, eta=st.floats(0.01, 2), start=st.floats(0, 20))
def test_transient_and_tail_off_against_iteration(rate, r, eta, start):
    n = 137.0
    eq = theory.equilibrium(n, rate * n / eta, eta, correlation=r)
    slow = iterate(eq, start, 600)
    np.testing.assert_allclose(eq.rms(np.arange(601), start), slow, rtol=1e-9, atol=1e-12 * eq.scale)
    outside = np.flatnonzero(abs(slow / eq.scale - 1) > 0.05)
    tail = eq.tail_off(start)
    if tail < 500:
        assert tail == (outside[-1] + 1 if outside.size else 0)


@pytest.mark.parametrize("rate", [1e-12, 1e-6, 0.999999, 1.0, 1.000001, 1.999999])
@pytest.mark.parametrize("r", [0.0, 1 - 1e-9, -0.5])
def test_no_cancellation_against_fifty_digits(rate, r):
    """The law and its transient at the ends of their range, where doubles cancel if written carelessly."""
    import mpmath as mp

    n, eta = 1024.0, 0.25
    eq = theory.equilibrium(n, rate * n / eta, eta, correlation=r)
    with mp.workdps(50):
        x, rho = mp.mpf(eq.eta) * mp.mpf(eq.lam) / mp.mpf(n), mp.mpf(r)
        a = 1 - x
        exact = mp.mpf(eta) ** 2 / mp.mpf(n) * (1 + a * rho) / ((1 - a**2) * (1 - a * rho))
        assert abs(eq.variance / exact - 1) < 1e-12
        t = 1000
        later = a ** (2 * t) * 4 + (1 - a ** (2 * t)) * exact
        if rho:
            quotient = (a**t - rho**t) / (a - rho)
            later -= 2 * mp.mpf(eta) ** 2 / mp.mpf(n) * rho * a**t * quotient / (1 - a * rho)
        assert abs(eq.rms(t, 2.0) ** 2 / later - 1) < 1e-9


def test_a_meets_r():
    """The switch in (a^t - r^t)/(a - r): equal, nearly equal and apart must join."""
    n, eta, steps = 100.0, 0.5, np.arange(200)
    lam = 0.1 * n / eta  # a = 0.9
    at = theory.equilibrium(n, lam, eta, correlation=0.9).rms(steps, 3.0)
    for gap in (1e-15, 1e-10, 1e-6):
        near = theory.equilibrium(n, lam, eta, correlation=0.9 + gap).rms(steps, 3.0)
        np.testing.assert_allclose(near, at, rtol=200 * max(gap, 1e-14))


def test_limits():
    white = theory.equilibrium(1e6, 5.0, 1e-3)
    assert white.scale == pytest.approx(math.sqrt(1e-3 / 10), rel=1e-6)
    coherent = theory.equilibrium(100, 5.0, 0.1, correlation=1 - 1e-12)
    assert coherent.scale == pytest.approx(coherent.balance, rel=1e-6)
    assert coherent.balance == pytest.approx(math.sqrt(100) / 5)
    curved = theory.equilibrium(100, 0.0, 0.1, curvature=0.3, noise=2.0)
    assert curved.variance == pytest.approx(0.1 * 4 / (0.3 * (2 - 0.03)))


def test_when_is_it_one_over_sqrt_n():
    n, eta = 50_000, 0.1
    meeting = theory.equilibrium(n, 5.0, eta).inverse_sqrt_n
    assert meeting.lam_white == pytest.approx(eta * n / 2, rel=3e-3)
    assert meeting.lam_coherent == pytest.approx(n)
    assert theory.equilibrium(n, meeting.lam_white, eta).scale == pytest.approx(n**-0.5, rel=1e-12)
    assert theory.equilibrium(n, 1.1 * meeting.lam_white, eta).scale != pytest.approx(n**-0.5, rel=1e-2)
    assert theory.equilibrium(n, n, eta).balance == pytest.approx(n**-0.5)
    assert np.isnan(theory.equilibrium(n, 5.0, 1.5).inverse_sqrt_n.lam_white)  # no step that large can reach it
    assert "they would meet" in str(theory.equilibrium(n, 5.0, eta))


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "lion", theory.Signum(0.0), theory.SGD(0.9, nesterov=True)])
def test_times_at_the_ends_of_their_range(optimizer):
    """At eta lam/n = 1 the start is forgotten in one step; at 1e-16 the shrink rounds to one, the times do not."""
    at_once = theory.equilibrium(1.0, 1.0, 1.0, optimizer=optimizer)
    assert at_once.settling_time == 0.0
    slow = theory.equilibrium(1.0, 1e-16, 1.0, optimizer=optimizer)
    assert slow.settling_time == pytest.approx(slow.relaxation_time / 2, rel=1e-12)
    faster = 10 if isinstance(optimizer, theory.SGD) else 1
    assert slow.relaxation_time == pytest.approx(1e16 / faster, rel=1e-9)


def test_arrays_broadcast():
    lam = np.array([[1.0], [5.0]])
    eta = np.array([0.1, 0.2, 0.3])
    eq = theory.equilibrium(1000, lam, eta, correlation=0.5)
    assert eq.scale.shape == eq.relaxation_time.shape == eq.tail_off(1.0).shape == (2, 3)
    alone = theory.equilibrium(1000, 5.0, 0.2, correlation=0.5)
    assert eq.scale[1, 1] == pytest.approx(alone.scale, rel=1e-15)
    assert eq.tail_off(1.0)[1, 1] == alone.tail_off(1.0)
    assert eq.rms(7, 1.0)[1, 1] == pytest.approx(alone.rms(7, 1.0), rel=1e-15)
    assert theory.equilibrium(1000, [1, 5], 0.1).scale[1] == pytest.approx(theory.equilibrium(1000, 5, 0.1).scale)


def test_symbols_in_expressions_out():
    n, lam, eta, m, t, w0 = sp.symbols("n lambda eta m t w_0", positive=True)
    eq = theory.equilibrium(n, lam, eta)
    assert sp.simplify(eq.variance - eta / (lam * (2 - eta * lam / n))) == 0
    assert sp.simplify(eq.scale**2 - eq.variance) == 0
    assert sp.limit(eq.shrink_per_epoch(m), n, sp.oo) == sp.exp(-eta * lam / m) == eq.shrink_per_epoch(m, limit=True)
    assert sp.simplify(eq.rms(t, w0).subs(t, 0) - w0) == 0
    assert sp.simplify(eq.balance - sp.sqrt(n) / lam) == 0
    at = {n: 50_000, lam: 5, eta: sp.Rational(1, 10)}
    number = theory.equilibrium(50_000, 5.0, 0.1)
    assert float(eq.relaxation_time.subs(at)) == pytest.approx(number.relaxation_time)
    assert float(eq.rms(100, 2).subs(at)) == pytest.approx(number.rms(100, 2.0))
    assert float(eq.inverse_sqrt_n.lam_white.subs(at)) == pytest.approx(number.inverse_sqrt_n.lam_white)
    assert "\\eta" in eq._repr_latex_()
    with pytest.raises(InvalidArgument, match="tail_off needs numbers"):
        eq.tail_off(1.0)


def test_expression_shows_only_what_was_asked_for():
    names = {str(s) for s in theory.equilibrium(100, 5.0, 0.1).expression.free_symbols}
    assert names == {"n", "lambda", "eta"}
    everything = theory.equilibrium(100, 5.0, 0.1, noise=1.0, correlation=0.1, curvature=0.1).expression
    assert {str(s) for s in everything.free_symbols} == {"n", "lambda", "eta", "sigma", "r", "h"}


def test_shrink_per_epoch():
    eq = theory.equilibrium(50_000, 5.0, 0.1)
    assert eq.shrink_per_epoch(10) == pytest.approx(0.99999**5000, rel=1e-12)
    assert eq.shrink_per_epoch(10, limit=True) == pytest.approx(math.exp(-0.05), rel=1e-15)
    # Their difference is -(eta lam)^2 / (2 n m) to leading order.
    assert eq.shrink_per_epoch(10) / math.exp(-0.05) - 1 == pytest.approx(-(0.5**2) / (2 * 50_000 * 10), rel=1e-3)
    with pytest.raises(InvalidArgument, match="flips the sign"):
        theory.equilibrium(10, 15.0, 1.0).shrink_per_epoch(1)
    with pytest.raises(InvalidArgument, match="batch_size must be positive"):
        eq.shrink_per_epoch(0)


def test_tail_off_closed_form_of_white_noise():
    eq, start, within = theory.equilibrium(50_000, 5.0, 0.1), 1.0, 0.05
    exact = math.log((start**2 / eq.variance - 1) / ((1 + within) ** 2 - 1)) / (-2 * math.log1p(-eq.rate))
    assert eq.tail_off(start) == math.ceil(exact)
    exact = math.log(1 / (1 - (1 - within) ** 2)) / (-2 * math.log1p(-eq.rate))
    assert eq.tail_off(0.0) == math.ceil(exact)
    assert eq.tail_off(1.01 * eq.scale) == 0


BAD = [
    ({"n": 0}, InvalidArgument, "n must be positive and finite, got 0"),
    ({"n": math.nan}, InvalidArgument, "n must be positive"),
    ({"eta": -0.1}, InvalidArgument, "eta must be positive and finite, got -0.1"),
    ({"noise": 0.0}, InvalidArgument, "noise must be positive"),
    ({"noise": math.nan}, InvalidArgument, "noise must be positive"),
    ({"lam": -1.0}, InvalidArgument, "lam must be zero or positive"),
    ({"correlation": 1.0}, InvalidArgument, "correlation must be between -1 and 1"),
    ({"correlation": -1.5}, InvalidArgument, "correlation must be between -1 and 1"),
    ({"curvature": math.inf}, InvalidArgument, "curvature must be finite"),
    ({"n": "many"}, InvalidArgument, "n must be a real number"),
    ({"n": [1.0, 2.0], "lam": [1.0, 2.0, 3.0]}, InvalidArgument, "must broadcast"),
    ({"n": [5.0, -1.0, -2.0]}, InvalidArgument, r"got -1.0 at index 1 \(2 of 3"),
    ({"lam": 0.0}, NoEquilibrium, "grows without bound"),
    ({"lam": [1.0, 0.0]}, NoEquilibrium, r"index 1, 1 of 2 points\): without decay"),
    ({"lam": 2001.0}, NoEquilibrium, "overshoots.*Take eta below 0.0999"),
    ({"lam": 1.0, "curvature": -0.5}, NoEquilibrium, "runs away.*lam above 50"),
]


@pytest.mark.parametrize(("change", "kind", "message"), BAD)
def test_refusals(change, kind, message):
    with pytest.raises(kind, match=message):
        theory.equilibrium(**{"n": 100, "lam": 5.0, "eta": 0.1} | change)


def test_refusals_of_the_methods():
    eq = theory.equilibrium(100, 5.0, 0.1)
    for call in (lambda: eq.rms(-1, 1.0), lambda: eq.rms(0.5, 1.0), lambda: eq.rms(1, math.nan),
                 lambda: eq.tail_off(math.inf), lambda: eq.tail_off(1.0, within=1.0)):  # fmt: skip
        with pytest.raises(InvalidArgument):
            call()
