"""The written formulas of Adagrad, ASGD and Adafactor (see tests/theory/test_written_formulas.py)."""

import numpy as np
from scipy.integrate import quad
from scipy.special import gamma
from scipy.stats import norm

import theory
from theory.weight.laws.adagrad import late_variance
from theory.weight.rates import held

N, SIGMA = 137.0, 1.7


# Adagrad.
def adagrad(block):
    """The step's response by the noise alone; the recursion with little and with much of the weight in T."""

    def response(t):
        return np.sqrt(2) * gamma((t + 1) / 2) / gamma(t / 2) / t  # the root of the sum has the chi distribution

    def delta(t, k):
        return block.right(1, {r"\eta_t": 0.4, "k": k, "sigma": SIGMA, "r": response(t)})

    strong = theory.trajectory(lr=0.4, weight_decay=0.3, steps=9, noise=SIGMA, optimizer=theory.Adagrad())
    forgotten = strong.law.forgetting(held(0.4, 0.3, 9))
    run = theory.trajectory(lr=0.4, weight_decay=1e-5, steps=9, start=3.0, noise=SIGMA, optimizer=theory.Adagrad())
    for t in (1, 4, 9):
        yield delta(t, 0.3), -np.expm1(-forgotten[t - 1])
        given = {r"\delta": delta(t, 1e-5), "V": run.variance[t - 1], r"\eta_t": 0.4, "q": 1 / t}
        yield block.right(0, given), run.variance[t]
    run = theory.trajectory(lr=0.4, weight_decay=0.3, steps=9, start=7.0, noise=SIGMA, optimizer=theory.Adagrad())
    T = 0.0
    for t in range(1, 10):
        T += 1 + (0.3 / SIGMA) ** 2 * run.variance[t - 1]
        still, of_noise = 0.4 * 0.3 / (SIGMA * np.sqrt(T)), delta(t, 0.3) * SIGMA * np.sqrt(t) / (0.4 * 0.3)
        given = {r"\delta": still * (1 + (of_noise - 1) * (t / T) ** 2), r"\eta_t": 0.4, "q": 1 / T}
        yield block.right(0, given | {"V": run.variance[t - 1]}), run.variance[t]


def adagrad_averages():
    """From an initial sum, by quadrature as it is written."""
    optimizer, k, eta, c = theory.Adagrad(initial_accumulator_value=0.9 * SIGMA**2), 1e-7, 0.4, 0.9
    run = theory.trajectory(lr=eta, weight_decay=k, steps=9, start=0.0, noise=SIGMA, optimizer=optimizer)
    forgotten = run.law.forgetting(held(eta, k, 9))
    for t in (1, 2, 9):
        q = quad(lambda s, t=t: np.exp(-c * s) / (1 + 2 * s) ** (t / 2 + 1), 0, np.inf)[0]
        r = quad(lambda p, t=t: 2 * np.exp(-c * p * p) / (1 + 2 * p * p) ** (t / 2 + 1), 0, np.inf)[0] / np.sqrt(np.pi)
        yield eta**2 * q, run.variance[t] - run.variance[t - 1] * (1 - eta * k / SIGMA * r) ** 2
        yield eta * k / SIGMA * r, -np.expm1(-forgotten[t - 1])


def late(block):
    yield block.right(0, {"eta": 0.01, "k": 0.5, "sigma": 0.02, "T": 1e4}), late_variance()(0.01, 0.5, 0.02, 1e4)


# ASGD.
def asgd_run():
    return theory.trajectory(
        lr=0.3, weight_decay=0.1, steps=9, start=2.5, noise=SIGMA, curvature=0.05, optimizer=theory.ASGD(0.2, 0.7)
    )


def asgd(block):
    run = asgd_run()
    own = run.law.own_rates(run.rates)
    for t in (0, 5):
        given = {r"\eta_t": own.lr[t], r"\Lambda": 0.3, "h": 0.05, "V": run.variance[t], "sigma": SIGMA}
        yield block.right(0, given), run.variance[t + 1]


