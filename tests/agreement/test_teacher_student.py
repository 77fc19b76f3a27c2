"""The predicted committee machine against networks that were run: no constant is fitted anywhere.

The gate is `Comparison`: no further apart than 4 standard errors, and these below a stated fraction of the prediction,
so that no agreement is due to a poor measurement. Standard errors come from 24 independent networks, so a comparison
follows Student's t with 23 degrees of freedom: 4 is exceeded by chance once in 1800 comparisons. Seeds are fixed.
Negative controls run the same gate with a wrong law and must fail.

Stationary values are measured on networks that start away from the predicted fixed point, with weights a quarter too
large or a fifth too small, and the burn-in is found in the data. Pointwise trajectories are compared only where the way
down has no plateau: for several students with teachers the time at which a network leaves its plateau is random at
finite N, and only what it reaches in the end can be predicted.
"""

from dataclasses import replace

import numpy as np
import pytest

import theory
from reports import Comparison
from sim.committee.online import online
from theory.settings import OnlineRule, Overlaps

REPLICAS = 24
PRECISION = 0.01
ABOVE, BELOW = 1.25, 0.8  # how large the weights start, in units of their prediction


def measured(network, fan_in, *, seed, start=ABOVE, length=16.0, **options):
    """Run networks for `length` predicted relaxation times from away from the predicted fixed point."""
    rest = network.stationary
    result = online(
        network.rule, Overlaps(start**2 * rest.Q, start * rest.R, rest.T), fan_in=fan_in,
        alpha=-length / network.eigenvalues.real.max(), records=200, replicas=REPLICAS, seed=seed, **options,
    )  # fmt: skip
    assert result.attrs["stationary"] == 1, f"{network}\n{result}"
    return result


def compared(network, result, fan_in):
    """Compare the squared norms, and the other distinct overlaps, with the prediction at this fan-in."""
    at, (rows, columns) = network.at_fan_in(fan_in), np.triu_indices(network.flow.K)
    mean, error = result.Q_mean.values, result.Q_mean_error.values
    Q = [
        Comparison(f"Q[{i}, {j}]", at.Q[i, j], mean[i, j], error[i, j], PRECISION)
        for i, j in zip(rows, columns, strict=True)
    ]
    triples = zip(at.R.ravel(), result.R_mean.values.ravel(), result.R_mean_error.values.ravel(), strict=True)
    norms = [c for c, i, j in zip(Q, rows, columns, strict=True) if i == j]
    return norms, [c for c in Q if c not in norms] + [Comparison("R", *triple) for triple in triples]


def agrees(network, result, fan_in):
    """Squared norms must agree; an overlap of two vectors, which may be zero, must not differ."""
    norms, others = compared(network, result, fan_in)
    return all(c.verdict == "agrees" for c in norms) and all(c.verdict != "differs" for c in others)


def all_agree(mean, error, law, precision):
    rows = zip(law, mean, error, strict=True)
    return all(Comparison("a point", *map(float, row), precision).verdict == "agrees" for row in rows)


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
    z, deviations = [], []
    for seed, network in enumerate(random_networks(12, seed=1995)):
        result = measured(network, 400, seed=seed, start=BELOW if seed % 2 else ABOVE, length=13.0)
        assert agrees(network, result, 400), f"{network}\n{result}"
        z += [c.z for part in compared(network, result, 400) for c in part]
        deviations.append(np.diag(result.Q_mean) / np.diag(network.stationary.Q) - 1)
        wrong = theory.teacher_student(replace(network.rule, gamma=1.1 * network.rule.gamma), network.stationary)
        assert not agrees(wrong, result, 400)
    assert 0.6 < np.sqrt(np.mean(np.square(z))) < 1.4
    assert abs(np.concatenate(deviations)).max() < 0.015  # from the fixed point itself, bias and noise together


@pytest.mark.parametrize("side", [ABOVE, BELOW])
@pytest.mark.parametrize(
    ("rule", "start"),
    [
        (OnlineRule(0.5, 0.02, 0.3), Overlaps(Q=1.0, R=0.5, T=1.0)),
        (OnlineRule(0.7, 0.05, 1.0), Overlaps.random(2, 0, Q=4, fan_in=100, seed=1)),
        (OnlineRule(1.0, 0.05, 0.4), Overlaps.random(2, 2, Q=4, fan_in=100, seed=2)),
    ],
)
def test_stationary_overlaps_and_their_scatter(rule, start, side):
    """At N = 100; the scatter of a single network is predicted to leading order, which is right to a tenth."""
    network = theory.teacher_student(rule, start)
    result, at = measured(network, 100, seed=7, start=side), network.at_fan_in(100)
    assert agrees(network, result, 100)
    wrong = theory.teacher_student(replace(rule, gamma=1.2 * rule.gamma), network.stationary)
    assert not agrees(wrong, result, 100)
    for i in range(network.flow.K):
        found = float(result.Q_sd[i, i]), float(result.Q_sd_error[i, i])
        scatter = Comparison("scatter", at.Q_sd[i, i], *found, precision=0.1, accuracy=0.1)
        assert scatter.verdict == "agrees", str(scatter)
        half = Comparison("twice the variance", np.sqrt(2) * at.Q_sd[i, i], *found, precision=0.1, accuracy=0.1)
        assert half.verdict == "differs"


