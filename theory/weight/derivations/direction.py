r"""The direction of Lion, Signum and Muon: how it remembers the gradients, from an empty memory on.

.. math:: c_t = b_1 m_{t-1} + (1 - b_1) g_t, \qquad m_t = b_2 m_{t-1} + (1 - b_2) g_t

Signum's average is b_1 = b_2 = mu, Muon's too without Nesterov; with it b_1 = mu^2 and b_2 = mu. The recursion's matrix
M is of rank one, M^2 = b_2 M, so the second moments of (c, m) after t steps from nothing are

.. math:: P_t = B B^{\mathsf T} + G_t M P M^{\mathsf T}, \qquad G_t = 1 - b_2^{2(t-1)}

with the stationary P, and later directions correlate as E c_t c_{t+s} = b_2^(s-1) (M P_t)_{00}. Exact.

Assumption: white noise, in units of its standard deviation.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp

from theory.algebra.recursion import LinearRecursion
from theory.errors import DerivationError
from theory.symbols import xi

__all__ = ["G", "b1", "b2", "correlation", "direction", "growing"]

b1, b2 = sp.symbols("b1 b2")
G = sp.Symbol("G")  # how far the memory has grown, 0 at the first step and 1 in the long run


@lru_cache
def direction() -> LinearRecursion:
    """Return the recursion of the direction c and the memory m."""
    m, c = sp.symbols("m c")
    rule = LinearRecursion.from_update({c: b1 * m + (1 - b1) * xi, m: b2 * m + (1 - b2) * xi})
    if sp.simplify(rule.M**2 - b2 * rule.M) != sp.zeros(2):
        raise DerivationError("the direction's matrix must satisfy M^2 = b2 M.")
    return rule


@lru_cache
def growing() -> tuple[Any, Any]:
    """Return E c_t^2 and E c_t c_(t+1) as functions of G_t.

    Examples
    --------
    >>> square, next_one = growing()
    >>> sp.factor(square.subs(G, 0)), sp.factor(next_one.subs(G, 0))
    ((b1 - 1)**2, b1*(b1 - 1)*(b2 - 1))
    """
    rule = direction()
    P = rule.B * rule.B.T + G * rule.M * rule.stationary_covariance() * rule.M.T
    return sp.factor(P[0, 0]), sp.factor((rule.M * P)[0, 0])


@lru_cache
def correlation() -> Any:
    """Return the stationary lag-one autocorrelation; at lag s it is b2^(s-1) times that.

    Examples
    --------
    >>> sp.factor(correlation().subs(b1, 0)), sp.simplify(correlation().subs(b1, b2))  # then the direction is m itself
    (0, b2)
    """
    square, next_one = growing()
    return sp.factor((next_one / square).subs(G, 1))
