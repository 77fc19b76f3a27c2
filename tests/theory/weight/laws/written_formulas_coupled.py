"""The written formulas of Adamax, RMSprop and Adadelta (see tests/theory/test_written_formulas.py)."""

import numpy as np
from scipy.integrate import quad
from scipy.special import erf
from scipy.stats import norm

import theory
from theory.weight.laws.adadelta_chain import step_chain
from theory.weight.laws.fading_maximum import fading_maximum
from theory.weight.laws.second_moment import step_covariance

N, LAM, ETA, SIGMA = 137.0, 2.0, 0.01, 1.7
K = LAM / N
B1, B2, ALPHA, MU = 0.83, 0.95, 0.93, 0.6
ADAMAX, RMSPROP = theory.Adamax((B1, B2)), theory.RMSprop(ALPHA, momentum=MU)
LETTERS = {"eta": ETA, "sigma": SIGMA, "k": K}


def at_rest(optimizer):
    return theory.equilibrium(N, LAM, ETA, noise=SIGMA, optimizer=optimizer)


def following(relative, finite, y, s_2):
    """Return phi from E w^2 over its leading order: what is left of it."""
    return (relative - 1 - finite + y / 4 + s_2) / (y / 2 + s_2)


# Adamax.
def adamax_letters():
    step = fading_maximum(B1, B2)
    x = ETA * K * step.response / SIGMA
    phi = 1 / (1 + 2 * x * step.memory)
    letters = {"S": step.summed, "A": step.response, "x": x, "b_1": B1, "s_2": step.spread, r"\phi": phi}
    return LETTERS | letters | {r"\tau": step.memory}


def adamax(block):
    yield block.right(0, adamax_letters()), at_rest(ADAMAX).variance


def adamax_rate(block):
    law = at_rest(ADAMAX).law
    yield block.right(0, adamax_letters()), law.relative_rate * law.response


def adamax_following(block):
    given = adamax_letters()
    relative = at_rest(ADAMAX).variance / (ETA * SIGMA * given["S"] / (2 * K * given["A"]))
    finite = given["x"] * (1 - B1) / (2 * (1 + B1))
    yield block.right(0, given), following(relative, finite, given["x"], given["s_2"])


def largest():
    step = fading_maximum(B1, B2)
    for y in step.y[[600, 1000, 1500]]:
        product = np.prod(erf(y * B2 ** -np.arange(400.0) / np.sqrt(2)))
        yield product, np.exp(step.log_p[np.argmin(np.abs(step.y - y))])


def below(power):
    def entry():
        step = fading_maximum(B1, B2)
        log_phi, over = step._one
        for i in np.searchsorted(step.y, (0.1, 0.7, 2.5)):
            integral = quad(lambda g: 2 * g**power * norm.pdf(g), 0, step.y[i], epsabs=0, epsrel=1e-12)[0]
            yield integral, np.exp(log_phi[i]) * (over[i] if power else 1)

    return entry


def by_parts():
    """The response, from the weighted distributions of every gradient in the mean."""
    ages = np.arange(300.0)

    def density(log_y):
        y = np.exp(log_y)
        z = y * B2**-ages
        phi = erf(z / np.sqrt(2))
        squares = phi - 2 * z * norm.pdf(z)
        return np.prod(phi) * np.sum((1 - B1) * B1**ages * squares / phi) / y

    written = quad(density, -3, 6, epsabs=0, epsrel=1e-8, limit=400)[0] + np.exp(-6)
    yield np.round(written, 6), np.round(fading_maximum(B1, B2).response, 6)


# RMSprop, and what it shares with Adamax.
def rmsprop_letters():
    step, d = step_covariance(0.0, ALPHA), 1 - ALPHA
    x = ETA * K / SIGMA
    y = x / (1 - MU)
    letters = {"C_0": step.alone, "A": step.response, "mu": MU, r"\alpha": ALPHA, "x": x, "y": y, "d": d}
    return LETTERS | letters | {"s_2": d / (2 * (1 + ALPHA)), r"\phi": d / (d + 2 * y)}


def rmsprop(block):
    yield block.right(0, rmsprop_letters()), at_rest(RMSPROP).variance


def rmsprop_rate(name):
    def entry(block):
        yield block.right(0, rmsprop_letters()), getattr(at_rest(RMSPROP).law, name)

    return entry


def rmsprop_relative():
    given = rmsprop_letters()
    leading = ETA * SIGMA * given["C_0"] / (2 * K * given["A"] * (1 - MU))
    return at_rest(RMSPROP).variance / leading, given["x"] / (2 * (1 + MU)), given


def rmsprop_following(block):
    relative, finite, given = rmsprop_relative()
    yield block.right(0, given), following(relative, finite, given["y"], given["s_2"])


def rmsprop_spread(block):
    relative, finite, given = rmsprop_relative()
    phi = given[r"\phi"]
    yield block.right(0, given), (1 + finite + given["y"] / 2 * (phi - 0.5) - relative) / (1 - phi)


def slowest():
    for optimizer, mu, c in ((ADAMAX, B1, 1 - B1), (RMSPROP, MU, 1.0)):
        law, x = at_rest(optimizer).law, ETA * K / SIGMA
        yield x, law.relative_rate
        yield law.shrink**2 + mu, (1 + mu - c * law.response * x) * law.shrink