@pytest.mark.slow
def test_the_bias_of_order_one_over_n():
    """N (<Q> - Q*) at N = 25 and 50 against m_1, resolved to 10 %; without the bias the same gate fails.

    The next order in 1/N is left out of the prediction: at N = 25 it is below the standard error.
    """
    network = theory.teacher_student(OnlineRule(3.0, 0.01, 1.0), Overlaps(Q=100.0))
    bias, rest = network.linear_noise.bias[0], network.stationary.Q[0, 0]
    for fan_in, length in ((25, 200.0), (50, 300.0)):
        result = measured(network, fan_in, seed=fan_in, length=length)
        found = fan_in * (result.Q_mean.item() - rest), fan_in * result.Q_mean_error.item()
        assert Comparison("bias", bias, *found, precision=0.1).verdict == "agrees"
        assert Comparison("no bias", 0.0, *found, precision=0.1).verdict == "differs"


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

    assert all_agree(mean, error, predicted(rule.gamma), 0.03)
    assert not all_agree(mean, error, predicted(1.1 * rule.gamma), 0.03)
    assert not all_agree(mean, error, np.trace(start.Q) * np.exp(-2 * rule.gamma * times), 0.03)


@pytest.mark.parametrize("side", [ABOVE, BELOW])
@pytest.mark.parametrize("batch_size", [2, 8])
def test_minibatches(batch_size, side):
    """eta^2 / m, and the overlap of two examples' mean gradients in the bias. Control: m = 1."""
    rule = OnlineRule(1.5, 0.05, 0.5, batch_size)
    network = theory.teacher_student(rule, Overlaps(Q=4.0, R=0.5, T=1.0))
    result = measured(network, 60, seed=batch_size, start=side)
    assert agrees(network, result, 60)
    wrong = theory.teacher_student(replace(rule, batch_size=1), network.stationary)
    assert not agrees(wrong, result, 60)


def test_inputs_of_plus_and_minus_one():
    """Generic weights do not see the difference at N = 400: central limit theorem. Control: gamma off by 10 %."""
    network = theory.teacher_student(OnlineRule(0.5, 0.05, 0.5), Overlaps(Q=4.0, R=0.5, T=1.0))
    result = measured(network, 400, seed=3, length=10.0, method="direct", inputs="sign")
    assert agrees(network, result, 400)
    assert not agrees(theory.teacher_student(OnlineRule(0.5, 0.055, 0.5), network.stationary), result, 400)


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

    assert all_agree(mean, error, theory.logistic_unit(eta, gamma, start).at(times)[0], 0.02)
    assert not all_agree(mean, error, theory.logistic_unit(eta, 1.1 * gamma, start).at(times)[0], 0.02)
    assert not all_agree(mean, error, start.Q[0, 0] * np.exp(-2 * gamma * times), 0.02)


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
    """w_rms at N = 500 over that at N = 50: against the prediction at these N, and near the named limit.

    The limit leaves open what is 0.03 in the exponent. Control: the other two limits, with the same allowance.
    """
    sizes, span = np.array([50, 500]), np.log(10)
    predicted = theory.scaling(rule, Overlaps(Q=10.0), sizes, eta_power=power, gamma_power=power)
    results = [measured(network, int(N), seed=int(N)) for network, N in zip(predicted.networks, sizes, strict=True)]
    mean = np.array([result.Q_mean.item() for result in results])
    relative = np.array([result.Q_mean_error.item() for result in results]) / mean
    at = [network.at_fan_in(N).scale[0] for network, N in zip(predicted.networks, sizes, strict=True)]
    ratio = float(np.sqrt(mean[1] / mean[0] * sizes[0] / sizes[1]))
    error = ratio * float(np.linalg.norm(relative)) / 2
    assert Comparison("ratio", at[1] / at[0], ratio, error, precision=0.01).verdict == "agrees"
    for limit in (-0.5, 0.0, -1 / 6):
        near = Comparison("limit", float(np.exp(limit * span)), ratio, error, precision=0.03, accuracy=0.03 * span)
        assert near.verdict == ("agrees" if limit == exponent else "differs"), str(near)
