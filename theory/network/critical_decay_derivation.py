"""The chain of equations that `theory.network.critical_decay` evaluates: where weights of zero become unstable.

One hidden neuron stands for all: at w = 0 neurons do not feel each other but through the output bias, which is
eliminated. Its weights are along the singular vectors of the covariance M of inputs and labels: f, along the pixels,
into it, and g, along the classes, out of it; s_1 is the singular value. K and Q are the means over the outputs of
y (1 - y) and of its product with the inputs' variance along f, y the frequency of a class.

Assumptions, range and references are those of `theory.network.critical_decay`.
"""

from __future__ import annotations

import sympy as sp

from theory.algebra.derived import derived
from theory.algebra.proof import Derivation, Step

__all__ = ["derive_critical_decay"]

n, k, s1, K, Q, A = sp.symbols("n k s_1 K Q A", positive=True)
f, g, b, z, beta, bend = sp.symbols("f g b z beta C''", real=True)
sigmoid = 1 / (1 + sp.exp(-z))
SLOPE = sp.diff(sigmoid, z)


@derived
def derive_critical_decay() -> Derivation:
    """Derive the critical decay and the weights just below it; return a Derivation.

    Examples
    --------
    >>> derive_critical_decay().check()["critical decay"].rhs
    n*s_1/4
    """
    slope, best, second, limit, norm, amplitude = sp.symbols("h' h'_max C_2 lambda_c W_2 A_1", positive=True)
    quadratic = K / 2 * (beta + g * sp.Symbol("h")) ** 2 - slope * s1 * f * g + k / 2 * (f**2 + g**2)
    left = k / 2 * (f**2 + g**2) - slope * s1 * f * g
    carried = (s1 - 4 * k) / Q
    steps = (
        Step(
            "output bias",
            sp.Eq(second, left),
            "Cost to second order in the weights, with the output bias $beta$ where it is least: labels and inputs "
            "meet in $s_1$ alone, as the mean error vanishes.",
            lambda eq: [quadratic.subs(beta, sp.solve(sp.diff(quadratic, beta), beta)[0]) - eq.rhs],
        ),
        Step(
            "steepest sigmoid",
            sp.Eq(best, sp.Rational(1, 4)),
            "The slope of a hidden neuron is largest at a bias of zero, and biases have no decay.",
            lambda eq: [SLOPE.subs(z, 0) - eq.rhs, sp.diff(SLOPE, z).subs(z, 0)],
        ),
        Step(
            "critical decay",
            sp.Eq(limit, n * s1 / 4),
            "The second variation loses its sign where its determinant vanishes, at the steepest slope.",
            lambda eq: [sp.hessian(left, (f, g)).det().subs({k: eq.rhs / n, slope: sp.Rational(1, 4)})],
        ),
        Step(
            "amplitude",
            sp.Eq(amplitude, carried),
            "Least cost along one mode A of the map from inputs to outputs, penalty 4 k A, to second order in A.",
            lambda eq: [sp.diff(-s1 * A + Q * A**2 / 2 + 4 * k * A, A).subs(A, eq.rhs)],
        ),
        Step(
            "single mode",
            sp.Eq(norm, 4 * (s1 - 4 * k) / Q),
            "$A = f g \\/ 4$ with the least penalty at $f = g$: $W_2 = W_3 = 4 A$.",
            lambda eq: [
                eq.rhs - 4 * carried,
                sp.diff(f**2 + (4 * A / f) ** 2, f).subs(f, sp.sqrt(4 * A)),
                sp.sqrt(4 * A) ** 2 - 4 * A,
            ],
        ),
    )
    return Derivation(steps, n * s1 / 4)