def coupled_path():
    lr, decay, T = 0.05 * np.linspace(1, 0.2, 9), 0.3, 9
    run = theory.trajectory(
        lr=0.05, weight_decay=decay, steps=T, start=4.0, schedule=lr / 0.05, noise=SIGMA, optimizer=RMSPROP
    )
    made = run.law.corrections(lr * decay / SIGMA / (1 - MU))
    P, square = np.diag([4.0**2, 0.0]), 0.0
    for t in range(T):
        square = ALPHA * square + (1 - ALPHA) * (SIGMA**2 + decay**2 * P[0, 0])
        share = (SIGMA**2 * (1 - ALPHA ** (t + 1)) / square) ** 2
        pull = (1 + (made.response[t] - 1) * share) / np.sqrt(square) * decay
        kick = np.sqrt((1 + (made.square[t] - 1) * share) / square) * SIGMA
        M, B = np.array([[1 - lr[t] * pull, -lr[t] * MU], [pull, MU]]), np.array([[-lr[t]], [1.0]]) * kick
        P = M @ P @ M.T + B @ B.T
        yield P[0, 0], run.variance[t + 1]


# Adadelta.
RHO, EPS = 0.8, 0.1
ADADELTA = theory.Adadelta(RHO, eps=EPS)


def adadelta(block):
    chain = step_chain(RHO, EPS / SIGMA**2)
    given = LETTERS | {r"\epsilon": EPS, "c": chain.square, "B": chain.response}
    x = ETA * K * chain.response * np.sqrt(EPS) / SIGMA
    yield block.right(0, given | {"R": chain.slow(x)}), at_rest(ADADELTA).variance


def adadelta_rate(block):
    law = at_rest(ADADELTA).law
    yield block.right(0, LETTERS | {r"\epsilon": EPS, "B": law.response}), law.relative_rate * law.response


def chain():
    """The two means as written, walked: the averages within 0.5%."""
    e = EPS / SIGMA**2
    rng = np.random.default_rng(3)
    v, D, sums = np.ones(20_000), np.full(20_000, 1.0), np.zeros(2)
    for t in range(500):
        square = rng.normal(size=v.size) ** 2
        v = RHO * v + (1 - RHO) * square
        step = (D + 1) * square / (v + e)
        if t >= 100:
            sums += np.mean(step), np.mean(np.sqrt(D + 1) * square / np.sqrt(v + e))
        D = RHO * D + (1 - RHO) * step
    known = step_chain(RHO, e)
    yield np.round(sums / 400 / [known.square, known.response], 2), 1


def poisson():
    """There is such an h: on the grid the average is what the equation leaves."""
    known = step_chain(RHO, EPS / SIGMA**2)
    around = np.eye(len(known.operator)) - known.operator
    for f, average in ((known.squares, known.square), (known.responses, known.response)):
        h = np.append(0, np.linalg.lstsq(around[:, 1:], f - average, rcond=None)[0])
        yield np.round((h - known.operator @ h + average) / f, 9), 1


def quoted(entries):
    return {text: (text, entry) for text, entry in entries.items()}


BLOCKS = {
    "theory.weight.laws.adadelta": [adadelta],
    "theory.weight.laws.adadelta_chain": [
        (
            r"v' = \rho v + (1 - \rho) g^2, \qquad D' = \rho D + (1 - \rho)(D + 1) \frac{g^2}{v' + e}",
            chain,
        )
    ],
    "theory.weight.laws.adamax": [adamax],
    "theory.weight.laws.coupled": [
        (r"x = \eta k / \sigma, \qquad z^2 - (1 + \mu - c A x) z + \mu = 0", slowest),
    ],
    "theory.weight.laws.coupled_path": [
        (
            r"P_{t+1} = M_t P_t M_t^{\mathsf T} + B_t B_t^{\mathsf T}, \qquad E G_t^2 = \sigma^2 + k_t^2 E w_t^2",
            coupled_path,
        )
    ],
    "theory.weight.laws.fading_maximum": [(r"P(y) = \prod_{j \ge 0} \Phi(y b_2^{-j})", largest)],
    "theory.weight.laws.rmsprop": [rmsprop],
}

INLINE = {
    "theory.weight.laws.adadelta": {
        r"e = \epsilon/\sigma^2": None,
        r"x = \eta k B \sqrt{\epsilon}/\sigma": adadelta_rate,
    },
    "theory.weight.laws.adadelta_chain": {r"e = \epsilon/\sigma^2": None}
    | quoted(
        {
            r"c = E (D + 1) g^2/(v' + e)": chain,
            r"B = E \sqrt{D + 1}\, g^2 / \sqrt{v' + e}": chain,
            "f - E f = h - K h": poisson,
        }
    ),
    "theory.weight.laws.adamax": {
        r"x = \eta k A / \sigma": adamax_rate,
        r"\phi = 1/(1 + 2 x \tau)": adamax_following,
    },
    "theory.weight.laws.fading_maximum": {r"u = \max_j b_2^j |g_{t-j}|": None}
    | quoted(
        {
            r"\Phi(y) = P(|g| < y)": below(0),
            r"T(y) = E(g^2; |g| < y)": below(2),
            r"P_i = P T/\Phi": by_parts,
            r"E X/u = \int E(X; u < y) y^{-2} dy": by_parts,
        }
    ),
    "theory.weight.laws.rmsprop": {
        r"d = 1 - \alpha": None,
        r"x = \eta k / \sigma": rmsprop_rate("relative_rate"),
        r"y = x / (1 - \mu)": rmsprop_rate("slow_rate"),
        r"\phi = d / (d + 2 y)": rmsprop_following,
        r"s_2 = d / (2 (1 + \alpha))": rmsprop_spread,
    },
}
