"""The written formulas of Adam and its variants (see tests/theory/test_written_formulas.py)."""

import numpy as np
from scipy.integrate import dblquad, quad
from scipy.special import erf

import theory
from theory import symbols
from theory.weight.derivations.adam import b2, kappa, live_second_moment
from theory.weight.derivations.adam_response import pull, spread, weight_response
from theory.weight.laws.adam import fixed_variance
from theory.weight.laws.largest_moment import _distribution, _never_above, largest_moment
from theory.weight.laws.live_start import covariance_from_start
from theory.weight.laws.mean_denominator import _noise_factor
from theory.weight.laws.second_moment import Filter, adam_filter, filtered_covariance, step_covariance

N, ETA, SIGMA = 137.0, 0.01, 1.7
B1, B2 = 0.83, 0.95
BETAS = {"b_1": B1, "b_2": B2}
ADAM, ADAMW = theory.Adam((B1, B2)), theory.AdamW((B1, B2))
MIXED = Filter(B1, B1 * (1 - B1), 1 - B1)  # NAdam's, with more on the newest gradient


def coupled(block):
    eq = theory.equilibrium(N, 0.2, ETA, noise=SIGMA, optimizer=ADAM)
    k = 0.2 / N
    x = ETA * k / SIGMA
    steps = step_covariance(B1, B2)
    letters = {"eta": ETA, "sigma": SIGMA, "S": steps.summed(1.0), "k": k, "A": steps.response, "x": x}
    letters |= {r"\phi": (1 - B2) / (1 - B2 + 2 * x), "s_2": (1 - B2) / (1 + B2) / 2}
    yield block.right(0, letters | {"D": 1 / (1 - x * (1 - B1) / (1 + B1) / 2)}), eq.variance


def finite_step(block):
    x = 0.04
    fixed = fixed_variance(adam_filter(B1), eta=ETA, sigma=1.0, x=x, y=0.0)
    yield block.right(0, BETAS | {"x": x}), fixed / (ETA**2 / (2 * x))


def following(block):
    """phi and s_2 enter the response as x / 2 phi - s_2 (1 - phi): s_2 known, phi is what is left."""
    x, s_2 = 0.04, float(spread().subs({b2: B2, kappa: 3}))
    response = float(weight_response().subs({symbols.y: 0, pull: x, b2: B2, kappa: 3}))
    yield block.right(0, BETAS | {"x": x}), (response + x / 4 + s_2) / (x / 2 + s_2)


def spread_of_noise(block):
    yield block.right(0, BETAS), float(spread().subs({b2: B2, kappa: 3}))


def adamw(block):
    eq = theory.equilibrium(N, 8.3, 0.31, optimizer=ADAMW)
    a = 1 - 0.31 * 8.3 / N
    yield block.right(0, {"eta": 0.31, "S(a)": step_covariance(B1, B2).summed(a), "a": a}), eq.variance


def curved(block):
    """The fixed second moment's law as gradient descent with momentum, its sum over lags as a geometric series."""
    lam, h, steps = 0.8, 2.3, step_covariance(B1, B2)
    eq = theory.equilibrium(N, lam, ETA, noise=SIGMA, curvature=h, optimizer=ADAMW)
    y, x_h = ETA * lam / N, ETA * h * steps.response / SIGMA
    a, rate = 1 - y - x_h, (1 - B1) / SIGMA
    ball = theory.equilibrium(
        N, lam / rate, ETA * rate, noise=SIGMA, curvature=h * steps.response, optimizer=theory.SGDW(momentum=B1)
    )
    fixed_sum = (1 - B1) / (1 + B1) * (1 + a * B1) / (1 - a * B1)
    R = float(weight_response().subs({symbols.y: y, pull: x_h, b2: B2, kappa: 3}))
    letters = {"V_h": ball.variance, "S(1 - x)": steps.summed(a), "S_f(1 - x)": fixed_sum, "R": R}
    yield block.right(0, letters), eq.variance


def drifting():
    """Late, when the maximum hardly changes within the weight's memory."""
    lr, decay, steps = 0.05, 0.2, 20_000
    run = theory.trajectory(lr=lr, weight_decay=decay, steps=steps, optimizer=theory.AdamW((B1, B2), amsgrad=True))
    known, moments = largest_moment(B2, 1.0)
    age, a = np.arange(3000), 1 - lr * decay
    inverse = np.interp(np.log(steps - age), np.log(known), moments)
    fixed = (1 - B1) / (1 + B1) * (1 + a * B1) / ((1 - a**2) * (1 - a * B1)) * lr**2
    yield np.round(run.variance[-1] / (fixed * np.average(inverse, weights=a ** (2.0 * age))), 4), 1


def never_above():
    """After one step and after two, by their own integrals over the noise."""
    u, b = 1.1, 0.7

    def below(v):
        return erf(np.sqrt((u - b * v) / (1 - b) / 2))

    def twice(g):
        return np.sqrt(2 / np.pi) * np.exp(-(g**2) / 2) * below((1 - b) * g**2)

    two = quad(twice, 0, np.sqrt(u / (1 - b)), epsabs=0, epsrel=1e-12)[0]
    yield np.round(_never_above(u, b, np.array([1.0, 2.0])), 5), np.round([below(0.0), two], 5)


