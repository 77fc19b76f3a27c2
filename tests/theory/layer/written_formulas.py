"""The table of written formulas of theory/layer (see tests/theory/test_written_formulas.py)."""

import numpy as np

import theory
from theory.layer.norm_dynamics import norm_map

LAYER = {"eta": 0.3, "G": 1.7, "A": -0.2, "a": 1 - 0.3 * 31 / 700}
STATISTICS = {"grad_sq": 1.7, "alignment": -0.2}
SGD = theory.rotation(1.0, 0.05 / 0.3, 0.3, dimension=17, grad_sq=1.7)
SPREAD = SGD.norm_spread
RATE = {"a": 0.95, "x": 0.05, "eta": 0.3, "G": 1.7, "C": 17, "s": SPREAD, "T": 6}
ADAMW = theory.rotation(1.0, 0.05 / 0.3, 0.3, dimension=17, optimizer=theory.AdamW((0.8, 0.95)))
BETAS = {"a": 0.95, "x": 0.05, "b_1": 0.8, "b_2": 0.95, "C": 17}
HEAVY = theory.rotation(1.0, 0.05 / 0.3, 0.3, dimension=17, grad_sq=1.7, optimizer=theory.SGD(0.8))
SIGNS = theory.rotation(1.0, 0.05 / 0.3, 0.3, dimension=17, optimizer=theory.Signum(0.8))


def balance(block):
    yield block.right(0, LAYER), theory.norm_balance(700.0, 31.0, 0.3, **STATISTICS).norm_sq


def budget(block):
    terms = theory.norm_budget(700.0, 31.0, 0.3, norm_sq=4.0, **STATISTICS)
    yield block.right(0, LAYER | {r"\|w\|^2": 4.0}), terms.total


def decay_phase(block):
    phase = theory.decay_phase(700.0, 31.0, 0.3, start=2.0, scale=0.1, batch_size=7)
    yield block.right(0, {"r_0": 2.0, "s": 0.1, "a": LAYER["a"]}), phase.steps


def norm_dynamics(row):
    numbers = {"X": 1.3, "Y": -0.2, "Z": 0.05, "v": 0.7, "a": 0.95, "b1": 0.8, "b2": 0.95, "eta": 0.3}
    new = [float(entry.subs({s: numbers[s.name] for s in entry.free_symbols})) for entry in norm_map()]
    letters = BETAS | {"X": 1.3, "Y": -0.2, "Z": 0.05, "v": 0.7, "eta": 0.3, "Z'": new[2], "v'": new[3]}

    def entry(block):
        yield block.right(0, letters), new[row]

    return entry


def rotation_step(block):
    """The fixed point of the map without fluctuations, at very many dimensions."""
    norm_sq = theory.rotation(1.0, 0.05 / 0.3, 0.3, dimension=10**12, grad_sq=1.7).norm_sq
    yield block.right(0, RATE | {"X": norm_sq, r"\xi": 1.0}), norm_sq


def of_sgd(name):
    def entry(block):
        yield block.right(0, RATE), name(SGD)

    return entry


def fixed_cosine(block):
    yield block.right(0, BETAS), ADAMW.fixed_cosine


def heavy_moments():
    """Second moments of (w, u) under heavy ball at x = 0.05, mu = 0.8, unit noise, by Kronecker products; and K, q."""
    M, B = np.array([[0.95, -0.8], [0.05, 0.8]]), 0.3 * np.array([-1.0, 1.0])
    P = np.linalg.solve(np.eye(4) - np.kron(M, M), np.outer(B, B).ravel()).reshape(2, 2)
    return M, P, np.kron(M, M), np.outer(B, B).ravel()


def heavy_norm(block):
    yield block.right(0, {"G": 1.7, "V": heavy_moments()[1][0, 0]}), HEAVY.norm_sq


def heavy_turned(steps):
    M, P, *_ = heavy_moments()
    return P[:, 0] - np.linalg.matrix_power(M, steps) @ P[:, 0]


