"""The written formulas of schedules and of Adam's closed forms (see tests/theory/test_written_formulas.py)."""

import numpy as np
import sympy as sp
from scipy.integrate import quad
from scipy.special import dawsn, erf

import theory
from theory import symbols
from theory.weight.derivations import adam, coupled, schedules
from theory.weight.derivations.adam_response import pull, spread, weight_response
from theory.weight.laws.adamw import first_order_factor

K = 1.7
ETA, B1, B2 = 0.31, 0.83, 0.95
BETAS = {"b_1": B1, "b_2": B2}


def with_v_held(block):
    law = adam.fixed_second_moment()
    mine = {"eta": ETA, "y": 0.09, "b1": B1, "x": 0.0, "sigma": 1.0}
    yield block.right(0, BETAS | {"eta": ETA, "a": 0.91}), float(law.subs({s: mine[s.name] for s in law.free_symbols}))


def first_order(block):
    q, q_2 = (1 - B1) / (1 - B1 * B2), (1 - B1) * (1 + B1 * B2) / ((1 + B1) * (1 - B1 * B2))
    written = block.right(0, BETAS | {r"\kappa": 6.0, "q": q, "q_2": q_2})
    yield written, first_order_factor(theory.AdamW((B1, B2)), kurtosis=6.0)


def fraction(square):
    """Of the newest weight in v on the filter, and of its squares, as sums over the filter's weights."""

    def entry(block):
        age = np.arange(2000)
        c = (1 - B1) * B1**age
        if not square:
            yield block.right(0, BETAS), np.sum(c * B2**age)
            return
        both = [np.sum(c[: len(c) - s] * c[s:]) for s in range(400)]
        yield block.right(0, BETAS), both[0] + 2 * np.sum(both[1:] * B2 ** np.arange(1, 400.0))

    return entry


def response(y, x_h):
    values = {symbols.y: y, pull: x_h, adam.b2: B2, adam.kappa: 3}
    return float(weight_response().subs(values)), float(spread().subs(values))


def letters(y, x_h):
    x = y + x_h
    s_2 = (1 - B2) / (1 + B2) / 2
    return {"y": y, "x_h": x_h, "x": x, "f": x_h / x, "s_2": s_2, r"\phi": (1 - B2) / (1 - B2 + 2 * x)}


def flow():
    """The stationary flow, its covariances of w^2 with both parts of e from their own equations, to first order."""
    y, x_h = 0.013, 0.021
    x, found, s_2 = y + x_h, *response(y, x_h)
    V, c, forget = ETA**2 / (2 * x), (x_h / ETA) ** 2, 1 - B2 + 2 * x
    mean = -c * V / 2  # of the weight's part of e
    # d/dt E e w^2 for each part, linear in it: solved
    by_noise = (-2 * x_h * s_2 * V + 2 * ETA**2 * s_2) / forget
    by_weight = -(1 - B2) * c * 2 * V**2 / 2 / forget
    change = -2 * x_h * (mean * V + by_noise + by_weight) + ETA**2 * 2 * mean
    yield change / (2 * x * V), found


def of_both(block):
    for y, x_h in ((0.013, 0.021), (0.0, 0.04)):
        yield block.right(0, letters(y, x_h)), response(y, x_h)[0]


def coupled_alone(block):
    yield block.right(0, letters(0.0, 0.04)), response(0.0, 0.04)[0]


def phase(name):
    return float(schedules.derive_schedules()[name].rhs.subs(schedules.K, K))


def runs_after(block):
    e, R = sp.Function("e")(schedules.s), schedules.R(schedules.s)
    derived = schedules.derive_schedules()["flow"].rhs.subs({e: 0.7, R: 0.4, schedules.K: K})
    yield block.right(0, {"K": K, "e(s)": 0.7, "R": 0.4}), float(derived)


def falls(block):
    written = block.right(0, {"K": K, r"\operatorname{erf}(\sqrt{K})": erf(np.sqrt(K))})
    yield written, theory.end_over_peak("linear", K) ** 2
    yield written, phase("linear fall")


def held(block):
    integral = quad(lambda s: 2 * K * (1 - s) ** 2 * np.exp(-2 * K * (1 - s)), 0, 1, epsabs=0, epsrel=1e-12)[0]
    yield block.right(0, {"K": K}), np.exp(-2 * K) + integral
    yield block.right(0, {"K": K}), phase("held decay")


def rises(block):
    yield block.right(0, {"K": K, r"F(\sqrt{K})": dawsn(np.sqrt(K))}), phase("linear warm-up")


# A denominator that moves, and one with the running mean's square taken off.
Y, D, S_2 = 0.021, 0.05, 0.013


def moving(block):
    phi = D / (D + 2 * Y)
    derived = coupled.moving_denominator().whole.subs({coupled.rate: Y, coupled.spread: S_2, coupled.phi: phi})
    yield block.right(0, {"y": Y, "s_2": S_2, r"\phi": phi}), 1 + float(derived)


def taken_off():
    return float(coupled.centered().whole.subs({coupled.rate: Y, coupled.forget: D}))


def centered(block):
    yield block.right(0, {"y": Y, "d": D, r"\phi_1": D / (D + Y)}), 1 + taken_off()


def phi_of_the_mean(block):
    """The root of the block that is phi_1."""
    roots = np.roots([-Y / 2, 5 * D / 4, -taken_off()])
    yield block.right(0, {"d": D, "y": Y}), min(roots)


BLOCKS = {
    "theory.weight.derivations.adam": [with_v_held, first_order],
    "theory.weight.derivations.adam_response": [
        (r"\frac{d}{dt} E w^2 = -2 E (y + x_h r) w^2 + \eta^2 E r^2", flow),
        of_both,
        coupled_alone,
    ],
    "theory.weight.derivations.coupled": [moving, centered],
    "theory.weight.derivations.schedules": [runs_after, falls, held],
}

INLINE = {
    "theory.weight.derivations.adam": {
        r"q = \frac{1 - b_1}{1 - b_1 b_2}": fraction(square=False),
        r"q_2 = \frac{(1 - b_1)(1 + b_1 b_2)}{(1 + b_1)(1 - b_1 b_2)}": fraction(square=True),
    },
    "theory.weight.derivations.adam_response": {r"q = (x_h w / \eta)^2": None},
    "theory.weight.derivations.coupled": {
        r"\phi = d/(d + 2y)": None,
        r"\phi_1 = d/(d + y)": phi_of_the_mean,
    },
    "theory.weight.derivations.schedules": {r"R = 1 - F(\sqrt{K})/\sqrt{K}": rises},
}
