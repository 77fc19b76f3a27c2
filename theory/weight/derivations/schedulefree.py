r"""Schedule-free SGD as a linear recursion of the steps z and their average x.

.. math:: y = (1 - \beta) z + \beta x, \qquad z' = z - \eta (k y + \sigma g), \qquad x' = x + c (z' - x)

with the share c of the newest z in the average. Exact; white noise g.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp

from theory.algebra.recursion import LinearRecursion
from theory.symbols import eta, sigma, xi

__all__ = ["beta", "late", "moments_step", "newest", "pull", "recursion"]

beta, newest, pull = sp.symbols("beta c k")
z, average = sp.symbols("z x")


@lru_cache
def recursion() -> LinearRecursion:
    """Return the recursion of z and x, driven by unit noise."""
    y = (1 - beta) * z + beta * average
    new = z - eta * (pull * y + sigma * xi)
    return LinearRecursion.from_update({z: new, average: average + newest * (new - average)})


@lru_cache
def moments_step() -> tuple[Any, Any]:
    """Return the matrix that takes E z^2, E z x, E x^2 one step further, and what is added, of three components.

    Examples
    --------
    >>> matrix, added = moments_step()
    >>> added.T.subs(newest, 0)
    Matrix([[eta**2*sigma**2, 0, 0]])
    """
    entries = sp.symbols("P_zz P_zx P_xx")
    P = sp.Matrix([[entries[0], entries[1]], [entries[1], entries[2]]])
    new = recursion().one_step(P)
    column = sp.Matrix([new[0, 0], new[0, 1], new[1, 1]]).applyfunc(sp.expand)
    return column.jacobian(entries), column.subs(dict.fromkeys(entries, 0))


@lru_cache
def late() -> Any:
    """Return t E x^2 after many steps t of equal weight: the average settles, z does not.

    Notes
    -----
    With c = 1/t the moments fall as E x^2 = X/t while E z^2 = Z and E z x = Y/t settle: put into the recursion, the
    orders 1 and 1/t vanish.

    Examples
    --------
    >>> sp.factor(late().subs(beta, 0))  # Polyak's average
    sigma**2/k**2
    """
    Z, Y, X, small = sp.symbols("Z Y X epsilon")
    matrix, added = moments_step()
    now = sp.Matrix([Z, Y * small, X * small])
    after = sp.Matrix([Z, Y * small * (1 - small), X * small * (1 - small)])  # 1/(t + 1), to second order
    residual = (matrix.subs(newest, small) * now + added.subs(newest, small) - after).applyfunc(sp.expand)
    orders = [residual[0].coeff(small, 0), residual[1].coeff(small, 1), residual[2].coeff(small, 2)]
    return sp.factor(sp.solve(orders, [Z, Y, X], dict=True)[0][X])
