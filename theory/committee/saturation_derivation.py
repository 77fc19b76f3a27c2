"""The chain of equations that `theory.committee.saturation` evaluates: one erf unit, from the Gaussian averages.

Assumptions, range and references are those of `theory.committee.saturation`.
"""

from __future__ import annotations

import sympy as sp

from theory.algebra.derived import derived
from theory.algebra.proof import Derivation, Step
from theory.committee.gaussian_integrals import statement

__all__ = ["derive_saturation"]

Q, Q_0, eta, gamma, sigma, outside, m, alpha, A, B = sp.symbols(
    "Q Q_0 eta gamma sigma sigma_eff m alpha A B", positive=True
)
small = sp.Symbol("epsilon", positive=True)  # 1 / Q


def _alone(name: str) -> sp.Expr:
    """Return an average over one field of variance Q, all indices the same; its determinants vanish."""
    expression, symbols = statement(name)
    return expression.subs({symbol: Q if symbol.name.startswith("C") else 0 for symbol in symbols}).doit()


@derived
def derive_saturation() -> Derivation:
    """Derive the fixed point of one unit under noise labels, and its decay where it is saturated.

    Returns
    -------
    Derivation
        Its steps are called "flow", "fixed point", "small rates", "drive", "saturated flow", "level", "decay law" and
        "asymptote".

    Examples
    --------
    >>> derive_saturation().check()["small rates"].rhs
    eta*sigma**2/(2*m)
    """
    flow, small_rates, asymptote = sp.symbols("dot(Q) Q_eta Q_gamma", positive=True)
    averages = -2 * gamma * Q - 2 * eta * _alone("I3") + eta**2 / m * (_alone("I4") + sigma**2 * _alone("J2"))
    own = 2 / sp.pi * sp.asin(Q / (1 + 3 * Q))
    root = sp.sqrt(1 + 2 * Q)
    losses, kicks = sp.pi * gamma * Q * root + 2 * eta * Q / (1 + Q), eta**2 / m * (sigma**2 + own)
    drive = eta**2 / m * (outside**2 + 2 / sp.pi * sp.asin(sp.Rational(1, 3))) - 2 * eta
    saturated = sp.sqrt(2) / sp.pi * A / sp.sqrt(Q)
    level = A / (sp.sqrt(2) * sp.pi * gamma)
    path = B + (Q_0 ** sp.Rational(3, 2) - B) * sp.exp(-3 * gamma * alpha)
    gain = 2 * eta - eta**2 / (3 * sp.sqrt(2) * sp.pi * m)
    correction = sp.Rational(2, 3) * (gain / A - sp.Rational(1, 4))

    def near_infinity(eq: sp.Eq) -> list[sp.Expr]:
        """Solve the fixed point for Q^(3/2) and expand it in 1/Q: it must be B (1 + 3/2 shift / Q)."""
        shift = (eq.rhs - B ** sp.Rational(2, 3)).subs(A, drive).subs(outside, sigma)
        left = (kicks - 2 * eta * Q / (1 + Q)) / (sp.pi * gamma * root / sp.sqrt(Q))
        power = sp.simplify(left.subs(Q, 1 / small))
        limit = level.subs(A, drive).subs(outside, sigma)
        first, second = power.subs(small, 0), sp.diff(power, small).subs(small, 0)
        return [first - limit, second / limit - sp.Rational(3, 2) * shift]

    steps = (
        Step(
            "flow",
            sp.Eq(flow, 2 * (kicks - losses) / (sp.pi * root)),
            "The flow of the overlaps for one unit whose labels are noise.",
            lambda eq: [eq.rhs - averages],
        ),
        Step(
            "fixed point",
            sp.Eq(losses, kicks),
            "The bracket vanishes there.",
            lambda eq: [averages * sp.pi * root / 2 + eq.lhs - eq.rhs],
        ),
        Step(
            "small rates",
            sp.Eq(small_rates, eta * sigma**2 / (2 * m)),
            "Without decay, to leading order in eta: the gradient balances the label noise.",
            lambda eq: [sp.limit(((losses - kicks) / eta**2).subs(gamma, 0).subs(Q, eq.rhs), eta, 0)],
        ),
        Step(
            "drive",
            sp.Eq(A, drive),
            "What is left of kicks (outward) and gradient (inward) for large Q.",
            lambda eq: [sp.limit((kicks - losses).subs(gamma, 0), Q, sp.oo) - eq.rhs.subs(outside, sigma)],
        ),
        Step(
            "saturated flow",
            sp.Eq(flow, -2 * gamma * Q + saturated),
            "The flow to leading order in 1/Q.",
            lambda eq: [
                sp.limit(2 * sp.sqrt(Q) / (sp.pi * root), Q, sp.oo) * A - (eq.rhs + 2 * gamma * Q) * sp.sqrt(Q)
            ],
        ),
        Step(
            "level",
            sp.Eq(B, level),
            "The $Q^(3/2)$ at which decay and drive cancel.",
            lambda eq: [(-2 * gamma * Q + saturated).subs(Q, eq.rhs ** sp.Rational(2, 3))],
        ),
        Step(
            "decay law",
            sp.Eq(Q ** sp.Rational(3, 2), path),
            "The flow of $Q^(3/2)$ is linear.",
            lambda eq: [
                sp.diff(eq.rhs, alpha) - 3 * gamma * (B - eq.rhs),
                eq.rhs.subs(alpha, 0) - Q_0 ** sp.Rational(3, 2),
            ],
        ),
        Step(
            "asymptote",
            sp.Eq(asymptote, B ** sp.Rational(2, 3) + correction),
            "The fixed point as gamma falls, to the order after the leading one.",
            near_infinity,
        ),
    )
    return Derivation(steps, path)
