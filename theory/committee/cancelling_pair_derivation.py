"""The chain of equations that `theory.committee.cancelling_pair` evaluates: two opposite units, from the averages.

With Q_12 = q - Q every average of the flow is expanded about infinite Q at fixed q. Assumptions, range and references
are those of `theory.committee.cancelling_pair`.
"""

from __future__ import annotations

import sympy as sp

from theory.algebra.derived import derived
from theory.algebra.proof import Derivation, Step
from theory.committee.gaussian_integrals import statement

__all__ = ["derive_cancelling_pair"]

Q, q, eta, gamma, sigma, m, D, X, A = sp.symbols("Q q eta gamma sigma m D X A", positive=True)
COVARIANCE = sp.Matrix([[Q, q - Q], [q - Q, Q]])


def _at_infinity(expression: sp.Expr) -> sp.Expr:
    """Replace every polynomial in Q inside products, roots and arcs by its leading term."""
    if isinstance(expression, sp.Add):
        return sp.LT(sp.expand(expression), Q)
    if isinstance(expression, (sp.Mul, sp.Pow, sp.asin)):
        return expression.func(*map(_at_infinity, expression.args))
    return expression


def _leading(name: str, *fields: int) -> sp.Expr:
    """Return the limit of an average over the given fields (0 or 1) times pi sqrt(Q / 2).

    Of three fields out of two one repeats, so the determinants vanish.
    """
    expression, symbols = statement(name)
    values = {
        s: COVARIANCE[fields[int(s.name[1]) - 1], fields[int(s.name[2]) - 1]] if s.name[0] == "C" else 0
        for s in symbols
    }
    return sp.powsimp(_at_infinity(expression.subs(values).doit()) * sp.pi * sp.sqrt(Q / 2))


def _kicks(i: int, k: int) -> sp.Expr:
    """Return the leading <delta_i delta_k> without label noise."""
    return sp.Add(*(_leading("I4", i, k, a, b) for a in (0, 1) for b in (0, 1)))


def _pull(i: int, k: int) -> sp.Expr:
    """Return the leading <delta_i x_k>."""
    return -sp.Add(*(_leading("I3", i, k, a) for a in (0, 1)))


@derived
def derive_cancelling_pair() -> Derivation:
    """Derive the fixed point of a saturated pair to leading order in 1/Q; its steps are called D, X, sum, drive, norm.

    Examples
    --------
    >>> derive_cancelling_pair().result
    2**(2/3)*A**(2/3)/(2*pi**(2/3)*gamma**(2/3))
    """
    root = sp.sqrt(1 + q)
    third = sp.asin(sp.Rational(1, 3))
    own = third + sp.asin((1 + 4 * q) / (3 + 4 * q)) - 2 * sp.asin(1 / sp.sqrt(3 * (3 + 4 * q)))
    across = 2 / root * (sp.asin((1 + 2 * q) / (3 + 4 * q)) - sp.asin(1 / (3 + 4 * q)))
    noise = sigma**2 * (1 + 1 / root) + 2 / sp.pi * (D + X)
    drive = eta**2 / m * (sigma**2 + 2 / sp.pi * D) - 2 * eta * (1 - 1 / root)
    norm = (A / (sp.sqrt(2) * sp.pi * gamma)) ** sp.Rational(2, 3)
    steps = (
        Step(
            "D",
            sp.Eq(D, own),
            "What the pair's own output adds to the kicks on one of its units.",
            lambda eq: [eq.rhs * 2 / sp.pi - _kicks(0, 0)],
        ),
        Step(
            "X",
            sp.Eq(X, across),
            "What it adds to the correlation of the kicks on the two.",
            lambda eq: [eq.rhs * 2 / sp.pi - _kicks(0, 1)],
        ),
        Step(
            "sum",
            sp.Eq(4 * q / root, eta / m * noise),
            "The flow of $q = Q_11 + Q_12$ at rest; its decay is of the order of $q \\/ Q$.",
            lambda eq: [
                eq.lhs + 2 * (_pull(0, 0) + _pull(0, 1)),
                eq.rhs * m / eta - sigma**2 * (_leading("J2", 0, 0) + _leading("J2", 0, 1)) - 2 / sp.pi * (D + X),
            ],
        ),
        Step(
            "drive",
            sp.Eq(A, drive),
            "What is left of kicks and gradient in the flow of Q.",
            lambda eq: [
                eq.rhs - 2 * eta * _pull(0, 0) - eta**2 / m * (sigma**2 * _leading("J2", 0, 0) + 2 / sp.pi * D)
            ],
        ),
        Step(
            "norm",
            sp.Eq(Q, norm),
            "Decay balances the drive.",
            lambda eq: [(-2 * gamma * Q + sp.sqrt(2 / Q) / sp.pi * A).subs(Q, eq.rhs)],
        ),
    )
    return Derivation(steps, norm)
