"""AdamW's quadrature against brute-force averages, the first-order form against its table, and what is refused."""

import time

import numpy as np
import pytest
import sympy as sp

import theory
from theory import Adam, AdamW, NAdam, NoEquilibrium, RAdam
from theory.weight.derivations.adam import first_order, fixed_second_moment
from theory.weight.laws.adamw import first_order_factor
from theory.weight.laws.largest_moment import largest_moment
from theory.weight.laws.second_moment import FAST, LARGEST_BETA2, step_covariance

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
        *((now * averages(past + lag)[0], law.lag(lag)) for lag in (0, 1, 2, 5)),
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
    assert theory.equilibrium(1000.0, 1.0, 0.01, optimizer=Adam()).accuracy == 0.003
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
        (AdamW(), {"curvature": 1.0}, r"AdamW with curvature is known .* up to 0\.04, got .*Take eta below"),
        (AdamW(), {"curvature": -0.001}, "not at a maximum"),
        (AdamW(maximize=True), {"curvature": 0.001}, "not at a maximum"),
        (AdamW(eps=1e-3), {}, r"eps up to 0\.0005 of the noise, got eps = 0\.001 .*Take eps below 5e-05"),
        (AdamW(), {"correlation": 0.1}, "AdamW with noise that has a memory has no derived form.*Available"),
        (Adam(), {"correlation": 0.1}, "memory has no derived form.*Available"),
        (theory.Lion(), {"correlation": 0.1}, "Lion with noise that has a memory has no derived form.*Available"),
        (Adam(), {"curvature": 5.0}, r"up to 0\.11 per step, got .*Take eta below"),
    ],
)
def test_what_is_not_derived_says_what_is(optimizer, model, message):
    with pytest.raises(NotImplementedError, match=message):
        theory.equilibrium(100.0, 5.0, 0.01, optimizer=optimizer, **model)


def test_small_beta2_and_symbols_are_not_derived():
    with pytest.raises(NotImplementedError, match=r"beta2 from 0\.05"):
        theory.equilibrium(100.0, 5.0, 0.01, optimizer=AdamW((0.9, 0.01))).scale  # noqa: B018
    with pytest.raises(NotImplementedError, match="no closed form in symbols"):
        theory.equilibrium(*sp.symbols("n lambda eta", positive=True), optimizer=AdamW()).scale  # noqa: B018
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


@pytest.mark.parametrize("betas", [(0.99999, 0.999), (1 - 1e-12, 0.999), (0.9, 1 - 1e-13), (0.9, 0.05), (0.0, 0.1)])
def test_betas_at_the_ends_answer_at_once(betas):
    start = time.process_time()
    assert theory.equilibrium(lr=1e-3, weight_decay=0.1, optimizer=AdamW(betas)).scale > 0
    assert time.process_time() - start < 2  # SymPy's import and first derivation included


def test_quadrature_and_first_order_meet_where_one_takes_over_from_the_other():
    below, above = (step_covariance(0.9, b2).summed(0.99) for b2 in (LARGEST_BETA2, LARGEST_BETA2 + 1e-9))
    assert above == pytest.approx(below, rel=1e-7)
    quick, slow = (step_covariance(0.9, b2) for b2 in (FAST - 1e-9, FAST))
    assert quick.summed(1.0) == pytest.approx(slow.summed(1.0), rel=1e-6)


PUBLISHED = [  # the formulas' examples, to their last digit
    (Adam((0.9, 0.99)), {"lr": 1e-3, "weight_decay": 0.5, "noise": 0.02}, 1.98275e-5),
    (NAdam((0.9, 0.99)), {"lr": 1e-3, "weight_decay": 0.5, "noise": 0.02}, 1.94749e-5),
    (RAdam((0.9, 0.99)), {"lr": 1e-3, "weight_decay": 0.5, "noise": 0.02}, 1.98275e-5),
    (NAdam((0.9, 0.99), decoupled_weight_decay=True), {"lr": 1e-3, "weight_decay": 5.0}, 9.49754e-5),
    (AdamW((0.9, 0.99)), {"lr": 1e-3, "weight_decay": 5.0}, 9.49046e-5),
    (AdamW((0.9, 0.99)), {"lr": 1e-3, "weight_decay": 2.0, "curvature": 0.1, "noise": 0.02}, 6.9719e-5),
]


@pytest.mark.parametrize(("optimizer", "numbers", "variance"), PUBLISHED)
def test_published_examples(optimizer, numbers, variance):
    assert theory.equilibrium(**numbers, optimizer=optimizer).variance == pytest.approx(variance, rel=5e-6)


@pytest.mark.parametrize(
    ("beta2", "t", "moment"), [(0.9, 1e3, 0.4270), (0.9, 1e5, 0.2978), (0.99, 1e4, 0.7385), (0.999, 1e5, 0.9051)]
)
def test_largest_second_moment(beta2, t, moment):
    steps, moments = largest_moment(beta2, 1.0)
    assert np.interp(np.log(t), np.log(steps), moments) == pytest.approx(moment, abs=6e-5)


