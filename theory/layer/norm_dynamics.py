r"""How the squared norm of a scale-invariant vector under AdamW returns to its equilibrium: a map of four averages.

.. math:: X' = a^2 X - 2 a b_1 \frac{\eta Y}{\sqrt{v'}} + \frac{\eta^2 Z'}{v'}
.. math:: Y' = a b_1 Y - \frac{\eta Z'}{\sqrt{v'}}
.. math:: Z' = b_1^2 Z + \frac{(1 - b_1)^2}{X}
.. math:: v' = b_2 v + \frac{1 - b_2}{X}

with the squared norm X, the product Y of weights and first moment, the first moment's square Z and the second moment v:
the new gradient is orthogonal to w and of mean square 1 / X. Both moments remember gradients from when the norm was
another one, which delays its return. Slow mode: the largest eigenvalue z of the map's derivative at its fixed point.
Without momentum, for 1 - a^2 far below 1 - b_2, it is 1 - (1 - a^2).

Assumptions
-----------
1. The gradient is white Gaussian noise in the tangent space, in proportion to 1/norm.
2. Large dimension, and v without fluctuations: averages obey the map, and small deviations its derivative.

Range: 0 < a < 1. Error: below 1% of the relaxation time for b_1 in 0.6 to 0.9 and b_2 in 0.93 to 0.98 (measured). The
relaxation time comes from the polynomial of 1 - z, whose coefficients do not cancel however small 1 - a is.

References
----------
The derivation is this package's own; compare Kosson, Messmer and Jaggi, ICML 2024 (arXiv:2305.17212).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from theory.algebra.recursion import NumericRecursion

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["near_equilibrium", "norm_map"]

NAMES = "X Y Z v a b1 b2 eta"


@lru_cache
def norm_map() -> sp.Matrix:
    """Return one step of (X, Y, Z, v) as SymPy expressions of them, a, b1, b2 and eta."""
    import sympy as sp

    X, Y, Z, v, a, b1, b2, eta = sp.symbols(NAMES, positive=True)
    new_Z = b1**2 * Z + (1 - b1) ** 2 / X
    new_v = b2 * v + (1 - b2) / X
    new_X = a**2 * X - 2 * a * b1 * eta * Y / sp.sqrt(new_v) + eta**2 * new_Z / new_v
    new_Y = a * b1 * Y - eta * new_Z / sp.sqrt(new_v)
    return sp.Matrix([new_X, new_Y, new_Z, new_v])


@lru_cache
def _derivative() -> tuple[Callable[..., np.ndarray], Callable[..., list[float]]]:
    """Compile the map's derivative at its fixed point, and the polynomial whose roots are 1 - z, in x = 1 - a, b1, b2.

    Units are those in which X = 1 at the fixed point.
    """
    import sympy as sp

    X, Y, Z, v, a, b1, b2, eta = sp.symbols(NAMES, positive=True)
    x, eta_sq, gap = sp.symbols("x eta_sq gap")
    new = norm_map().subs({X: 1, v: 1})
    at_rest = {Z: sp.solve(new[2] - Z, Z)[0]}
    at_rest[Y] = sp.solve(new[1].subs(at_rest) - Y, Y)[0]
    excess = sp.expand(new[0].subs(at_rest) - 1).subs(eta**2, eta_sq)
    step_sq = sp.solve(excess, eta_sq)[0].subs(a, 1 - x)  # the eta^2 that makes the norm one
    jacobian = norm_map().jacobian([X, Y, Z, v]).subs({X: 1, v: 1} | at_rest).subs(a, 1 - x)
    roots = sp.expand(((1 - gap) * sp.eye(4) - jacobian).det(method="berkowitz")).subs(eta, sp.sqrt(eta_sq))
    gaps = [sp.factor(coefficient.subs(eta_sq, step_sq)) for coefficient in sp.Poly(roots, gap).all_coeffs()]
    arguments = [x, b1, b2]
    return sp.lambdify(arguments, jacobian.subs(eta, sp.sqrt(step_sq))), sp.lambdify(arguments, gaps)


def near_equilibrium(x: float, beta1: float, beta2: float) -> NumericRecursion:
    """Return what a step makes of small deviations of (X, Y, Z, v), with x = eta lam/n: the map's derivative.

    Examples
    --------
    >>> print(f"{near_equilibrium(0.02, 0.9, 0.98).relaxation_time():.1f}")
    109.2
    """
    jacobian, gaps = _derivative()
    M = np.asarray(jacobian(x, beta1, beta2), dtype=float)
    return NumericRecursion(M, np.zeros((4, 1)), np.array(gaps(x, beta1, beta2)))