def heavy_turn(block):
    yield block.right(0, {"D_T": heavy_turned(4)[0], "V": heavy_moments()[1][0, 0]}), HEAVY.turned(4)


def heavy_step():
    M, P, *_ = heavy_moments()
    yield heavy_turned(5), M @ heavy_turned(4) + P[:, 0] - M @ P[:, 0]


def heavy_first(block):
    yield block.right(0, {"x": 0.05, r"\mu": 0.8}), HEAVY.turned(1)


def heavy_kick():
    _, P, K, q = heavy_moments()
    slowest = np.abs(np.linalg.eigvals(K - np.outer(q, [1, 0, 0, 0]) / P[0, 0])).max()
    yield -1 / np.log(slowest), HEAVY.relaxation_time


def sign_norm(block):
    yield block.right(0, {"C": 17, "V": SIGNS.law.variance}), SIGNS.norm_sq


def sign_lag(s):
    return 2 / np.pi * np.arcsin(0.8**s)


def sign_future(T):
    return sum(0.95**j * sign_lag(T + j) for j in range(2000))


def sign_turned(T):
    product = start = (2 * sign_future(0) - 1) / (0.05 * 1.95)
    for lag in range(1, T + 1):
        product = 0.95 * product + sign_future(lag)
    return start - product


def sign_turn(block):
    yield block.right(0, {"x": 0.05, "D_T": sign_turned(4), "S": 2 * sign_future(0) - 1}), SIGNS.turned(4)


def sign_difference(block):
    pulled = sum(sign_lag(s) - 0.05 * sign_future(s + 1) for s in range(1, 4))
    numbers = {"a": 0.95, "x": 0.05, "D_{T-1}": sign_turned(3), "C_0": 1.0, "p_1": sign_future(1)}
    yield block.right(0, numbers | {r"\sum_{s=1}^{T-1} (C_s - x p_{s+1})": pulled}), sign_turned(4)


def stale(block):
    yield block.right(0, BETAS), ADAMW.stale


def mean_angle(block):
    yield block.right(0, BETAS | {r"\arccos (E \cos \theta_1)": np.arccos(ADAMW.cosine(1))}), ADAMW.angle


BLOCKS = {
    "theory.layer.balance": [balance],
    "theory.layer.budget": [budget],
    "theory.layer.decay_phase": [decay_phase],
    "theory.layer.norm_dynamics": [norm_dynamics(row) for row in range(4)],
    "theory.layer.rotation_adamw": [fixed_cosine, stale, mean_angle],
    "theory.layer.rotation_linear": [
        heavy_norm,
        heavy_turn,
        (r"d_{T+1} = M d_T + (1 - M) p", heavy_step),
        heavy_first,
        (r"J = K - \frac{q e}{V}", heavy_kick),
    ],
    "theory.layer.rotation_normalised": [sign_norm, sign_turn, sign_difference],
    "theory.layer.rotation_sgd": [
        rotation_step,
        of_sgd(lambda law: law.norm_spread),
        of_sgd(lambda law: law.norm_sq),
        of_sgd(lambda law: law.norm),
        of_sgd(lambda law: law.cosine(6)),
        of_sgd(lambda law: law.angle),
    ],
}

INLINE = {
    "theory.layer.balance": {
        r"a = 1 - \eta\lambda/n": None,
        r"G = E\|g\|^2": None,
        r"A = E\langle w, g\rangle": None,
    },
    "theory.layer.budget": {
        r"a = 1 - \eta\lambda/n": None,
        r"G = E\|g\|^2": None,
        r"A = E\langle w, g\rangle": None,
    },
    "theory.layer.decay_phase": {r"a = 1 - \eta\lambda/n": None},
    "theory.layer.rotation_linear": {r"E\|g\|^2 = G/\|w\|^2": None},
    "theory.layer.rotation_normalised": {
        r"C_s = E u_t u_{t+s}": None,
        r"p_T = \sum_{j \ge 0} a^j C_{T+j}": None,
    },
    "theory.layer.rotation_sgd": {r"E\|g\|^2 = G/\|w\|^2": None},
}