def asgd_decay(block):
    run = asgd_run()
    yield block.right(0, {r"\mathrm{lambd}": 0.2, "lambda": 0.1 * N, "n": N}), run.law.own_rates(run.rates).decay


def asgd_rates(block):
    run = asgd_run()
    lr = run.law.own_rates(run.rates).lr
    for t in (1, 5):
        given = {r"\mathrm{lr}": 0.3, r"\mathrm{lambd}": 0.2, "t": t, r"\alpha": 0.7}
        yield block.right(0, given), lr[t]


# Adafactor.
def adafactor_run():
    eta = 0.3
    return theory.trajectory(
        lr=eta, weight_decay=0.02, steps=30, start=2e-4, shape=(40, 60), optimizer=theory.Adafactor(d=1.0)
    )


def tensor():
    run, eta, decay = adafactor_run(), 0.3, 0.02
    square, clipped = 2e-4**2, run.law.clipped_square(30)
    for t in range(1, 31):
        rho = min(eta, t**-0.5)
        square = (1 - eta * decay) ** 2 * square + max(1e-3**2, square) * rho**2 * clipped[t - 1]
        yield square, run.variance[t]


def weights_of_squares(t):
    """Return the weights of all gradients in the second moment after t steps."""
    newest = np.arange(1.0, t + 1) ** -0.8
    return np.array([newest[i] * np.prod(1 - newest[i + 1 :]) for i in range(t)])


def clipped(mean, variance):
    """Return E min(X, 1) of a Gaussian, from its distribution."""
    sd = np.sqrt(variance)
    return 1 - quad(lambda x: norm.cdf(x, mean, sd), mean - 12 * sd, 1, epsabs=0, epsrel=1e-12)[0]


def normalised(block):
    for t in (3, 20):
        p = weights_of_squares(t)
        given = {"F": 1 / 40 + 1 / 60 - 1 / 2400, "p_t": p[-1], "P_t": np.sum(p**2), "N": 2400}
        written = clipped(block.right(0, given), block.right(1, given))
        yield written, adafactor_run().law.clipped_square(t)[-1]


def clipping():
    p = weights_of_squares(20)
    mean = 1 - 2 * (1 / 40 + 1 / 60 - 1 / 2400) * (p[-1] - np.sum(p**2))
    yield clipped(mean, 2 / 2400 * (1 - 2 * p[-1] + np.sum(p**2))), adafactor_run().law.clipped_square(20)[-1]


BLOCKS = {
    "theory.weight.laws.adafactor": [
        (
            r"r'^2 = (1 - \eta \lambda/n)^2 r^2 + \max(\epsilon_2^2, r^2) \rho_t^2 C_t, \qquad "
            r"\rho_t = \min(\eta, t^{-1/2})",
            tensor,
        ),
        normalised,
    ],
    "theory.weight.laws.adagrad": [
        adagrad,
        (
            r"q = \int_0^\infty \frac{e^{-c s} \, ds}{(1 + 2 s)^{t/2 + 1}}, \qquad "
            r"r = \frac{1}{\sqrt{\pi}} \int_0^\infty \frac{e^{-c s} \, ds}{\sqrt{s} (1 + 2 s)^{t/2 + 1}}",
            adagrad_averages,
        ),
        late,
    ],
    "theory.weight.laws.asgd": [asgd],
}

INLINE = {
    "theory.weight.laws.adafactor": {
        text: (text, clipping) for text in (r"C_t = E \min(X, d^2)", r"P_t = \sum_i p_i^2")
    },
    "theory.weight.laws.asgd": {
        r"\Lambda = \mathrm{lambd} + \lambda/n": asgd_decay,
        r"\eta_{t+1} = \mathrm{lr}\,(1 + \mathrm{lambd}\,\mathrm{lr}\,t)^{-\alpha}": asgd_rates,
    },
}