def moments():
    """By the distribution itself: u^-p over the steps of P."""
    steps, levels, below = _distribution(0.9)
    _, found = largest_moment(0.9, 0.5)
    middle = np.sqrt(levels[1:] * levels[:-1])
    of_steps = levels[0] ** -0.5 * below[0] + middle**-0.5 @ np.diff(below, axis=0)
    late = steps > 100
    yield np.round(of_steps[late] / found[late], 3), 1


def linear_path():
    lr, decay, h, T = 0.31 * np.linspace(1, 0.2, 9), 0.06, 0.05, 9
    run = theory.trajectory(
        lr=0.31, weight_decay=decay, steps=T, start=2.5, schedule=lr / 0.31, noise=SIGMA, curvature=h,
        optimizer=theory.SGD(momentum=B1),
    )  # fmt: skip
    P, k = np.diag([2.5**2, 0.0]), decay + h
    for t in range(T):  # of the weight and torch's buffer
        M, B = np.array([[1 - lr[t] * k, -lr[t] * B1], [k, B1]]), np.array([[-lr[t]], [1.0]]) * SIGMA
        P = M @ P @ M.T + B @ B.T
        yield P[0, 0], run.variance[t + 1]


def from_empty():
    lr, decay, T = 0.31 * np.linspace(1, 0.2, 12), 0.06, 12
    run = theory.trajectory(lr=0.31, weight_decay=decay, steps=T, start=0.4, schedule=lr / 0.31, optimizer=ADAMW)
    made = run.law.corrections(T)
    alone, older, newer, factor = covariance_from_start(run.law, made, made.divided)
    a, V = 1 - lr * decay, 0.4**2
    for t in range(T):
        shared = sum(lr[s] * np.sum(older[s] * newer[t] * factor ** (t - s)) * np.prod(a[s + 1 : t]) for s in range(t))
        V = a[t] ** 2 * V + lr[t] ** 2 * alone[t] + 2 * a[t] * lr[t] * shared
        yield V, run.variance[t + 1]


def live(block):
    own, square, cross = (float(c) for c in live_second_moment())
    numbers = {r"\kappa": 6.0, "p_s": 0.02, "p_t": 0.03, "P_{ss}": 0.05, "P_{tt}": 0.07, "P_{st}": 0.04}
    yield block.right(0, numbers), 1 + 5 * (own * 0.05 + square * 0.12 + cross * 0.04)


def with_mean_denominator():
    lr, decay, T = 0.05 * np.linspace(1, 0.2, 12), 0.3, 12
    run = theory.trajectory(
        lr=0.05, weight_decay=decay, steps=T, start=4.0, schedule=lr / 0.05, noise=SIGMA, optimizer=ADAM
    )
    A, late = run.law.stationary_factors
    factor = _noise_factor(run.law, late, T)
    P, v = np.diag([4.0**2, 0.0]), 0.0
    for t in range(T):
        own = decay**2 * P[0, 0]
        v = B2 * v + (1 - B2) * (SIGMA**2 + own)
        share = SIGMA**2 / (SIGMA**2 + own)
        rate = lr[t] / np.sqrt(v / (1 - B2 ** (t + 1))) / (1 - B1 ** (t + 1))
        k, noise = decay * (1 + (A - 1) * share), SIGMA * np.sqrt(1 + (factor[t] - 1) * share)
        average = np.array([(1 - B1) * k, B1])
        M = np.array([[1.0, 0.0] - rate * average, average])
        B = np.array([[-rate], [1.0]]) * (1 - B1) * noise
        P = M @ P @ M.T + B @ B.T
        yield P[0, 0], run.variance[t + 1]


def look_ahead(block):
    """The factors of the averaged and of the newest gradient, from the momenta as written."""
    optimizer = theory.NAdam((B1, B2), momentum_decay=0.3)
    made = theory.equilibrium(N, 0.2, ETA, noise=SIGMA, optimizer=optimizer).law.corrections(3)
    mu = [block.right(1, {"b_1": B1, "0.96^{t d}": 0.96 ** (t * 0.3)}) for t in (1, 2, 3, 4)]
    left = 1 - np.cumprod(mu)
    for t in range(3):
        letters = {r"\mu_t": mu[t], r"\mu_{t+1}": mu[t + 1], r"\Pi_t": 1 - left[t], r"\Pi_{t+1}": 1 - left[t + 1]}
        written = block.right(0, letters | {"v": 2.3, "g": 0.7, "m": -0.4})
        yield written, (made.newest[t] * 0.7 + made.average[t] * -0.4) / np.sqrt(2.3)


