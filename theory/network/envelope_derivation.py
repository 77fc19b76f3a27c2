"""The chain of equations that `theory.network.envelope` evaluates: how a minimum answers to its weight decay.

Each layer has a decay of its own, lambda_2 and lambda_3, and is represented by one coordinate, u and v, so that
W_2 = u^2 and W_3 = v^2; p, q, s are the second derivatives of the regularised cost. With vectors for u and v and
matrices for p, q, s the same lines hold word for word: only the symmetry of the second derivatives is used.

Assumptions, range and references are those of `theory.network.envelope`.
"""

from __future__ import annotations

import sympy as sp

from theory.algebra.derived import derived
from theory.algebra.proof import Derivation, Step

__all__ = ["derive_envelope"]

n, lam, l2, l3, cost = sp.symbols("n lambda lambda_2 lambda_3 C", positive=True)
W2, W3 = sp.symbols("W_2 W_3", positive=True)
alpha = sp.Symbol("alpha", positive=True)
alpha_slope = sp.Symbol("alpha'", real=True)  # d ln alpha / d ln lambda
u, v, q = sp.symbols("u v q", real=True)
p, s = sp.symbols("p s", positive=True)
r22, r23, r32 = sp.symbols("r_22 r_23 r_32", real=True)  # d ln rms_i / d ln lambda_j
p2, p3 = sp.symbols("p_2 p_3", real=True)  # d ln rms_2, d ln rms_3 / d ln c^2
H = sp.Matrix([[p, q], [q, s]])


def _envelope(equation: sp.Eq) -> list[sp.Expr]:
    """Differentiate the cost along its own minimum: to first order C_0 is linear, its gradient that of the decay."""
    U, V = (sp.Function(name, positive=True)(l2, l3) for name in ("U", "V"))
    by_u, by_v = sp.symbols("C_u C_v", real=True)  # the gradient of C_0 there
    total = sp.diff(by_u * U + by_v * V + (l2 * U**2 + l3 * V**2) / (2 * n), l2)
    return [total.subs({by_u: -l2 * U / n, by_v: -l3 * V / n}) - equation.rhs.subs(W2, U**2)]


def _moved(by: int) -> sp.Matrix:
    """Return the minimum's derivative by the decay of one layer: the gradient stays zero."""
    force = sp.Matrix([u, 0]) / n if by == 2 else sp.Matrix([0, v]) / n
    return -H.inv() * force


@derived
def derive_envelope() -> Derivation:
    """Derive the envelope law, concavity, Maxwell's relation and the two exponents; return a Derivation.

    Examples
    --------
    >>> derive_envelope().check()["exponent from inputs"].rhs
    -p_2 - 1/2 - W_3*p_3/W_2
    """
    slope, share, norm, own, cross, total, power = sp.symbols("dC*/dl_2 s_C W W_22 W_23 W' p_lambda")
    det = H.det()
    from_alpha = -(1 - alpha) / 2 + alpha_slope / 2
    from_inputs = -sp.Rational(1, 2) - p2 - W3 / W2 * p3
    steps = (
        Step(
            "envelope",
            sp.Eq(slope, W2 / (2 * n)),
            "At a minimum the gradient vanishes, so that only the decay written in the cost counts.",
            _envelope,
        ),
        Step(
            "slope of the cost",
            sp.Eq(share, alpha),
            "With one decay: d ln $C^*$ over d ln $lambda$ is the penalty's share $alpha$ of the cost.",
            lambda eq: [(lam / cost * norm / (2 * n)).subs(norm, 2 * n * alpha * cost / lam) - eq.rhs],
        ),
        Step(
            "norm",
            sp.Eq(norm, 2 * n * alpha * cost / lam),
            "The sum of all squared weights from the cost and the penalty's share of it.",
            lambda eq: [lam * eq.rhs / (2 * n) / cost - alpha],
        ),
        Step(
            "own decay",
            sp.Eq(own, -2 * u**2 * s / (n * det)),
            "dW_2 over $d lambda_2$, negative at a minimum: a layer's own decay shrinks it.",
            lambda eq: [2 * u * _moved(2)[0] - eq.rhs],
        ),
        Step(
            "Maxwell relation",
            sp.Eq(cross, 2 * u * v * q / (n * det)),
            "dW_2 over $d lambda_3$ is dW_3 over $d lambda_2$; of either sign: a layer may grow with another's decay.",
            lambda eq: [2 * u * _moved(3)[0] - eq.rhs, 2 * v * _moved(2)[1] - eq.rhs],
        ),
        Step(
            "concavity",
            sp.Eq(total, -2 * (u**2 / p + (v - q * u / p) ** 2 * p / det) / n),
            "With one decay the sum of all squared weights can only fall: the squares stand with one sign.",
            lambda eq: [2 * sp.Matrix([[u, v]]).dot(_moved(2) + _moved(3)) - eq.rhs],
        ),
        Step(
            "exponent from the share",
            sp.Eq(power, from_alpha),
            "Half of d ln W over d ln $lambda$, from the norm: $alpha'$ is the logarithmic slope of $alpha$.",
            lambda eq: [_half_log_slope() - eq.rhs],
        ),
        Step(
            "inputs as decay",
            sp.Eq(p2, -sp.Rational(1, 2) - r22),
            "Inputs times c are $lambda_2 \\/ c^2$ and $w_2 \\/ c$.",
            lambda eq: [_log_slope_by_inputs(True) - eq.rhs],
        ),
        Step(
            "inputs as decay, next layer",
            sp.Eq(p3, -r32),
            "The other layer feels $lambda_2 \\/ c^2$ alone.",
            lambda eq: [_log_slope_by_inputs(False) - eq.rhs],
        ),
        Step(
            "exponent from inputs",
            sp.Eq(power, from_inputs),
            "Both decays at once, $r_22 + r_23$, with Maxwell's relation $W_2 r_23 = W_3 r_32$.",
            lambda eq: [(r22 + W3 / W2 * r32).subs({r22: -sp.Rational(1, 2) - p2, r32: -p3}) - eq.rhs],
        ),
    )
    return Derivation(steps, from_inputs)


def _half_log_slope() -> sp.Expr:
    """Return d ln sqrt(W) / d ln lam for W = 2 n alpha C / lam, with d ln C / d ln lam = alpha."""
    t = sp.Symbol("t", real=True)  # ln lam
    share, total = sp.Function("alpha", positive=True)(t), sp.Function("C", positive=True)(t)
    slope = sp.diff(sp.log(2 * n * share * total * sp.exp(-t)), t) / 2
    slope = slope.subs({sp.diff(total, t): alpha * total, sp.diff(share, t): alpha_slope * share})
    return sp.expand(slope)


def _log_slope_by_inputs(first: bool) -> sp.Expr:
    """Return d ln rms / d ln c^2 of the layer at the inputs, or of the next, for a power law about lambda_2."""
    t = sp.Symbol("t", real=True)  # ln c^2
    decay = l2 * sp.exp(-t)
    rms = decay**r22 * sp.exp(-t / 2) if first else decay**r32
    return sp.simplify(sp.diff(sp.expand_log(sp.log(rms), force=True), t))
