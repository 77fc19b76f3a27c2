"""The chain of equations that `theory.layer.rotation_sgd` evaluates: rotation under plain SGD, from the update.

Averages are taken to first order in 1/(C - 1): a function of u = X / X*, whose mean is 1 + m and whose variance is s,
is averaged by its second-order Taylor polynomial. Assumptions, range and references are those of
`theory.layer.rotation_sgd`.
"""

from __future__ import annotations

import sympy as sp

from theory.algebra.derived import derived
from theory.algebra.proof import Derivation, Step
from theory.symbols import a, eta, g, w, x

__all__ = ["derive_rotation"]

X, G, C, T, xi, u, s, m, rho = sp.symbols("X G C T xi u s m rho", positive=True)
start, end = sp.symbols("u_0 u_T", positive=True)  # u at the two ends of a lag
LOST = x * (2 - x)  # 1 - a^2


def _of_x(expression: sp.Expr) -> sp.Expr:
    return expression.subs(a, 1 - x)


def _mean(function: sp.Expr) -> sp.Expr:
    """Average a function of u and of an independent xi of mean 1 and variance 2 / (C - 1)."""
    second = sp.diff(function, u, 2) * s + sp.diff(function, xi, 2) * 2 / (C - 1)
    return (function + sp.diff(function, u) * m + second / 2).subs({u: 1, xi: 1})


def _mean_of_two(function: sp.Expr, correlation: sp.Expr) -> sp.Expr:
    """Average a function of u at two times, whose deviations have equal means and variances, and a correlation."""
    first = m * (sp.diff(function, start) + sp.diff(function, end))
    second = s * (sp.diff(function, start, 2) + sp.diff(function, end, 2)) / 2
    cross = s * correlation * sp.diff(function, start, end)
    return (function + first + second + cross).subs({start: 1, end: 1})


@derived
def derive_rotation() -> Derivation:
    """Derive norm, spread, cosine and angle in SymPy from the update; return a Derivation.

    Examples
    --------
    >>> derive_rotation().check()["norm spread"].rhs
    x*(2 - x)/(2*a**2*(C - 1))
    """
    following, cosine, angle, norm_sq, norm = sp.symbols("X' cos_T theta_1 X_mean r_mean", positive=True)
    one_step = a**2 * X + eta**2 * G * xi / X
    fixed = eta * sp.sqrt(G / LOST)
    relative = a**2 * u + LOST * xi / u  # the same step for u = X / fixed
    factor = 2 * a**2 - 1
    spread = LOST / (2 * a**2 * (C - 1))
    one_lag = a**T * (1 + s / 4 * (1 - factor**T))
    one_angle = sp.atan(sp.sqrt(LOST) / a) - sp.sqrt(LOST) / (4 * a * (C - 1))
    steps = (
        Step(
            "norm after a step",
            sp.Eq(following, one_step),
            "The gradient is orthogonal to w; $norm(g)^2 = G xi / X$ with $xi$ of mean 1 and variance $2/(C - 1)$.",
            lambda eq: [eq.rhs - sp.expand((a * w - eta * g) ** 2).subs({w * g: 0, w**2: X, g**2: G * xi / X})],
        ),
        Step(
            "fixed point",
            sp.Eq(X, fixed),
            "Without fluctuations decay and noise cancel there; $1 - a^2 = x (2 - x)$.",
            lambda eq: [_of_x((one_step.subs(xi, 1).subs(X, eq.rhs) - eq.rhs) / fixed)],
        ),
        Step(
            "memory of the norm",
            sp.Eq(rho, factor),
            "What a step leaves of a small deviation of $u = X \\/ X^*$.",
            lambda eq: [_of_x(eq.rhs - sp.diff(relative, u).subs({u: 1, xi: 1}))],
        ),
        Step(
            "norm spread",
            sp.Eq(s, spread),
            "The variance of u that a step reproduces, to first order in 1/(C - 1).",
            lambda eq: [_of_x(factor**2 * eq.rhs + LOST**2 * 2 / (C - 1) - eq.rhs)],
        ),
        Step(
            "mean deviation",
            sp.Eq(m, s / 2),
            "The mean of u - 1 that a step reproduces: the curvature of 1/u raises it.",
            lambda eq: [_of_x((_mean(relative) - 1 - m).subs(m, eq.rhs).subs(s, spread))],
        ),
        Step(
            "mean squared norm",
            sp.Eq(norm_sq, fixed * (1 + s / 2)),
            "The fixed point times the mean of u.",
            lambda eq: [eq.rhs - fixed * _mean(u).subs(m, s / 2)],
        ),
        Step(
            "mean norm",
            sp.Eq(norm, sp.sqrt(fixed) * (1 + s / 8)),
            "The same for the root of u.",
            lambda eq: [eq.rhs - sp.sqrt(fixed) * _mean(sp.sqrt(u)).subs(m, s / 2)],
        ),
        Step(
            "cosine",
            sp.Eq(cosine, one_lag),
            "Exactly $a^T E sqrt(u_0 \\/ u_T)$, as no gradient has a mean along an older direction.",
            lambda eq: [eq.rhs - a**T * _mean_of_two(sp.sqrt(start / end), factor**T)],
        ),
        Step(
            "mean angle",
            sp.Eq(angle, one_angle),
            "The mean of $arctan(eta norm(g) \\/ a norm(w))$.",
            lambda eq: [_of_x(eq.rhs - _mean(sp.atan(sp.sqrt(LOST * xi) / (a * u))).subs(m, s / 2).subs(s, spread))],
        ),
    )
    return Derivation(steps, one_lag.subs(s, spread))