def rectified(block):
    optimizer = theory.RAdam((B1, B2))
    made = theory.equilibrium(N, 0.2, ETA, noise=SIGMA, optimizer=optimizer).law.corrections(60)
    R = block.right(2, BETAS)
    for t in (12, 60):
        rho = block.right(1, BETAS | {"R": R, "t": t})
        yield block.right(0, {"R": R, r"\rho_t": rho}), (made.average[t - 1] * (1 - B1**t)) ** 2


# The quadratures over a live second moment, with their sums and products written out.
AGE = np.arange(800)
C = MIXED.tail * B1**AGE + MIXED.newest * (AGE == 0)


def F(z):
    return np.prod((1 + 2 * (1 - B2) * B2**AGE * z) ** -0.5)


def G(s, z):
    return np.sum(C * np.append(C[s:], np.zeros(s)) / (1 + 2 * (1 - B2) * B2**AGE * z))


def tables():
    """F and G_0 through the variance of the step, an integral of their product alone."""
    variance = quad(lambda z: F(z) * G(0, z), 0, np.inf, epsabs=0, epsrel=1e-9, limit=500)[0]
    yield np.round(variance, 8), np.round(filtered_covariance(MIXED, B2).alone, 8)


def covariance():
    s = 3

    def integrand(y, x):
        both = x**2 + B2**s * y**2
        return F(both) * G(s, both) * F(y**2) / F(B2**s * y**2)

    integral = dblquad(integrand, 0, 12, 0, 12, epsabs=1e-6, epsrel=1e-6)[0]
    yield np.round(4 / np.pi * integral, 5), np.round(filtered_covariance(MIXED, B2).lag(s), 5)


def drift():
    def integrand(y):
        return F(y**2) * np.sum(C / (1 + 2 * (1 - B2) * B2**AGE * y**2))

    written = 2 / np.sqrt(np.pi) * quad(integrand, 0, 40, epsabs=0, epsrel=1e-10, limit=500)[0]
    yield np.round(written, 8), np.round(filtered_covariance(MIXED, B2).response, 8)


BLOCKS = {
    "theory.weight.laws.adam": [coupled, finite_step],
    "theory.weight.laws.adamw": [adamw],
    "theory.weight.laws.adamw_curved": [curved],
    "theory.weight.laws.amsgrad": [
        (r"E w_t^2 \approx V_f \left\langle E \frac{1}{v_{max}} \right\rangle", drifting),
    ],
    "theory.weight.laws.largest_moment": [
        (
            r"P(\max_{s \le t} v_s < u) = (K_u^t 1)(0), \qquad (K_u f)(v) = E f(b_2 v + (1 - b_2) g^2) "
            r"\quad \text{where that is below } u",
            never_above,
        ),
        (r"E v_{max}^{-p} = p \int_0^\infty P(v_{max} < u) u^{-p-1} du", moments),
    ],
    "theory.weight.laws.linear_path": [
        (r"P_{t+1} = M_t P_t M_t^{\mathsf T} + B_t B_t^{\mathsf T}", linear_path),
    ],
    "theory.weight.laws.live_start": [
        (
            r"E w_t^2 = a_t^2 E w_{t-1}^2 + \eta_t^2 C_{tt} + 2 a_t \eta_t \sum_{s < t} \eta_s C_{st} "
            r"\prod_{s < i < t} a_i",
            from_empty,
        ),
        live,
    ],
    "theory.weight.laws.mean_denominator": [
        (
            r"v' = b_2 v + (1 - b_2)(\sigma^2 + k^2 P_{ww}), \qquad P' = M P M^{\mathsf T} + B B^{\mathsf T}",
            with_mean_denominator,
        )
    ],
    "theory.weight.laws.nadam": [look_ahead],
    "theory.weight.laws.radam": [rectified],
    "theory.weight.laws.second_moment": [
        (
            r"F(z) = \prod_{j \ge 0} (1 + 2 (1 - b_2) b_2^j z)^{-1/2}, \quad "
            r"G_s(z) = \sum_{i \ge 0} \frac{c_i c_{i+s}}{1 + 2 (1 - b_2) b_2^i z}",
            tables,
        ),
        (
            r"C_s = \frac{4}{\pi} \int_0^\infty \int_0^\infty (F G_s)(x^2 + b_2^s y^2) "
            r"\frac{F(y^2)}{F(b_2^s y^2)} dx dy",
            covariance,
        ),
        (
            r"A = \sum_j c_j \frac{2}{\sqrt{\pi}} \int_0^\infty \frac{F(y^2)}{1 + 2 (1 - b_2) b_2^j y^2} dy",
            drift,
        ),
    ],
}

INLINE = {
    "theory.weight.laws.adam": {
        r"\phi = \frac{1 - b_2}{1 - b_2 + 2 x}": following,
        r"s_2 = \frac{1}{2} \frac{1 - b_2}{1 + b_2}": spread_of_noise,
    },
    "theory.weight.laws.second_moment": {
        r"v^{-1/2} = \frac{2}{\sqrt{\pi}} \int_0^\infty e^{-v y^2} dy": None,
        "C_s = E u_t u_{t+s}": None,
    },
}
