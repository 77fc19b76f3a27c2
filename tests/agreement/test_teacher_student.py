"""The predicted committee machine against networks that were run: no constant is fitted anywhere.

Every comparison has two gates: |measured - predicted| below 4 standard errors, and the standard error itself below a
stated fraction of the prediction, so that no agreement is due to a poor measurement. Standard errors come from 24
independent networks, so a comparison follows Student's t with 23 degrees of freedom: 4 is exceeded by chance once in
1800 comparisons. Seeds are fixed. Negative controls run the same gates with a wrong law and must fail.

Stationary values are measured on networks that start at the predicted fixed point. Pointwise trajectories are compared
only where the way down has no plateau: for several students with teachers the time at which a network leaves its
plateau is random at finite N, and only what it reaches in the end can be predicted.
"""

from dataclasses import replace

import numpy as np
import pytest

import theory
from sim.committee.online import online
from theory.settings import OnlineRule, Overlaps

REPLICAS = 24
SIGMAS = 4.0
PRECISION = 0.015


def measured(network, fan_in, *, seed, length=8.0, **options):
    """Run networks at the predicted fixed point for `length` relaxation times, after three more that are left out."""
    time = -1 / network.eigenvalues.real.max()
    return online(
        network.rule, network.stationary, fan_in=fan_in, alpha=(3 + length) * time, burn_in=3 * time,
        replicas=REPLICAS, seed=seed, **options,
    )  # fmt: skip


def z_scores(result, Q, R):
    """Every distinct overlap: measured minus predicted in standard errors."""
    upper = np.triu_indices(len(Q))
    z_Q = ((result.Q_mean - Q) / result.Q_mean_error).values[upper]
    z_R = ((result.R_mean - R) / result.R_mean_error).values
    return np.concatenate([z_Q, z_R.ravel()])


def agrees(network, result, fan_in, precision=PRECISION):
    at = network.at_fan_in(fan_in)
    precise = np.diag(result.Q_mean_error) < precision * np.diag(at.Q)
    return bool(precise.all() and (abs(z_scores(result, at.Q, at.R)) < SIGMAS).all())


def random_networks(count, seed):
    """Draw settings until `count` of them have a stable fixed point that is not slower than decay by more than 2.

    The criterion is a prediction, made before anything is measured: slower ones need longer runs than a test has.
    """
    rng, found = np.random.default_rng(seed), []
    while len(found) < count:
        K, M = int(rng.integers(1, 4)), int(rng.integers(0, 3))
        rule = OnlineRule(rng.uniform(0.3, 1.5), 10 ** rng.uniform(-1.7, -1), rng.uniform(0.3, 1.0))
        start = Overlaps.random(K, M, Q=100, fan_in=400, seed=int(rng.integers(1000)))
        network = theory.teacher_student(rule, start)
        if network.stable and network.eigenvalues.real.max() < -rule.gamma / 2:
            found.append(network)
    return found


@pytest.mark.slow
def test_twelve_random_settings():
    """K, M, eta, gamma, sigma at random. With the bias of order 1/N the z-scores have rms near 1 at N = 400.

    About 60 overlaps, at least 25 of them independent: an rms outside 0.6 to 1.4 happens by chance once in 200 seeds.
    Control: gamma off by 10 % is rejected in every setting.
    """
    scores, deviations = [], []
    for seed, network in enumerate(random_networks(12, seed=1995)):
        result = measured(network, 400, seed=seed)
        assert agrees(network, result, 400), f"{network}\n{result}"
        at, rest = network.at_fan_in(400), np.diag(network.stationary.Q)
        scores.append(z_scores(result, at.Q, at.R))
        deviations.append(np.diag(result.Q_mean) / rest - 1)
        wrong = theory.teacher_student(replace(network.rule, gamma=1.1 * network.rule.gamma), network.stationary)
        assert not agrees(wrong, result, 400)
    z = np.concatenate(scores)
    assert 0.6 < np.sqrt(np.mean(z**2)) < 1.4
    assert abs(np.concatenate(deviations)).max() < 0.015  # from the fixed point itself, bias and noise together


