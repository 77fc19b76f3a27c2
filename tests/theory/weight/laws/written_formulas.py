"""The written formulas of sign rules, Muon and schedule-free (see tests/theory/test_written_formulas.py)."""

import numpy as np
import sympy as sp

import theory
from theory import Lion, Muon, ScheduleFreeSGD, Signum
from theory.symbols import eta, sigma
from theory.weight.derivations import direction as filtered
from theory.weight.derivations import schedulefree as free
from theory.weight.laws import closed_loop as loop
from theory.weight.laws.directed import correlations, direction_correlation
from theory.weight.laws.orthogonalised import _shrunk, orthogonalised
from theory.weight.laws.signs import arcsine, sign_sum

LR, K, MU, B1, B2 = 0.013, 1.7, 0.83, 0.87, 0.94
A = 1 - LR * K


def averages(b1, b2, steps):
    """Weights of the gradients in c_t and in m_t, from an empty memory: rows t, written out."""
    c, m, memory = np.zeros((steps, steps)), np.zeros((steps, steps)), np.zeros(steps)
    for t in range(steps):
        g = np.eye(steps)[t]
        c[t] = b1 * memory + (1 - b1) * g
        m[t] = memory = b2 * memory + (1 - b2) * g
    return c, m


def direction():
    c, _ = averages(B1, B2, 9)
    new, old = correlations(B1, B2, 8)
    rho = c @ c.T / np.sqrt(np.outer(np.diag(c @ c.T), np.diag(c @ c.T)))
    yield new, np.diag(rho, 1)
    yield rho[:-2, -2] * old[-1], rho[:-2, -1]


def growing():
    c, _ = averages(B1, B2, 9)
    square, following = (sp.lambdify((filtered.b1, filtered.b2, filtered.G), f) for f in filtered.growing())
    for t in (1, 4, 8):
        grown = 1 - B2 ** (2 * (t - 1))
        yield square(B1, B2, grown), c[t - 1] @ c[t - 1]
        yield following(B1, B2, grown), c[t - 1] @ c[t]


def free_step():
    rule = free.recursion()
    z, x = 1.3, -0.4
    numbers = {free.beta: 0.7, free.newest: 0.2, free.pull: K, eta: LR, sigma: 0.6}
    new = LR * (K * (0.3 * z + 0.7 * x))
    found = np.array(rule.M.subs(numbers), dtype=float) @ [z, x]
    yield found, [z - new, x + 0.2 * (z - new - x)]
    yield np.array(rule.B.subs(numbers), dtype=float).ravel(), [-LR * 0.6, -0.2 * LR * 0.6]


def bussgang():
    yield loop.gain(MU, MU), np.sqrt(2 / np.pi) / np.sqrt((1 - MU) / (1 + MU))


def spectra():
    """Without a pull of the weight: the arcsine law with decoupled decay; without memory: white noise and its loop."""
    exact = theory.equilibrium(lr=1.0, weight_decay=0.2, optimizer=Lion((B1, 0.5))).variance
    yield np.round(loop.closed_loop(B1, 0.5, 0.2, 0.0).variance / exact, 6), 1
    z = np.exp(2j * np.pi * np.arange(4096) / 4096)
    pull, R = 0.3, 0.0
    variance, R = loop._solved(0.0, 0.0, 0.0, pull)
    rho = np.zeros(4096)
    for _ in range(60):  # F is 1
        rest = np.fft.fft(
            2 / np.pi * (np.arcsin(np.where(np.arange(4096) == 0, 1, rho)) - np.where(np.arange(4096), rho, 1))
        )
        of_c = (np.abs(z - 1) ** 2 + pull**2 * rest.real) / np.abs(z - 1 + R * pull) ** 2
        rho = np.fft.ifft(of_c).real
        R, rho = np.sqrt(2 / np.pi / rho[0]), rho / rho[0]
    yield variance, np.mean((R**2 + rest.real) / np.abs(z - 1 + R * pull) ** 2)


