"""RMSprop, Adamax, Adadelta: their averages by other means, the published numbers, limits, and what is refused."""

import time

import numpy as np
import pytest

import theory
from theory import Adadelta, Adagrad, Adamax, InvalidArgument, NoEquilibrium, RMSprop
from theory.weight.laws.adadelta_chain import step_chain
from theory.weight.laws.fading_maximum import FadingMaximum, fading_maximum
from theory.weight.laws.rmsprop import averages_from_zero
from theory.weight.laws.second_moment import step_covariance

AT = {"lr": 1e-3, "weight_decay": 0.5, "noise": 0.02}
PUBLISHED = [  # E w^2 at AT, from an independent evaluation
    (RMSprop(), 2.00518e-5, 5e-6),
    (RMSprop(momentum=0.9), 1.88129e-4, 5e-6),
    (RMSprop(centered=True), 2.01030e-5, 5e-6),
    (Adamax(), 7.3318e-6, 1e-3),  # with a correlation time of 1/u that was measured roughly
]


@pytest.mark.parametrize(("optimizer", "value", "rel"), PUBLISHED)
def test_published(optimizer, value, rel):
    assert theory.equilibrium(**AT, optimizer=optimizer).variance == pytest.approx(value, rel=rel)


@pytest.mark.parametrize(("alpha", "ratio"), {0.9: 0.97203, 0.95: 0.98398, 0.99: 0.99637, 0.999: 0.99963}.items())
def test_rmsprop_table(alpha, ratio):
    step = step_covariance(0.0, alpha)
    assert step.lags[0] / step.response == pytest.approx(ratio, abs=6e-6)


@pytest.mark.parametrize(("beta2", "S", "A"), [(0.999, 0.13510, 0.36520), (0.99, 0.23402, 0.47821)])
def test_adamax_table(beta2, S, A):
    step = fading_maximum(0.9, beta2)
    assert step.summed == pytest.approx(S, abs=6e-6)
    assert step.response == pytest.approx(A, rel=2e-4)  # the table's is a little high: halving the spacing agrees


KAPPA = {  # rho, e: c / B and B, to 0.1%
    (0.8, 0.0): (2.111, 2.034),
    (0.8, 0.5): (1.131, 1.116),
    (0.9, 0.01): (2.567, 2.532),
    (0.9, 0.1): (2.009, 1.990),
    (0.95, 0.05): (2.742, 2.732),
    (0.95, 3.0): (0.5683, 0.5682),
    (0.99, 0.0): (7.24, 7.24),
    (0.99, 1.0): (0.9903, 0.9911),
}


@pytest.mark.parametrize(("rho", "e"), KAPPA)
def test_adadelta_table(rho, e):
    chain = step_chain(rho, e)
    assert (chain.square / chain.response, chain.response) == pytest.approx(KAPPA[rho, e], rel=1e-3)


def test_adamax_averages_against_sampled_maxima():
    """C_s, A, the spread of 1/u and its autocorrelation, from a long series; 4 standard errors from 40 blocks."""
    beta1, beta2, steps, series = 0.6, 0.9, 4000, 400
    g = np.random.default_rng(3).standard_normal((steps, series))
    m = np.zeros(series)
    weighted, u = np.zeros(series), np.zeros(series)
    rows = []
    for row in g:
        m = beta1 * m + (1 - beta1) * row
        weighted = beta1 * weighted + (1 - beta1) * row**2
        u = np.maximum(beta2 * u, np.abs(row))
        rows.append((m / u, weighted / u, 1 / u))
    step, response, inverse = np.array(rows[200:]).transpose(1, 0, 2)
    law = fading_maximum(beta1, beta2)
    overlap = [law.overlap(np.ones_like(law.y), lag) for lag in (0, 4)]
    for sampled, predicted in [
        (step**2, law.covariances[0]),
        (step[3:] * step[:-3], law.covariances[3]),
        (response, law.response),
        (inverse**2, overlap[0]),
        (inverse[4:] * inverse[:-4], overlap[1]),
    ]:
        each = sampled.mean(axis=0)
        error = each.std(ddof=1) / np.sqrt(series)
        assert abs(each.mean() - predicted) < 4 * error
        assert error < 0.01 * predicted


def test_the_correlation_time_is_the_sum_of_the_autocorrelations():
    law = FadingMaximum(0.9, 0.95)
    one, mean, square = np.ones_like(law.y), law.inverse_power(1), law.inverse_power(2)
    direct = sum((law.overlap(one, lag) - mean**2) / (square - mean**2) for lag in range(400))
    assert law.memory == pytest.approx(direct, rel=1e-5)


def test_the_first_step_is_a_sign():
    response, square = averages_from_zero(0.97)
    adamax = fading_maximum(0.9, 0.99).from_zero(3)
    assert (response[0], square[0]) == pytest.approx(((2 / np.pi) ** 0.5, 1.0), rel=1e-6)
    assert (adamax[0][0], adamax[1][0]) == pytest.approx(((2 / np.pi) ** 0.5, 1.0), rel=2e-4)
    step = step_covariance(0.0, 0.97)
    assert (response[-1], square[-1]) == pytest.approx((step.response, step.lags[0]), rel=1e-5)


