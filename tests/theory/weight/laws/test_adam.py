"""AdamW's quadrature against brute-force averages, the first-order form against its table, and what is refused."""

import time

import numpy as np
import pytest
import sympy as sp

import theory
from theory import Adam, AdamW, NoEquilibrium
from theory.weight.derivations.adam import first_order, fixed_second_moment
from theory.weight.laws.adamw import first_order_factor
from theory.weight.laws.second_moment import step_covariance

TABLE = {  # (beta1, beta2): S at a -> 1, exact and to first order, from an independent evaluation
    (0.9, 0.9): (0.98774, 0.98688),
    (0.9, 0.95): (0.97933, 0.97813),
    (0.9, 0.99): (0.99165, 0.99148),
    (0.9, 0.999): (0.99902, 0.99902),
    (0.95, 0.98): (0.99005, 0.98979),
    (0.8, 0.9): (0.95882, 0.95405),
}


@pytest.mark.parametrize(("beta1", "beta2"), TABLE)
def test_table(beta1, beta2):
    exact, first = TABLE[beta1, beta2]
    assert step_covariance(beta1, beta2).summed(1.0) == pytest.approx(exact, abs=6e-6)
    assert first_order_factor(AdamW((beta1, beta2))) == pytest.approx(first, abs=6e-6)


def test_autocovariance_against_sampled_noise():
    """C_s and A at a few lags, from the rule's stationary averages of sampled Gaussians (4 sigma: 6e-5 each)."""
    beta1, beta2, past, samples = 0.7, 0.8, 70, 200_000
    g = np.random.default_rng(8).standard_normal((past + 6, samples))

    def averages(end):
        recent = g[end - past : end][::-1]
        m = (1 - beta1) * beta1 ** np.arange(past) @ recent
        v = (1 - beta2) * beta2 ** np.arange(past) @ recent**2
        return m / np.sqrt(v), (1 - beta1) * beta1 ** np.arange(past) @ recent**2 / np.sqrt(v)

    now, response = averages(past)
    law = step_covariance(beta1, beta2)
    for sample, predicted in [
        *((now * averages(past + lag)[0], law.lags[lag]) for lag in (0, 1, 2, 5)),
        (response, law.response),
    ]:
        error = sample.std() / np.sqrt(samples)
        assert abs(sample.mean() - predicted) < 4 * error
        assert error < 0.02 * predicted


def test_first_order_is_the_written_form():
    b1, b2, kappa = sp.symbols("b1 b2 kappa")
    q = (1 - b1) / (1 - b1 * b2)
    q2 = (1 - b1) * (1 + b1 * b2) / ((1 + b1) * (1 - b1 * b2))
    excess = (kappa - 1) * (1 - b2)
    written = 1 - excess * q + excess / (1 + b2) * (3 + q2) / 4
    assert sp.simplify(first_order() - written) == 0
    assert sp.limit((1 - first_order()) / (1 - b2), b2, 1).equals((kappa - 1) / 2)


def test_first_order_error_is_of_second_order():
    errors = [
        abs(first_order_factor(AdamW((0.9, b2))) - step_covariance(0.9, b2).summed(1.0)) for b2 in (0.98, 0.99, 0.995)
    ]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.3)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.3)


def test_fixed_second_moment_is_the_limit_of_slow_beta2():
    law = fixed_second_moment()
    symbols = {s.name: s for s in law.free_symbols}
    numbers = {"b1": 0.87, "eta": 0.31, "y": 0.31 * 8.3 / 137, "x": 0.0, "sigma": 1.0}
    fixed = float(law.subs({s: numbers[name] for name, s in symbols.items()}))
    alive = theory.equilibrium(137.0, 8.3, 0.31, optimizer=AdamW((0.87, 0.99999))).variance
    assert alive == pytest.approx(fixed, rel=2e-5)
    sgd = theory.equilibrium(137.0, 8.3, 0.31, noise=1.0, optimizer=theory.SGD(0.87, decoupled=True)).variance
    assert fixed == pytest.approx(sgd * (1 - 0.87) ** 2, rel=1e-12)


def test_the_noise_drops_out():
    eq = [theory.equilibrium(137.0, 8.3, 0.31, noise=noise, optimizer=AdamW()) for noise in (1e-3, 10.0)]
    assert eq[0].variance == eq[1].variance
    assert eq[0].balance == pytest.approx(137 / 8.3)