def path():
    lr, run = LR * np.linspace(1, 0.2, 12), None
    run = theory.trajectory(lr=LR, weight_decay=K, steps=12, start=0.3, schedule=lr / LR, optimizer=Lion((B1, B2)))
    c, _ = averages(B1, B2, 12)
    square = np.diag(c @ c.T)
    f = 2 / np.pi * np.arcsin(np.minimum(c @ c.T / np.sqrt(np.outer(square, square)), 1))
    V, a = 0.09, 1 - lr * K
    for t in range(12):
        Y = sum(lr[i] * np.prod(a[i + 1 : t]) * f[i, t] for i in range(t))
        V = a[t] ** 2 * V + lr[t] ** 2 + 2 * a[t] * lr[t] * Y
    yield np.round(run.variance[-1] / V, 6), 1  # the way there keeps seven digits


def muon():
    optimizer, shape = Muon(MU, adjust_lr_fn="match_rms_adamw"), (40, 90)
    series = orthogonalised(optimizer, shape, direction_correlation(MU**2, MU))
    k = 2 * np.arange(len(series.coefficients)) + 1
    q = direction_correlation(MU**2, MU) / MU
    S = series.alone + 2 * np.sum(series.coefficients * q**k * A * MU**k / (1 - A * MU**k))
    adjusted = LR * 0.2 * np.sqrt(90)
    eq = theory.equilibrium(lr=LR, weight_decay=K, optimizer=optimizer, shape=shape)
    yield eq.variance, adjusted**2 / ((1 - A**2) * 90) * S


def odd():
    series = arcsine(0.8)
    for powers_of in (1.0, 0.6):
        weights, powers = series.exact
        k = 2 * np.arange(len(series.coefficients)) + 1
        yield np.sum(weights * powers_of**powers), np.sum(series.coefficients * (0.8 * powers_of) ** k)


def chaos():
    series = orthogonalised(Muon(), (40, 90), 0.7)
    beta, theta = 40 / 90, (np.arange(20_000) + 0.5) * np.pi / 20_000
    s = np.sqrt(1 + beta + 2 * np.sqrt(beta) * np.cos(theta))
    value = s / np.sqrt(40)
    for _ in range(5):
        value = 3.4445 * value - 4.775 * value**3 + 2.0315 * value**5
    for j in (0, 1, 5):
        c = 2 * np.mean(value / s * np.sin((j + 1) * theta) * np.sin(theta))
        yield series.coefficients[j], c**2


def late():
    run = theory.trajectory(lr=0.9, weight_decay=1.0, noise=0.6, steps=2**18, optimizer=ScheduleFreeSGD(0.5))
    yield np.round(run.variance[-1] * 2**18 / (0.36 / 0.75), 4), 1
    values = {sigma: 0.6, free.pull: K, free.beta: 0.7}
    yield float(free.late().subs(values)), 0.36 / (K**2 * 0.51)


def leading():
    eq = theory.equilibrium(lr=1e-8, weight_decay=0.4, noise=0.6, curvature=0.7, optimizer=Lion((B1, B2)))
    h, decay, square = 0.7, 0.4, averages(B1, B2, 900)[0][-1]
    R = np.sqrt(2 / np.pi) / (0.6 * np.sqrt(square @ square))
    yield np.round(eq.variance / (1e-8 * sign_sum(1.0, B1, B2) / (2 * (decay + h * R))), 5), 1
    yield eq.law.rate, 1e-8 * (decay + h * R)


def signum():
    s = np.arange(1, 400)
    eq = theory.equilibrium(lr=LR, weight_decay=K, optimizer=Signum(MU))
    yield eq.variance, LR**2 / (1 - A**2) * (1 + 4 / np.pi * np.sum(A**s * np.arcsin(MU**s)))


def iterated():
    optimizer = Muon(ns_coefficients=(1.5, -0.5, 0.0), ns_steps=2)
    once = Muon(ns_coefficients=(1.5, -0.5, 0.0), ns_steps=1)
    s = np.linspace(0.1, 1.9, 7)
    p = 1.5 * s / 8 - 0.5 * (s / 8) ** 3
    yield _shrunk(once, s, 64), p
    yield _shrunk(optimizer, s, 64), 1.5 * p - 0.5 * p**3