@pytest.mark.parametrize("optimizer", [RMSprop(), RMSprop(momentum=0.5), Adamax((0.9, 0.99))])
def test_paths_end_in_the_equilibrium(optimizer):
    eq = theory.equilibrium(**AT, optimizer=optimizer)
    run = theory.trajectory(**AT, steps=20_000, optimizer=optimizer)
    assert run.variance[-1] == pytest.approx(eq.variance, rel=eq.accuracy)
    assert eq.rms(1000, 0.0) == pytest.approx(run.rms[1000])
    assert 0 < eq.tail_off(2 * eq.scale) < 2000
    assert run.end_over_peak == pytest.approx(1, rel=eq.accuracy)
    assert pytest.approx(20_000 / eq.relaxation_time) == run.K
    assert eq.settling_time == eq.relaxation_time / 2
    assert 0 < eq.shrink < 1


def test_a_far_start_walks_down_by_the_learning_rate():
    run = theory.trajectory(lr=1e-3, weight_decay=0.5, noise=0.02, start=30.0, steps=100, optimizer=Adagrad())
    assert run.rms[0] - run.rms[1] == pytest.approx(1e-3, rel=1e-3)
    run = theory.trajectory(lr=1e-3, weight_decay=0.5, noise=0.02, start=30.0, steps=2000, optimizer=RMSprop(alpha=0.9))
    assert run.rms[1000] - run.rms[1001] == pytest.approx(1e-3, rel=1e-2)


def test_speed():
    theory.trajectory(**AT, steps=10, optimizer=RMSprop())
    start = time.perf_counter()
    theory.trajectory(**AT, steps=10**6, schedule="cosine", optimizer=RMSprop())
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("optimizer", "change", "error", "message"),
    [
        (RMSprop(), {"correlation": 0.3}, NotImplementedError, "RMSprop with noise that has a memory"),
        (
            RMSprop(eps=1e-3),
            {},
            NotImplementedError,
            "RMSprop is known for eps up to 0.0005 of the noise.*Take eps below 1e-05",
        ),
        (Adamax((0.9, 0.3)), {}, NotImplementedError, r"beta2 from 0\.5 to 0\.9999"),
        (Adadelta(0.3), {}, NotImplementedError, r"rho from 0\.5"),
        (RMSprop(), {"lr": 0.1}, NotImplementedError, r"rates up to 0\.3 per step.*Take eta below"),
        (RMSprop(), {"weight_decay": 0.0}, NoEquilibrium, "without decay"),
        (RMSprop(), {"noise": None}, InvalidArgument, "noise must be given"),
    ],
)
def test_refused(optimizer, change, error, message):
    with pytest.raises(error, match=message):
        theory.equilibrium(**AT | change, optimizer=optimizer).scale  # noqa: B018


def test_starts_beyond_what_was_measured_are_refused():
    for optimizer in (Adamax(), Adadelta()):
        with pytest.raises(NotImplementedError, match=r"at most 0\.2 of the noise.*Take abs\(start\) below 0\.008"):
            theory.trajectory(**AT, start=1.0, steps=10, optimizer=optimizer)


def test_arrays_and_text():
    eq = theory.equilibrium(lr=1e-3, weight_decay=np.array([0.1, 0.5]), noise=0.02, optimizer=Adadelta(eps=1e-6))
    one = theory.equilibrium(lr=1e-3, weight_decay=0.5, noise=0.02, optimizer=Adadelta(eps=1e-6))
    assert eq.scale[1] == pytest.approx(one.scale)
    for optimizer in (RMSprop(), Adamax(), Adadelta()):
        eq = theory.equilibrium(1000.0, 1.0, 1e-3, optimizer=optimizer)
        assert "approximate" in str(eq)
        assert eq.accuracy < 0.02


@pytest.mark.parametrize("optimizer", [Adamax(), Adadelta()])
def test_a_rising_decay_is_not_blamed_on_the_start(optimizer):
    run = {"lr": 0.01, "weight_decay": 0.3, "noise": 1.0, "steps": 800, "optimizer": optimizer}
    with pytest.raises(NotImplementedError, match=r"got 12 in step 800, 0\.015 in the first.*\(independent\)"):
        theory.trajectory(**run, start=0.05, schedule="linear", independent=True)
    with pytest.raises(NotImplementedError, match=r"got 0\.9\. Take abs\(start\) below 0\.666667"):
        theory.trajectory(**run, start=3.0, schedule="linear")
    theory.trajectory(**run, start=0.05, schedule="linear")


def test_adadelta_at_many_rates_is_adadelta_at_each():
    rates = np.geomspace(1e-5, 0.019, 100)
    model = {"weight_decay": 0.5, "noise": 1.0, "optimizer": Adadelta(0.9, 0.1)}
    together = theory.equilibrium(lr=rates, **model).variance
    for i in (0, 31, 99):
        assert together[i] == pytest.approx(theory.equilibrium(lr=rates[i], **model).variance, rel=1e-7)