@pytest.mark.parametrize(
    ("rule", "start"),
    [
        (OnlineRule(0.5, 0.02, 0.3), Overlaps(Q=1.0, R=0.5, T=1.0)),
        (OnlineRule(0.7, 0.05, 1.0), Overlaps.random(2, 0, Q=4, fan_in=100, seed=1)),
        (OnlineRule(1.0, 0.05, 0.4), Overlaps.random(2, 2, Q=4, fan_in=100, seed=2)),
    ],
)
def test_stationary_overlaps_and_their_scatter(rule, start):
    """At N = 100; the scatter of a single network is predicted too, within 4 standard errors plus a tenth."""
    network = theory.teacher_student(rule, start)
    result, at = measured(network, 100, seed=7), network.at_fan_in(100)
    assert agrees(network, result, 100)
    assert (abs(result.Q_sd - at.Q_sd) < 4 * result.Q_sd_error + 0.1 * at.Q_sd).all()
    wrong = theory.teacher_student(replace(rule, gamma=1.2 * rule.gamma), network.stationary)
    assert not agrees(wrong, result, 100)


@pytest.mark.slow
def test_the_bias_of_order_one_over_n():
    """N (<Q> - Q*) at N = 25 and 50 against m_1, resolved to 10 %; without the bias the same gate fails.

    The next order in 1/N is left out of the prediction: at N = 25 it is below the standard error.
    """
    network = theory.teacher_student(OnlineRule(3.0, 0.01, 1.0), Overlaps(Q=100.0))
    bias, rest = network.linear_noise.bias[0], network.stationary.Q[0, 0]
    for fan_in, length in ((25, 200.0), (50, 300.0)):
        result = measured(network, fan_in, seed=fan_in, length=length)
        shift = fan_in * (result.Q_mean.item() - rest)
        error = fan_in * result.Q_mean_error.item()
        assert abs(shift - bias) < SIGMAS * error
        assert error < 0.1 * abs(bias)
        assert abs(shift - 0) > SIGMAS * error


