"""The chain of equations that `theory.network.saturated_layer` evaluates: what of a gradient is awake in saturation.

Averages over a sigmoid s of f z are taken over its value, u = f z = ln(s / (1 - s)) and du = ds / (s (1 - s)): as f
grows, the density p of z is all that is left of the inputs, at the threshold z = 0.

Assumptions, range and references are those of `theory.network.saturated_layer`.
"""

from __future__ import annotations

import sympy as sp

from theory.algebra.derived import derived
from theory.algebra.proof import Derivation, Step

__all__ = ["derive_saturated_layer"]

f, p, r, h, k, T, W, N, S = sp.symbols("f p r h k T W N S", positive=True)
q, R, slope = sp.symbols("q R sigma", real=True)
share, W_1 = sp.symbols("nu W_1", positive=True)
s, i = sp.Symbol("s", positive=True), sp.Symbol("i", positive=True, integer=True)


def _over_sigmoid(value: sp.Expr) -> sp.Expr:
    """Return the integral over u of s'(u) times a function of s."""
    return sp.integrate(value, (s, 0, 1))


def _by_parts() -> sp.Expr:
    """Return what to integrate over s for u (s - 1/2): -((s - 1/2)^2 - 1/4) / 2 du/ds."""
    return sp.cancel((sp.Rational(1, 4) - (s - sp.Rational(1, 2)) ** 2) / (2 * s * (1 - s)))


def _change(grad_sq: sp.Expr, alignment: sp.Expr) -> sp.Expr:
    """Return the change of W in a step w - eta (k w + g) with g over m = eta/T examples, per eta as eta tends to 0.

    `grad_sq` and `alignment` are those of a layer that is f times one of squared norm W_1.
    """
    eta = sp.Symbol("eta", positive=True)
    after = (1 - eta * k) ** 2 * W - 2 * eta * (1 - eta * k) * alignment + eta**2 * grad_sq / (eta / T)
    return sp.expand((after - W) / eta).subs(eta, 0).subs(f, sp.sqrt(W / W_1))


@derived
def derive_saturated_layer() -> Derivation:
    """Derive noise and signal of a saturated layer, and its exponent of lambda; return a Derivation.

    Examples
    --------
    >>> derive_saturated_layer().check()["noise alone"].rhs
    2**(1/3)*N**(2/3)*T**(2/3)/(2*k**(2/3))
    """
    awake, noise, response, drift, rms, power = sp.symbols("a G/h^2 A_r A_0 W_T p_lambda")
    alone = (N * T / (2 * k)) ** sp.Rational(2, 3)
    held = -1 / (2 + share - 2 * (1 - share) * slope)
    squared, pulled, drifting = p / (6 * f), r * p / (2 * f), sp.pi**2 * q / (3 * f**2)
    parts = {N: h**2 * p * sp.sqrt(W_1) / 6, R: r * p * sp.sqrt(W_1), S: -2 * sp.pi**2 * q * W_1 / 3}
    steps = (
        Step(
            "awake",
            sp.Eq(awake, p / f),
            "The mean slope of the sigmoid: inputs within a band of width $1\\/f$ about the threshold are awake.",
            lambda eq: [_over_sigmoid(sp.Integer(1)) * p / f - eq.rhs],
        ),
        Step(
            "noise",
            sp.Eq(noise, squared),
            "The mean squared slope, which the gradients of single examples carry.",
            lambda eq: [_over_sigmoid(s * (1 - s)) * p / f - eq.rhs],
        ),
        Step(
            "response",
            sp.Eq(response, pulled),
            "E z s' h of an error $h = r (s - 1\\/2)$ that answers to the neuron; by parts over u.",
            lambda eq: [_over_sigmoid(_by_parts()) * r * p / f - eq.rhs],
        ),
        Step(
            "drift",
            sp.Eq(drift, drifting),
            "E z s' h of an error that does not: z s' is odd, and the slope q of p h at the threshold is left.",
            lambda eq: [4 * sp.summation((-1) ** (i - 1) / i**2, (i, 1, sp.oo)) * q / f**2 - eq.rhs],
        ),
        Step(
            "balance",
            sp.Eq(2 * k * W, (T * N - R) / sp.sqrt(W) + S / W),
            "A small step leaves W as it is; f as $sqrt(W)$: N of the noise, R of the response, S of the drift.",
            lambda eq: [(eq.rhs - eq.lhs).subs(parts) - _change(h**2 * squared, pulled + drifting)],
        ),
        Step(
            "noise alone",
            sp.Eq(rms, alone),
            "Where neither response nor drift counts.",
            lambda eq: [2 * k * eq.rhs - T * N / sp.sqrt(eq.rhs)],
        ),
        Step(
            "exponent of noise alone",
            sp.Eq(power, -sp.Rational(1, 3)),
            "Half of d ln W over d ln k.",
            lambda eq: [sp.diff(sp.log(alone), k) * k / 2 - eq.rhs],
        ),
        Step(
            "exponent",
            sp.Eq(power, held),
            "With the noise's share $nu$ of what holds the layer, and $sigma$ the logarithmic slope in W of the rest.",
            lambda eq: [1 + 2 * eq.rhs - 2 * eq.rhs * (share * -sp.Rational(1, 2) + (1 - share) * slope)],
        ),
    )  # fmt: skip
    return Derivation(steps, held)
