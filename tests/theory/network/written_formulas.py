"""The table of written formulas of theory/network (see tests/theory/test_written_formulas.py)."""

import numpy as np

import theory
from theory.network.saturated_layer_derivation import derive_saturated_layer
from theory.network.sigmoid_means import mean, sigmoid
from theory.network.signal_propagation import Forward, mean_alignment

SHAPE = {"dimension": 5, "batch_size": 3, "teacher_sq": 1.3, "residual": 0.7}
LETTERS = {"eta": 0.1, "tau": 0.7, "D": 5, "m": 3, "S": 1.3, "k": 0.2, "c": 1 + 6 / 3}
LAW = theory.linear_regression(100.0, 20.0, 0.1, **SHAPE)
WITH_MOMENTUM = theory.linear_regression(100.0, 20.0, 0.1, **SHAPE, optimizer=theory.SGDW(momentum=0.6))
WIDTHS, STD_SQ, BIAS = [12, 6, 3], [0.4, 0.3], 0.8


def weight_sq(block):
    yield block.right(0, LETTERS), LAW.weight_sq


def moment(name):
    def entry(block):
        for law in (LAW, WITH_MOMENTUM):
            letters = {"M": law.mean_factor, "E w^2": law.weight_sq, r"E \|w - w^*\|^2": law.error_sq}
            yield block.right(0, LETTERS | letters), getattr(law, name)

    return entry


def critical_rate(block):
    law = theory.linear_regression(100.0, 20.0, 0.1, **SHAPE, optimizer=theory.SGD(momentum=0.6))
    yield block.right(0, LETTERS | {"mu": 0.6}), law.critical_rate


def minibatch(block):
    inputs = np.random.default_rng(0).standard_normal((40, 12))
    one, many, two = (theory.mean_field((12, 6, 3), inputs=inputs, batch_size=m).grad_sq for m in (1, 10**9, 2))
    for layer in range(2):
        yield block.right(0, {"G_1": one[layer], "G_2": many[layer], "m": 2}), two[layer]


def propagated(std_sq):
    return Forward.of(WIDTHS, std_sq, BIAS, np.array([4.0]))


def first_variance(block):
    letters = {"s_1^2": STD_SQ[0], r"\|x\|^2": 4.0, "s_b^2": BIAS**2}
    yield block.right(0, letters), propagated(STD_SQ).variance[0][0]


def next_variance(block):
    first, second = propagated(STD_SQ).variance
    squared = float(mean(lambda z: sigmoid(z) ** 2, first)[0])
    letters = {"s_{l+1}^2": STD_SQ[1], "n_l": WIDTHS[1], r"E \sigma(z_l)^2": squared, "s_b^2": BIAS**2}
    yield block.right(0, letters), second[0]


def alignment():
    """The derivative of the expected quadratic cost by ln s, by differences."""

    def cost(std_sq):
        z = propagated(std_sq).variance[-1]
        y = 1 / WIDTHS[-1]
        return WIDTHS[-1] * float(mean(lambda z: sigmoid(z) ** 2 / 2 - y * sigmoid(z), z)[0])

    found = mean_alignment(WIDTHS, STD_SQ, BIAS, propagated(STD_SQ), "quadratic")
    for layer in range(2):
        step = np.zeros(2)
        step[layer] = 1e-3
        up, down = (cost(list(np.array(STD_SQ) * np.exp(2 * sign * step))) for sign in (1, -1))
        more, less = (cost(list(np.array(STD_SQ) * np.exp(4 * sign * step))) for sign in (1, -1))
        derivative = (8 * (up - down) - (more - less)) / 12e-3
        yield derivative, found[layer]


X, Y = np.array([[0.0, 1.0], [0.3, 0.0], [1.0, 0.2], [1.0, 0.9], [0.1, 0.6]]), np.array([0, 0, 1, 1, 0])
SINGULAR = np.linalg.svd((np.eye(2)[Y] - [0.6, 0.4]).T @ X / 5)
ENVELOPE = {"n": 300.0, r"\lambda": 7.0, r"\alpha": 0.4, "C^*": 0.8, "N": 100.0}