def test_arrays():
    lam = np.array([1.0, 5.0, 20.0])
    eq = theory.equilibrium(100.0, lam, 0.01, optimizer=AdamW())
    assert eq.scale.shape == eq.relaxation_time.shape == (3,)
    assert eq.scale[1] == pytest.approx(theory.equilibrium(100.0, 5.0, 0.01, optimizer=AdamW()).scale, rel=1e-14)


def test_fast_once_warm():
    theory.equilibrium(50_000, 5.0, 0.1, optimizer=AdamW()).scale  # noqa: B018
    start = time.perf_counter()
    for lam in np.linspace(1, 9, 50):
        theory.equilibrium(50_000, float(lam), 0.1, optimizer=AdamW()).scale  # noqa: B018
    assert (time.perf_counter() - start) / 50 < 5e-3


def test_which_of_exact_quadrature_approximate():
    method = {o: theory.equilibrium(1000.0, 1.0, 0.01, optimizer=o).method for o in (AdamW(), Adam())}
    assert list(method.values()) == ["quadrature", "approximate"]
    assert theory.equilibrium(1000.0, 1.0, 0.01, optimizer=Adam()).accuracy == 0.01
    assert np.isnan(theory.equilibrium(1000.0, 1.0, 0.01, optimizer=Adam((0.9, 0.8))).accuracy)


def test_coupled_adam_joins_the_fixed_second_moment():
    """Slow beta2: the approximate form against the exact one with v held, whose rate is eta k / sigma."""
    eq = theory.equilibrium(400.0, 2.0, 0.01, optimizer=Adam((0.9, 0.99999)))
    law = fixed_second_moment(decoupled=False)
    numbers = {"b1": 0.9, "eta": 0.01, "x": float(eq.law.relative_rate)}
    fixed = float(law.subs({s: numbers[s.name] for s in law.free_symbols}))
    assert eq.variance == pytest.approx(fixed, rel=3e-4)
    assert eq.relaxation_time == pytest.approx(1 / eq.law.relative_rate, rel=0.02)


@pytest.mark.parametrize(
    ("optimizer", "model", "message"),
    [
        (AdamW(), {"curvature": 0.1}, "AdamW with curvature has no derived form.*Available"),
        (AdamW(), {"correlation": 0.1}, "AdamW with noise that has a memory has no derived form.*Available"),
        (Adam(), {"correlation": 0.1}, "memory has no derived form.*Available"),
        (theory.Lion(), {"curvature": 0.1}, "Lion with curvature has no derived form.*Available"),
        (Adam(), {"curvature": 5.0}, r"up to 0\.11, got .*Take eta below"),
    ],
)
def test_what_is_not_derived_says_what_is(optimizer, model, message):
    with pytest.raises(NotImplementedError, match=message):
        theory.equilibrium(100.0, 5.0, 0.01, optimizer=optimizer, **model)


def test_small_beta2_and_symbols_and_transients_are_not_derived():
    with pytest.raises(NotImplementedError, match=r"beta2 from 0\.5"):
        theory.equilibrium(100.0, 5.0, 0.01, optimizer=AdamW((0.9, 0.3))).scale  # noqa: B018
    with pytest.raises(NotImplementedError, match="no closed form in symbols"):
        theory.equilibrium(*sp.symbols("n lambda eta", positive=True), optimizer=AdamW()).scale  # noqa: B018
    for call in ("rms", "tail_off"):
        with pytest.raises(NotImplementedError, match="not derived for Adam"):
            getattr(theory.equilibrium(100.0, 5.0, 0.01, optimizer=AdamW()), call)(
                *((3, 1.0) if call == "rms" else (1.0,))
            )
    with pytest.raises(NotImplementedError, match="AdamW is not a linear recursion"):
        theory.derive(AdamW())


@pytest.mark.parametrize("optimizer", [AdamW(), Adam(), theory.Lion()])
def test_no_equilibrium(optimizer):
    with pytest.raises(NoEquilibrium, match="without decay"):
        theory.equilibrium(100.0, 0.0, 0.01, optimizer=optimizer)
    with pytest.raises(NoEquilibrium, match=r"must be below 2\. Take eta below 0\.1"):
        theory.equilibrium(10.0, 200.0, 0.11, optimizer=optimizer)


@pytest.mark.parametrize("optimizer", [AdamW(), Adam(), theory.Lion()])
def test_text(optimizer):
    eq = theory.equilibrium(1000.0, 1.0, 0.01, optimizer=optimizer)
    assert eq.method in str(eq)
    assert "S" in str(eq.expression)
    assert 0 < eq.shrink_per_epoch(10) < 1
    assert float(eq) == eq.scale
