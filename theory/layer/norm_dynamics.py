r"""How the squared norm of a scale-invariant vector under AdamW returns to its equilibrium: a map of four averages.

.. math:: X' = a^2 X - 2 a b_1 \frac{\eta Y}{\sqrt{v'}} + \frac{\eta^2 Z'}{v'}

with the squared norm X, the product Y of weights and first moment, the first moment's square
Z' = b_1^2 Z + (1 - b_1)^2 / X, the second moment v' = b_2 v + (1 - b_2) / X, and
Y' = a b_1 Y - eta Z' / sqrt(v'): the new gradient is orthogonal to w and of mean square 1 / X. Both moments remember
gradients from when the norm was another one, which delays its return. Slow mode: the largest eigenvalue of the map's
derivative at its fixed point. Without momentum, for 1 - a^2 far below 1 - b_2, it is 1 - (1 - a^2).

Assumptions
-----------
1. The gradient is white Gaussian noise in the tangent space, in proportion to 1/norm.
2. Large dimension, and v without fluctuations: averages obey the map, and small deviations its derivative.

Range: 0 < a < 1. Error: below 1% of the relaxation time for b_1 in 0.6 to 0.9 and b_2 in 0.93 to 0.98 (measured).

References
----------
The derivation is this package's own; compare Kosson, Messmer and Jaggi, ICML 2024 (arXiv:2305.17212).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["norm_map", "slowest_factor"]

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
def _derivative() -> Callable[..., Any]:
    """Compile the map's derivative at its fixed point, in units in which X = 1, as a function of a, b1, b2."""
    import sympy as sp

    X, Y, Z, v, a, b1, b2, eta = sp.symbols(NAMES, positive=True)
    size, product = sp.symbols("size product")  # Z and Y at the fixed point
    new = norm_map().subs({X: 1, v: 1})
    at_rest = {size: sp.solve(new[2].subs(Z, size) - size, size)[0]}
    at_rest[product] = sp.solve(new[1].subs({Y: product, Z: at_rest[size]}) - product, product)[0]
    remaining = new[0].subs({Y: at_rest[product], Z: at_rest[size]}) - 1
    step = sp.sqrt(sp.solve(remaining.subs(eta, sp.sqrt(X)), X)[0])  # the eta that makes the norm one
    fixed_point = {X: 1, v: 1, Z: at_rest[size], Y: at_rest[product]}
    jacobian = norm_map().jacobian([X, Y, Z, v]).subs(fixed_point).subs(eta, step)
    return sp.lambdify([a, b1, b2], jacobian, "numpy")


def slowest_factor(a: float, beta1: float, beta2: float) -> float:
    """Return the factor per step by which a small deviation of the squared norm dies out in the long run.

    Examples
    --------
    >>> print(f"{slowest_factor(0.98, 0.9, 0.98):.5f} {0.98**2:.5f}")
    0.99088 0.96040
    """
    return float(np.abs(np.linalg.eigvals(_derivative()(a, beta1, beta2))).max())