def norm_of_a_power(block):
    lam = np.array([5.0, 7.0, 9.0, 12.0])
    found = theory.norm_from_costs(lam, 0.8 * (lam / 7) ** 0.4, 300.0)
    yield block.right(0, ENVELOPE), found.norm_sq[1]


def exponent(block):
    yield block.right(0, {r"\alpha": 0.4, r"\beta": 0.03}), theory.exponent_of_lam(0.4, 0.03)


def exponent_by_inputs(block):
    numbers = {"p_2": -0.1, "p_3": -0.2, "R": 1.4}
    yield block.right(0, numbers), theory.exponent_from_inputs(-0.1, -0.2, 1.4)


def wide(block):
    yield block.right(0, ENVELOPE), theory.width_law(300.0, 7.0, 0.4, 0.8, 100.0)


def critical(block):
    yield block.right(0, {"n": 5, "s_1": SINGULAR[1][0]}), theory.critical_decay(X, Y)


def single_mode(block):
    variance = 0.24 * ((X - X.mean(axis=0)) @ SINGULAR[2][0]).var()
    written = block.right(0, {"s_1": SINGULAR[1][0], "k": 0.01, "Q": variance})
    yield written, theory.single_mode_norm(X, Y, 0.05, 5)


def nuclear(block):
    net = theory.linear_network(X, Y, 0.1, 5)
    yield block.right(0, {r"\|A\|": net.singular_values.sum()}), net.norm_sq


SATURATED = {"T": 0.01, "N": 40.0, "R": 0.3, "S": 0.2, "W": 150.0, r"\eta": 0.1, "n": 5e4, "m": 10, r"\lambda": 5.0}


def saturated_balance(block):
    right = derive_saturated_layer()["balance"].rhs
    letters = {symbol: SATURATED[symbol.name] for symbol in right.free_symbols}
    yield block.right(0, SATURATED), float(right.subs(letters))


def held_by_noise(block):
    yield block.right(0, SATURATED), theory.noise_held_norm(5e4, 5.0, 0.1, 40.0, batch_size=10)


def exponent_at_a_share(block):
    yield block.right(0, {r"\nu": 0.3, r"\sigma": -0.7}), theory.exponent_with_noise(0.3, -0.7)


BLOCKS = {
    "theory.network.critical_decay": [critical, single_mode],
    "theory.network.envelope": [norm_of_a_power, exponent, exponent_by_inputs, wide],
    "theory.network.least_squares_moments": [weight_sq, moment("error_sq"), moment("alignment"), moment("grad_sq")],
    "theory.network.linear_network": [nuclear],
    "theory.network.linear_regression": [critical_rate],
    "theory.network.mean_field": [minibatch],
    "theory.network.saturated_layer": [saturated_balance, held_by_noise, exponent_at_a_share],
    "theory.network.signal_propagation": [
        first_variance,
        next_variance,
        (r"E \langle w_l, g_l \rangle = \frac{\partial E C_0}{\partial \ln s_l}", alignment),
    ],
}


def spread(block):
    """c enters grad_sq as the factor of error_sq."""
    noise = 0.7**2 * 5 / 3
    yield block.right(0, LETTERS), (LAW.grad_sq - noise) / LAW.error_sq


def heat(block):
    """dE f / dV = E f'' / 2, for f = sigmoid^2 by differences."""
    up, down = (float(mean(lambda z: sigmoid(z) ** 4, np.array([v]))[0]) for v in (1 + 1e-4, 1 - 1e-4))

    def curved(z):
        p = sigmoid(z)
        return 12 * p**4 * (1 - p) ** 2 + 4 * p**4 * (1 - p) * (1 - 2 * p)

    written = block.right(0, {r"E f''(z)": float(mean(curved, np.array([1.0]))[0])})
    yield np.round(written, 7), np.round((up - down) / 2e-4, 7)


INLINE = {
    "theory.network.least_squares_moments": {r"c = 1 + \frac{D + 1}{m}": spread},
    "theory.network.signal_propagation": {
        r"\partial E f(z) / \partial V = \frac{1}{2} E f''(z)": heat,
    },
}