ITERATED = r"\varphi(s) = p(p(\cdots p(s / \sqrt r)))"

BLOCKS = {
    "theory.weight.derivations.direction": [
        (r"c_t = b_1 m_{t-1} + (1 - b_1) g_t, \qquad m_t = b_2 m_{t-1} + (1 - b_2) g_t", direction),
        (
            r"P_t = B B^{\mathsf T} + G_t M P M^{\mathsf T}, \qquad G_t = 1 - b_2^{2(t-1)}",
            growing,
        ),
    ],
    "theory.weight.derivations.schedulefree": [
        (
            r"y = (1 - \beta) z + \beta x, \qquad z' = z - \eta (k y + \sigma g), \qquad x' = x + c (z' - x)",
            free_step,
        )
    ],
    "theory.weight.laws.closed_loop": [
        (r"\mathrm{sign}(c) = R c + \xi, \qquad R = \sqrt{2/\pi} / \mathrm{sd}(c)", bussgang),
        (
            r"\Phi_c = \frac{|F|^2 (|z - a|^2 \sigma^2 + \eta^2 h^2 \Phi_\xi)}{|D|^2}, \qquad "
            r"\Phi_w = \frac{\eta^2 (R^2 |F|^2 \sigma^2 + \Phi_\xi)}{|D|^2}",
            spectra,
        ),
    ],
    "theory.weight.laws.directed": [
        (
            r"V_{t+1} = a_t^2 V_t + \eta_t^2 C_0 + 2 a_t \eta_t Y_t, \qquad "
            r"Y_t = \sum_{i < t} \eta_i \left(\prod_{i < s < t} a_s\right) f(\rho_{it})",
            path,
        )
    ],
    "theory.weight.laws.muon": [
        (
            r"E w^2 = \frac{\eta_A^2}{(1 - a^2) M} \left(C_0 + 2 \sum_{j=0}^{\infty} c_j^2 "
            r"\frac{q^{2j+1} a \mu^{2j+1}}{1 - a \mu^{2j+1}}\right)",
            muon,
        )
    ],
    "theory.weight.laws.odd_series": [
        (
            r"E u_t u_{t+s} = f(\rho_s), \qquad f(\rho) = \sum_k f_k \rho^k, \qquad f_k \ge 0",
            odd,
        )
    ],
    "theory.weight.laws.orthogonalised": [
        (
            r"\frac{1}{r} E\,\mathrm{tr}\,\varphi(X)^{\mathsf T}\varphi(Y) = "
            r"\sum_{j=0}^{\infty} c_j^2 \rho^{2j+1}, \qquad "
            r"c_j = \frac{2}{\pi} \int_0^{\pi} \frac{\varphi(s)}{s} \sin((j + 1)\theta) \sin\theta \, d\theta",
            chaos,
        )
    ],
    "theory.weight.laws.schedulefree": [(r"E x_t^2 \approx \frac{\sigma^2}{k^2 (1 - \beta^2) t}", late)],
    "theory.weight.laws.sign_loop": [
        (
            r"E w^2 \approx \frac{\eta S(1)}{2 (k_d + h R)}, \qquad "
            r"R = \sqrt{\frac{2}{\pi}} \frac{1}{\sigma \sqrt{q_c}}",
            leading,
        )
    ],
    "theory.weight.laws.signum": [
        (
            r"E w^2 = \frac{\eta^2}{1 - a^2} \left(1 + \frac{4}{\pi} \sum_{s=1}^{\infty} a^s \arcsin \mu^s\right)",
            signum,
        )
    ],
}

INLINE = {
    "theory.weight.laws.muon": {r"a = 1 - \eta\lambda/n": None},
    "theory.weight.laws.odd_series": {r"\rho_s = r b^{s-1}": None},
    "theory.weight.laws.orthogonalised": {
        r"s^2 = 1 + \beta + 2\sqrt\beta \cos\theta": None,
        ITERATED: (ITERATED, iterated),
    },
}
