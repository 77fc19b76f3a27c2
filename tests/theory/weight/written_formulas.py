"""The table of written formulas of theory/weight and theory/symbols (see tests/theory/test_written_formulas.py)."""

import numpy as np
from scipy.integrate import quad
from scipy.special import binom

import theory
from theory.symbols import ARGUMENTS
from theory.weight.from_path import IteratedPath
from theory.weight.laws.second_moment import step_covariance
from theory.weight.stages import error_along, staged

N, LAM, ETA, SIGMA, R, H = 137.0, 8.3, 0.31, 1.7, 0.4, 0.05
X = ETA * (LAM / N + H)
LETTERS = {"n": N, "lambda": LAM, "eta": ETA, "sigma": SIGMA, "h": H, "r": R, "a": 1 - X, "x": X, "mu": 0.83}
UNCORRELATED = {"noise": SIGMA, "curvature": H}
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


def scheduled():
    """Gradient descent has no memory: q is the noise's mean square."""
    lr, decay, steps = ETA * np.linspace(1, 0.2, 9), np.linspace(0.03, 0.06, 9), 9
    run = theory.trajectory(
        lr=ETA, weight_decay=1.0, steps=steps, start=2.5, schedule=lr / ETA, decay_schedule=decay, **UNCORRELATED
    )
    a = 1 - lr * (decay + H)
    clock = -np.log(a)
    yield run.clock, [clock[t:].sum() for t in range(steps + 1)]
    added = sum(lr[t] ** 2 * SIGMA**2 * np.prod(a[t + 1 :] ** 2) for t in range(steps))
    yield 2.5**2 * np.prod(a**2) + added, run.variance[-1]


def fall():
    """A cosine to a floor, its clock in closed form."""
    K, floor, start = 1.7, 0.1, 1.3

    def e(y):
        return floor + (1 - floor) * (1 - np.cos(np.pi * y)) / 2

    def clock(y):
        return floor * y + (1 - floor) * (y - np.sin(np.pi * y) / np.pi) / 2

    integral = quad(lambda y: e(y) ** 2 * np.exp(-2 * K * clock(y)), 0, 1, epsabs=0, epsrel=1e-12)[0]
    written = 2 * K * integral + start**2 * np.exp(-2 * K * clock(1))
    yield written, theory.end_over_peak("cosine", K, floor=floor, start=start) ** 2


def stages(block):
    """A law whose first two steps are known to 3% and whose later ones to 1%, on a path that rises and falls."""
    V, f = np.array([0.0, 0.3, 0.5, 0.4]), np.array([0.1, 0.2, 0.3])
    found = error_along(V, f, staged(3, 0.01, (2, 0.03)))
    for t, e in enumerate((0.03, 0.03, 0.01), start=1):
        change = r"e^{-2 f_t} E_{t-1} V_{t-1}"
        kept = np.exp(-2 * f[t - 1])
        added = r"|V_t - e^{-2 f_t} V_{t-1} |"  # as the parser is given it, without \left and \right
        given = {change: kept * found[t - 1] * V[t - 1], added: abs(V[t] - kept * V[t - 1]), "e_t": e}
        yield block.right(0, given), found[t] * V[t]


def beyond():
    """Of gradient descent, whose law has a closed form for any number of steps."""
    eq = theory.equilibrium(1.0, 1e-6, 0.1, noise=SIGMA)
    path, t = IteratedPath(eq.law, 2.5), 3e6
    found, V = float(path(np.array([t]))[0]), eq.variance
    assert path.steps < t
    yield (path.values[-1] - V) * np.exp(-(t - path.steps) / eq.settling_time), found - V
    yield np.round(found / eq.rms(t, 2.5) ** 2, 8), 1


def one_factor():
    for r in (0.4, 0.999):
        eq = theory.equilibrium(N, LAM, ETA, **(MODEL | {"correlation": r}))
        yield 1 - X, eq.shrink
        yield -1 / np.log(max(abs(1 - X), r)), eq.relaxation_time


CLOCK = r"\tau(t) = -\sum_{s > t} \ln a_s"

BLOCKS = {
    "theory.weight.derivations.linear": [momentum(nesterov=False), momentum(nesterov=True)],
    "theory.weight.derivations.momentum": [
        (r"P = M P M^{\mathsf T} + B B^{\mathsf T}, \qquad E w^2 = P_{00}", transient_of_momentum)
    ],
    "theory.weight.derivations.plain": [colored],
    "theory.weight.end_over_peak": [
        (
            r"R = 2 K \int_0^1 e(y)^2 \exp\left(-2 K \int_0^y e\right) dy + "
            r"R_0 \exp\left(-2 K \int_0^1 e\right)",
            fall,
        )
    ],
    "theory.weight.equilibrium": [defaults],
    "theory.weight.from_path": [(r"E w_t^2 - V = (E w_L^2 - V) e^{-(t - L)/T}", beyond)],
    "theory.weight.inverse_sqrt_n": [inverse_sqrt_n],
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
    "theory.weight.laws.sgd": [colored],
    "theory.weight.scheduled": [
        (
            r"E w_T^2 = w_0^2 \prod_{s \le T} a_s^2 + \sum_{t \le T} \eta_t^2 q_t \prod_{t < s \le T} a_s^2",
            scheduled,
        )
    ],
    "theory.weight.stability": [(r"0 < \eta (\lambda/n + h) < 2", stable)],
    "theory.weight.stages": [stages],
    "theory.weight.transient": [transient],
}

INLINE = {
    "theory.symbols": {r"C = C_0 + \frac{\lambda}{2n} \sum w^2": None},
    "theory.weight.derivations.plain": {"a = 1 - x": None, r"x = \eta(\lambda/n + h)": None},
    "theory.weight.laws.lion": {r"a = 1 - \eta\lambda/n": None},
    "theory.weight.laws.normalised": {r"a = 1 - \eta\lambda/n": None, "C_s = E u_t u_{t+s}": None},
    "theory.weight.scheduled": {CLOCK: (CLOCK, scheduled)},
}