@pytest.mark.parametrize("method", ["reduced", pytest.param("direct", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("rule", "start"),
    [
        (OnlineRule(1.0, 0.05, 1.0), Overlaps(Q=100.0)),
        (OnlineRule(3.0, 0.01, 1.0), Overlaps(Q=400.0)),
        (OnlineRule(0.5, 0.02, 0.3), Overlaps(Q=100.0, R=0.0, T=1.0)),
        (OnlineRule(0.7, 0.03, 1.0), Overlaps.orthogonal(2, Q=100.0)),
    ],
)
def test_decay_from_saturation_point_by_point(rule, start, method):
    """tr Q at 20 times from saturation to 4 / gamma, N = 400, standard errors below 3 %.

    80 comparisons a method: one false alarm in 20 seeds. Controls: decay alone, and gamma off by 10 %.
    """
    alpha = 4 / rule.gamma if method == "reduced" else 1.5 / rule.gamma
    result = online(rule, start, fan_in=400, alpha=alpha, records=20, replicas=REPLICAS, method=method, seed=11)
    trace = np.trace(result.Q.values[:, 1:], axis1=2, axis2=3)
    mean, error = trace.mean(axis=0), trace.std(axis=0, ddof=1) / np.sqrt(REPLICAS)
    times = result.alpha.values[1:]

    def predicted(gamma):
        network = theory.teacher_student(replace(rule, gamma=gamma), start, alpha_min=times[-1])
        return np.trace(network.at(times)[0], axis1=1, axis2=2)

    def passes(law):
        return bool((abs(mean - law) < SIGMAS * error).all() and (error < 0.03 * law).all())

    assert passes(predicted(rule.gamma))
    assert not passes(predicted(1.1 * rule.gamma))
    assert not passes(np.trace(start.Q) * np.exp(-2 * rule.gamma * times))


@pytest.mark.parametrize("batch_size", [2, 8])
def test_minibatches(batch_size):
    """eta^2 / m, and the overlap of two examples' mean gradients in the bias. Control: m = 1."""
    rule = OnlineRule(1.5, 0.05, 0.5, batch_size)
    network = theory.teacher_student(rule, Overlaps(Q=4.0, R=0.5, T=1.0))
    result = measured(network, 60, seed=batch_size)
    assert agrees(network, result, 60)
    wrong = theory.teacher_student(replace(rule, batch_size=1), network.stationary)
    assert not agrees(wrong, result, 60)


def test_inputs_of_plus_and_minus_one():
    """Generic weights do not see the difference at N = 400: central limit theorem."""
    network = theory.teacher_student(OnlineRule(0.5, 0.05, 0.5), Overlaps(Q=4.0, R=0.5, T=1.0))
    result = measured(network, 400, seed=3, length=5.0, method="direct", inputs="sign")
    assert agrees(network, result, 400)


@pytest.mark.parametrize(
    ("eta", "gamma", "start"),
    [(1.0, 0.05, Overlaps(Q=100.0)), (4.0, 0.05, Overlaps(Q=100.0)), (1.0, 0.05, Overlaps(Q=25.0, R=0.0, T=4.0))],
)
def test_a_logistic_unit(eta, gamma, start):
    """The way down and the end, N = 1000; no bias is predicted here. Controls: gamma off by 10 %, decay alone."""
    alpha = 4 / gamma
    result = online(
        OnlineRule(eta, gamma), start, fan_in=1000, alpha=alpha, records=20, replicas=REPLICAS, unit="logistic", seed=5
    )
    times, Q = result.alpha.values[1:], result.Q.values[:, 1:, 0, 0]
    mean, error = Q.mean(axis=0), Q.std(axis=0, ddof=1) / np.sqrt(REPLICAS)

    def passes(law):
        return bool((abs(mean - law) < SIGMAS * error).all() and (error < 0.02 * law).all())

    assert passes(theory.logistic_unit(eta, gamma, start).at(times)[0])
    assert not passes(theory.logistic_unit(eta, 1.1 * gamma, start).at(times)[0])
    assert not passes(start.Q[0, 0] * np.exp(-2 * gamma * times))


@pytest.mark.parametrize(
    ("rule", "power", "exponent"),
    [
        (OnlineRule(0.5, 0.05, 1.0), 0.0, -0.5),
        (OnlineRule(0.01, 1e-4, 1.0), 1.0, 0.0),
        (OnlineRule(20.0, 0.02, 1.0), 1.0, -1 / 6),
    ],
    ids=["scaled rates fixed", "small rates per step fixed", "diffusive, rates per step fixed"],
)
def test_the_three_scaling_exponents(rule, power, exponent):
    """d ln w_rms / d ln N from N = 50 to 500: against the prediction at these N, and near the named limit.

    Two gates on the slope: 4 standard errors, and a standard error below 0.01. Control: the other two limits are off by
    more than ten standard errors.
    """
    sizes = np.array([50, 500])
    predicted = theory.scaling(rule, Overlaps(Q=10.0), sizes, eta_power=power, gamma_power=power)
    results = [measured(network, int(N), seed=int(N)) for network, N in zip(predicted.networks, sizes, strict=True)]
    mean = np.array([result.Q_mean.item() for result in results])
    relative = np.array([result.Q_mean_error.item() for result in results]) / mean
    at = [network.at_fan_in(N).scale[0] for network, N in zip(predicted.networks, sizes, strict=True)]
    span = np.log(sizes[1] / sizes[0])
    slope = np.diff(np.log(np.sqrt(mean / sizes)))[0] / span
    error = np.linalg.norm(relative) / 2 / span
    assert abs(slope - np.diff(np.log(at))[0] / span) < SIGMAS * error
    assert error < 0.01
    assert abs(slope - exponent) < 0.03
    assert all(abs(slope - other) > 10 * error for other in (-0.5, 0.0, -1 / 6) if other != exponent)
