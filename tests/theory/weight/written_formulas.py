"""The table of written formulas of theory/weight and theory/symbols (see tests/theory/test_written_formulas.py)."""

import numpy as np
from scipy.integrate import dblquad, quad
from scipy.special import binom

import theory
from theory.symbols import ARGUMENTS
from theory.weight.derivations.adam import fixed_second_moment
from theory.weight.laws.adamw import first_order_factor
from theory.weight.laws.second_moment import step_covariance

N, LAM, ETA, SIGMA, R, H = 137.0, 8.3, 0.31, 1.7, 0.4, 0.05
X = ETA * (LAM / N + H)
LETTERS = {"n": N, "lambda": LAM, "eta": ETA, "sigma": SIGMA, "h": H, "r": R, "a": 1 - X, "x": X, "mu": 0.83}
MODEL = {"noise": SIGMA, "correlation": R, "curvature": H}


def colored(block):
    yield block.right(0, LETTERS), theory.equilibrium(N, LAM, ETA, **MODEL).variance
    derived = theory.derive(correlated=True).result
    values = dict(
        zip(("n", "lam", "eta", "noise", "correlation", "curvature"), (N, LAM, ETA, SIGMA, R, H), strict=True)
    )
    yield block.right(0, LETTERS), float(derived.subs({s: values[name] for s, name in ARGUMENTS.items()}))


def defaults(block):
    yield block.right(0, LETTERS), theory.equilibrium(N, LAM, ETA).variance


def inverse_sqrt_n(block):
    noise, curvature = 0.08, 0.0004
    lam = theory.equilibrium(N, LAM, ETA, noise=noise, curvature=curvature).inverse_sqrt_n.lam_white
    yield block.right(0, LETTERS | {"sigma": noise, "h": curvature}), lam


def stable():
    """Just inside both ends there is an equilibrium, just outside none."""
    for rate, found in ((1e-9, True), (-1e-9, False), (2 - 1e-9, True), (2 + 1e-9, False)):
        curvature = rate / ETA - LAM / N
        try:
            answer = theory.equilibrium(N, LAM, ETA, curvature=curvature).variance > 0
        except theory.NoEquilibrium:
            answer = False
        yield answer, found


def transient(block):
    eq = theory.equilibrium(N, LAM, ETA, noise=SIGMA, curvature=H)
    yield block.right(0, LETTERS | {"t": 7, "w_0": 2.5, "V": eq.variance}), eq.rms(7, 2.5) ** 2


def momentum(nesterov):
    """Decoupled decay y = eta lam/n beside a curvature, x = eta h; and coupled decay, y = 0."""

    def entry(block):
        decoupled = theory.SGDW(momentum=0.83, nesterov=nesterov)
        both = {"x": ETA * H, "a": 1 - ETA * LAM / N}
        eq = theory.equilibrium(N, LAM, ETA, noise=SIGMA, curvature=H, optimizer=decoupled)
        yield block.right(0, LETTERS | both), eq.variance
        coupled = theory.SGD(momentum=0.83, nesterov=nesterov)
        eq = theory.equilibrium(N, LAM, ETA, noise=SIGMA, curvature=H, optimizer=coupled)
        yield block.right(0, LETTERS | {"a": 1.0}), eq.variance

    return entry


def transient_of_momentum():
    eq = theory.equilibrium(N, LAM, ETA, noise=SIGMA, curvature=H, optimizer=theory.SGD(momentum=0.83))
    M, B = eq.law.numeric.M, eq.law.numeric.B
    P, P_0 = eq.law.numeric.covariance(), np.diag([2.5**2, 0.0])
    power = np.linalg.matrix_power(M, 7)
    yield (P + power @ (P_0 - P) @ power.T)[0, 0], eq.rms(7, 2.5) ** 2
    yield M @ P @ M.T + B @ B.T, P


# AdamW and Adam.
BETAS = {"b_1": 0.83, "b_2": 0.95}


def adamw_with_v_held(block):
    law = fixed_second_moment()
    mine = {"eta": ETA, "y": 0.09, "b1": 0.83, "x": 0.0, "sigma": 1.0}
    derived = float(law.subs({s: mine[s.name] for s in law.free_symbols}))
    yield block.right(0, BETAS | {"eta": ETA, "a": 0.91}), derived