def test_live_factor_at_the_start_is_the_double_sum():
    """C_st written out: the products of the filter's weights on every gradient, times E g^2 / sqrt(v_s v_t)."""
    b1, b2, t = 0.8, 0.93, 12
    law = theory.law_of(AdamW((b1, b2)))(theory.equilibrium(lr=1e-3, weight_decay=9.0, optimizer=AdamW()).problem)
    law = type(law)(law.problem.at(optimizer=AdamW((b1, b2))))
    a, i = 1 - 9e-3, np.arange(1, t + 1)
    c = np.tril((1 - b1) * b1 ** (i[:, None] - i) / (1 - b1**i)[:, None])
    p = np.tril((1 - b2) * b2 ** (i[:, None] - i) / (1 - b2**i)[:, None])
    P, total = p @ p.T, 0.0
    for s in range(t):
        for r in range(t):
            k = min(s, r) + 1
            factor = 1 - (p[s, :k] + p[r, :k]) + 0.75 * (P[s, s] + P[r, r]) + 0.5 * P[s, r]
            total += a ** (2 * t - s - r - 2) * np.sum(c[s, :k] * c[r, :k] * factor)
    assert law.way_from(0.0)(np.array(t)) == pytest.approx(1e-6 * total, rel=3e-3)  # the rest is beyond first order


def test_the_way_ends_in_the_equilibrium():
    for optimizer in (AdamW((0.9, 0.97)), Adam((0.9, 0.97)), NAdam((0.8, 0.97)), RAdam((0.8, 0.97)), RAdam((0.8, 0.6))):
        eq = theory.equilibrium(lr=0.002, weight_decay=0.5, noise=0.03, optimizer=optimizer)
        assert eq.rms(10**9, 0.3) == pytest.approx(eq.scale, rel=1e-6)
        outside = eq.tail_off(0.3, within=0.02)
        assert abs(eq.rms(outside, 0.3) / eq.scale - 1) <= 0.02
        assert abs(eq.rms(outside - 1, 0.3) / eq.scale - 1) > 0.02
        assert eq.rms(0, 0.3) == 0.3


def test_arrays_on_the_way():
    eq = theory.equilibrium(lr=np.array([1e-3, 2e-3]), weight_decay=0.5, noise=0.02, optimizer=Adam())
    one = theory.equilibrium(lr=2e-3, weight_decay=0.5, noise=0.02, optimizer=Adam())
    assert eq.rms(np.array([[3], [50]]), 0.1)[1, 1] == one.rms(50, 0.1)


def test_a_slow_way_is_followed_to_its_end():
    """Beyond what is iterated the excess falls by e every settling time."""
    eq = theory.equilibrium(lr=1e-6, weight_decay=0.1, optimizer=AdamW())
    V = eq.variance
    assert eq.rms(2 * 10**7, 1.0) ** 2 == pytest.approx(V + (1 - V) * np.exp(2 * 2e7 * np.log1p(-1e-7)), rel=1e-6)
    assert 1e7 < eq.tail_off(1.0) < 1e9
    far = theory.equilibrium(lr=1e-7, weight_decay=1.0, noise=0.01, optimizer=Adam())
    with pytest.raises(NotImplementedError, match="exponential way has not begun"):
        far.rms(10**9, 100.0)


def test_amsgrad_has_no_equilibrium():
    for optimizer in (AdamW(amsgrad=True), Adam(amsgrad=True)):
        with pytest.raises(NoEquilibrium, match=r"no stationary state.*theory\.trajectory"):
            theory.equilibrium(lr=1e-3, weight_decay=0.1, noise=0.1, optimizer=optimizer)
        run = theory.trajectory(lr=1e-3, weight_decay=1.0, noise=0.1, optimizer=optimizer, steps=20_000)
        assert run.rms[20_000] < run.rms[10_000]
    with pytest.raises(NotImplementedError, match="remembered for ever"):
        theory.trajectory(lr=1e-3, weight_decay=1.0, noise=0.1, optimizer=Adam(amsgrad=True), steps=10, start=1.0)


def test_maximize_changes_the_sign_of_the_curvature_only():
    for kind in (Adam, NAdam, RAdam):
        up, down = (
            theory.equilibrium(1.0, 1.0, 1e-3, curvature=h, noise=0.1, optimizer=kind(maximize=m)).variance
            for h, m in ((-0.3, True), (0.3, False))
        )
        assert up == down


def test_step_angle():
    adamw = theory.equilibrium(lr=1e-3, weight_decay=1e-4, optimizer=AdamW((0.9, 0.9999))).law
    assert adamw.step_angle == pytest.approx(np.sqrt(2e-7 * 0.1 / 1.9), rel=1e-3)
    lion = theory.equilibrium(lr=1e-4, weight_decay=1e-3, optimizer=theory.Lion()).law
    assert lion.step_angle == pytest.approx(np.sqrt(2e-7 / 45.927), rel=1e-3)
    for law in (theory.equilibrium(lr=0.1, weight_decay=w, optimizer=AdamW()).law for w in (1.0, 10.0)):
        a, C0, S = law.shrink, law.modes()[0], law.summed(law.shrink)
        if a:
            assert law.step_cosine == pytest.approx((1 + a**2 - (1 - a**2) * C0 / S) / (2 * a), rel=1e-12)
        else:  # w = -eta u alone
            assert law.step_cosine == pytest.approx(law.steps.lag(1) / C0, rel=1e-9)


def test_noise_that_the_way_needs_is_asked_for():
    eq = theory.equilibrium(lr=1e-3, weight_decay=0.1, optimizer=RAdam(decoupled_weight_decay=True))
    with pytest.raises(theory.InvalidArgument, match="noise must be given"):
        eq.rms(3, 0.0)