def q_of(b1=0.83, b2=0.95):
    return (1 - b1) / (1 - b1 * b2), (1 - b1) * (1 + b1 * b2) / ((1 + b1) * (1 - b1 * b2))


def first_order(block):
    q, q_2 = q_of()
    written = block.right(0, BETAS | {r"\kappa": 6.0, "q": q, "q_2": q_2})
    yield written, first_order_factor(theory.AdamW((0.83, 0.95)), kurtosis=6.0)


def coupled_adam(block):
    eq = theory.equilibrium(N, 0.2, 0.01, noise=SIGMA, optimizer=theory.Adam((0.83, 0.95)))
    k = 0.2 / N
    x = 0.01 * k / SIGMA
    steps = step_covariance(0.83, 0.95)
    letters = {"eta": 0.01, "sigma": SIGMA, "S": steps.summed(1.0), "k": k, "A": steps.response, "x": x}
    yield block.right(0, BETAS | letters | {r"\phi": 0.05 / (0.05 + 2 * x)}), eq.variance


def lion():
    """The series by its closed form: a sum over lags of arcsines of q b_2^s."""
    eq = theory.equilibrium(N, LAM, ETA, optimizer=theory.Lion((0.83, 0.95)))
    a, j = 1 - ETA * LAM / N, np.arange(60)
    b1, b2 = 0.83, 0.95
    m = (1 - b2) / (1 + b2)  # E m^2 at unit noise; c = b1 m + (1 - b1) g
    q = (b1**2 * m + b1 * (1 - b1) * (1 - b2) / b2) / (b1**2 * m + (1 - b1) ** 2)
    terms = binom(2 * j, j) / (4.0**j * (2 * j + 1)) * q ** (2 * j + 1) * a * b2 ** (2 * j + 1)
    total = (terms / (1 - a * b2 ** (2 * j + 1))).sum()
    yield ETA**2 / (1 - a**2) * (1 + 4 / np.pi * total), eq.variance


def normalised():
    eq = theory.equilibrium(N, LAM, ETA, optimizer=theory.AdamW((0.83, 0.95)))
    a, C = 1 - ETA * LAM / N, step_covariance(0.83, 0.95).lags
    S = C[0] + 2 * sum(a**s * c for s, c in enumerate(C) if s)
    yield ETA**2 / (1 - a**2) * S, eq.variance


def F(z):
    return np.prod((1 + 2 * 0.05 * 0.95 ** np.arange(800) * z) ** -0.5)


def G(z):
    """H."""
    j = np.arange(800)
    return np.sum(0.83 ** (2 * j) / (1 + 2 * 0.05 * 0.95**j * z))


def tables():
    """F and H through the variance of the step, an integral of their product alone."""
    variance = 0.17**2 * quad(lambda z: F(z) * G(z), 0, np.inf, epsabs=0, epsrel=1e-9, limit=500)[0]
    yield np.round(variance, 8), np.round(step_covariance(0.83, 0.95).lags[0], 8)


def covariance():
    s = 3

    def integrand(y, x):
        both = x**2 + 0.95**s * y**2
        return F(both) * G(both) * F(y**2) / F(0.95**s * y**2)

    integral = dblquad(integrand, 0, 12, 0, 12, epsabs=1e-6, epsrel=1e-6)[0]
    written = 4 * 0.17**2 * 0.83**s / np.pi * integral
    yield np.round(written, 5), np.round(step_covariance(0.83, 0.95).lags[s], 5)


def leading_order(block):
    """At a rate where the first order in x is below 1e-9."""
    eq = theory.equilibrium(1e10, 0.2, 0.01, noise=SIGMA, curvature=1e-11, optimizer=theory.Adam((0.83, 0.95)))
    steps = step_covariance(0.83, 0.95)
    k = block.right(1, {"n": 1e10, "lambda": 0.2, "h": 1e-11})
    yield k, eq.law.relative_rate * SIGMA / 0.01
    letters = {"eta": 0.01, "sigma": SIGMA, "S": steps.summed(1.0), "k": k, "A": steps.response}
    yield block.right(0, letters), eq.variance


def adamw(block):
    eq = theory.equilibrium(N, LAM, ETA, optimizer=theory.AdamW((0.83, 0.95)))
    a = 1 - ETA * LAM / N
    yield block.right(0, {"eta": ETA, "S(a)": step_covariance(0.83, 0.95).summed(a), "a": a}), eq.variance


def one_factor():
    for r in (0.4, 0.999):
        eq = theory.equilibrium(N, LAM, ETA, **(MODEL | {"correlation": r}))
        yield 1 - X, eq.shrink
        yield -1 / np.log(max(abs(1 - X), r)), eq.relaxation_time


def coupling(block):
    """phi enters coupled Adam's variance as x / 2 times it."""
    yield block.right(0, BETAS | {"x": 0.01}), 0.05 / 0.07


def fraction(index):
    def entry(block):
        yield block.right(0, BETAS), q_of()[index]

    return entry


BLOCKS = {
    "theory.weight.derivations.adam": [adamw_with_v_held, first_order, coupled_adam],
    "theory.weight.derivations.linear": [momentum(nesterov=False), momentum(nesterov=True)],
    "theory.weight.derivations.momentum": [
        (r"P = M P M^{\mathsf T} + B B^{\mathsf T}, \qquad E w^2 = P_{00}", transient_of_momentum)
    ],
    "theory.weight.derivations.plain": [colored],
    "theory.weight.equilibrium": [defaults],
    "theory.weight.inverse_sqrt_n": [inverse_sqrt_n],
    "theory.weight.laws.adam": [leading_order],
    "theory.weight.laws.adamw": [adamw],
    "theory.weight.laws.linear": [(r"P_t = P + M^t (P_0 - P) (M^{\mathsf T})^t", transient_of_momentum)],
    "theory.weight.laws.lion": [
        (
            r"E w^2 = \frac{\eta^2}{1 - a^2} \left(1 + \frac{4}{\pi} \sum_{j=0}^{\infty} "
            r"\frac{\binom{2j}{j}}{4^j (2j + 1)} q^{2j+1} \frac{a b_2^{2j+1}}{1 - a b_2^{2j+1}}\right)",
            lion,
        )
    ],
    "theory.weight.laws.normalised": [
        (
            r"w' = a w - \eta u, \qquad E w^2 = \frac{\eta^2}{1 - a^2} S(a), \qquad "
            r"S(a) = C_0 + 2 \sum_{s \ge 1} a^s C_s",
            normalised,
        )
    ],
    "theory.weight.laws.one_factor": [(r"a = 1 - x, \qquad \tau = -1 / \ln \max(|a|, r)", one_factor)],
    "theory.weight.laws.second_moment": [
        (
            r"F(z) = \prod_{j \ge 0} (1 + 2 (1 - b_2) b_2^j z)^{-1/2}, \quad "
            r"H(z) = \sum_{j \ge 0} \frac{b_1^{2j}}{1 + 2 (1 - b_2) b_2^j z}",
            tables,
        ),
        (
            r"C_s = \frac{4 (1 - b_1)^2 b_1^s}{\pi} \int_0^\infty \int_0^\infty (F H)(x^2 + b_2^s y^2) "
            r"\frac{F(y^2)}{F(b_2^s y^2)} dx dy",
            covariance,
        ),
    ],
    "theory.weight.laws.sgd": [colored],
    "theory.weight.stability": [(r"0 < \eta (\lambda/n + h) < 2", stable)],
    "theory.weight.transient": [transient],
}

INLINE = {
    "theory.symbols": {r"C = C_0 + \frac{\lambda}{2n} \sum w^2": None},
    "theory.weight.derivations.plain": {"a = 1 - x": None, r"x = \eta(\lambda/n + h)": None},
    "theory.weight.derivations.adam": {
        r"q = \frac{1 - b_1}{1 - b_1 b_2}": fraction(0),
        r"q_2 = \frac{(1 - b_1)(1 + b_1 b_2)}{(1 + b_1)(1 - b_1 b_2)}": fraction(1),
        r"\phi = \frac{1 - b_2}{1 - b_2 + 2x}": coupling,
    },
    "theory.weight.laws.lion": {r"a = 1 - \eta\lambda/n": None},
    "theory.weight.laws.normalised": {r"a = 1 - \eta\lambda/n": None, "C_s = E u_t u_{t+s}": None},
    "theory.weight.laws.second_moment": {
        r"v^{-1/2} = \frac{2}{\sqrt{\pi}} \int_0^\infty e^{-v y^2} dy": None,
        "C_s = E u_t u_{t+s}": None,
        r"u = m/\sqrt{v}": None,
    },
}
