r"""Averages of products of erf units over jointly Gaussian fields, in closed form.

Fields with zero mean and covariance C, units :math:`g(x) = \mathrm{erf}(x/\sqrt2)`, derivative
:math:`g'(x) = \sqrt{2/\pi}\,e^{-x^2/2}`, minors :math:`[ab;cd] = C_{ac} C_{bd} - C_{ad} C_{bc}`:

.. math:: I_2 = \langle g_1 g_2 \rangle = \frac{2}{\pi} \arcsin\frac{C_{12}}{\sqrt{(1 + C_{11})(1 + C_{22})}}
.. math:: J_2 = \langle g'_1 g'_2 \rangle = \frac{2}{\pi} \frac{1}{\sqrt{\Lambda_{12}}}, \quad
          \Lambda_{12} = 1 + C_{11} + C_{22} + [12;12]
.. math:: I_3 = \langle g'_1 x_2 g_3 \rangle = \frac{2}{\pi} \frac{C_{23} + [12;13]}{(1 + C_{11}) \sqrt{\Lambda_{13}}}
.. math:: I_4 = \langle g'_1 g'_2 g_3 g_4 \rangle = \frac{4}{\pi^2} \frac{1}{\sqrt{\Lambda_{12}}}
          \arcsin\frac{\Lambda_0}{\sqrt{\Lambda_1 \Lambda_2}}

where :math:`\Lambda_0 = C_{34} + [13;14] + [23;24] + [123;124]`, and :math:`\Lambda_1`, :math:`\Lambda_2` are the
determinants of 1 + C restricted to fields 1, 2, 3 and 1, 2, 4.

Assumptions
-----------
1. The fields are jointly Gaussian with zero mean.
2. C is positive semi-definite; it may be singular, and indices may repeat.

Range: all such C. Exact. The usual form, with products like (1 + C11)(1 + C22) - C12^2, loses Q^2 digits where an index
repeats at squared norm Q; written in minors of C, which vanish identically for repeated indices, nothing cancels.

References
----------
D. Saad and S. A. Solla, "On-line learning in soft committee machines", Phys. Rev. E 52, 4225 (1995).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["i2", "i3", "i4", "j2", "statement"]

Index = Any  # an integer or an array of them; arrays broadcast


@lru_cache
def statement(name: str) -> tuple[Any, tuple[Any, ...]]:
    """Return an integral ("I2", "J2", "I3" or "I4") as a SymPy expression, and the symbols it is written in.

    Returns
    -------
    expression : Expr
        In C11, C12, ..., their minors as `Minor(C11, C22, C12, C12)` for C11 C22 - C12 C12 (`doit` writes them out),
        and, for I4, the determinants D34 = [123;124], D33 = [123;123], D44 = [124;124].
    symbols : tuple of Symbol
        The order in which its compiled form takes them.

    Examples
    --------
    >>> statement("J2")[0].doit()
    2/(pi*sqrt(C11*C22 + C11 - C12**2 + C22 + 1))
    """
    import sympy as sp

    Minor = _minor_class()
    fields = {"I2": 2, "J2": 2, "I3": 3, "I4": 4}[name]
    pairs = [(a, b) for a in range(1, fields + 1) for b in range(a, fields + 1)]
    c = {pair: sp.Symbol(f"C{pair[0]}{pair[1]}", real=True) for pair in pairs}
    c |= {(b, a): symbol for (a, b), symbol in c.items()}
    determinants = [sp.Symbol(d, real=True) for d in ("D34", "D33", "D44") if name == "I4"]

    def minor(a: int, b: int, d: int, e: int) -> Any:
        return Minor(c[a, d], c[b, e], c[a, e], c[b, d])

    def lam(a: int, b: int) -> Any:
        return 1 + c[a, a] + c[b, b] + minor(a, b, a, b)

    def conditional(a: int, b: int, determinant: Any) -> Any:
        return c[a, b] + minor(1, a, 1, b) + minor(2, a, 2, b) + determinant

    if name == "I2":
        expression = 2 / sp.pi * sp.asin(c[1, 2] / (sp.sqrt(1 + c[1, 1]) * sp.sqrt(1 + c[2, 2])))
    elif name == "J2":
        expression = 2 / (sp.pi * sp.sqrt(lam(1, 2)))
    elif name == "I3":
        expression = 2 * (c[2, 3] + minor(1, 2, 1, 3)) / (sp.pi * (1 + c[1, 1]) * sp.sqrt(lam(1, 3)))
    else:
        lower = [sp.sqrt(lam(1, 2) + conditional(b, b, determinants[b - 2])) for b in (3, 4)]
        upper = conditional(3, 4, determinants[0])
        expression = 4 / sp.pi**2 * sp.asin(upper / (lower[0] * lower[1])) / sp.sqrt(lam(1, 2))
    return expression, (*(c[pair] for pair in pairs), *determinants)


@lru_cache
def _minor_class() -> Any:
    import sympy as sp

    class Minor(sp.Function):
        """p q - r s: a function of its own, so that no printer spreads it over a sum in which it would cancel."""

        nargs = 4

        def doit(self, **hints: object) -> Any:
            """Return the difference written out."""
            p, q, r, s = self.args
            return p * q - r * s

    return Minor


@lru_cache
def _compiled(name: str) -> Callable[..., np.ndarray]:
    import sympy as sp

    expression, symbols = statement(name)
    return sp.lambdify(symbols, expression, [{"Minor": lambda p, q, r, s: p * q - r * s}, "numpy"])


def _aligned(*fields: Index) -> list[np.ndarray]:
    """Return the indices with equally many axes, so that what they pick broadcasts behind the leading axes of C."""
    arrays = [np.asarray(field) for field in fields]
    axes = max(array.ndim for array in arrays)
    return [array.reshape((1,) * (axes - array.ndim) + array.shape) for array in arrays]


def _entries(C: np.ndarray, *fields: Index) -> list[np.ndarray]:
    """Return C11, C12, ..., C22, ... for the given fields, in the order of `statement`."""
    return [C[..., a, b] for i, a in enumerate(fields) for b in fields[i:]]


def i2(C: np.ndarray, a: Index, b: Index) -> np.ndarray:
    """Return <g_a g_b> (see the module): output of two units.

    Parameters
    ----------
    C : ndarray, shape (..., D, D)
        Covariance of the fields; leading axes broadcast. Complex entries are allowed (for complex-step derivatives).
    a, b : int or array of int
        Which fields.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> print(f"{i2(np.array([[1.0]]), 0, 0):.6f}")  # arcsin(1/2) = pi/6
    0.333333
    """
    return _compiled("I2")(*_entries(C, *_aligned(a, b)))


def j2(C: np.ndarray, a: Index, b: Index) -> np.ndarray:
    """Return <g'_a g'_b>; arguments as in `i2`.

    Examples
    --------
    >>> print(f"{j2(np.array([[0.0]]), 0, 0):.6f}")  # g'(0)^2 = 2/pi
    0.636620
    """
    return _compiled("J2")(*_entries(C, *_aligned(a, b)))


def i3(C: np.ndarray, a: Index, b: Index, c: Index) -> np.ndarray:
    """Return <g'_a x_b g_c>; arguments as in `i2`.

    Examples
    --------
    >>> large = np.array([[1e12]])  # saturated: sqrt(2 / Q) / pi
    >>> print(f"{i3(large, 0, 0, 0) * 1e6:.6f}")
    0.450158
    """
    return _compiled("I3")(*_entries(C, *_aligned(a, b, c)))


def i4(C: np.ndarray, a: Index, b: Index, c: Index, d: Index) -> np.ndarray:
    """Return <g'_a g'_b g_c g_d>; arguments as in `i2`.

    Examples
    --------
    >>> large = np.array([[1e12]])  # saturated: (4 / pi^2) arcsin(1/3) / sqrt(2 Q)
    >>> print(f"{i4(large, 0, 0, 0, 0) * 1e6:.6f}")
    0.097390
    """
    a, b, c, d = _aligned(a, b, c, d)
    rows, columns = np.stack(np.broadcast_arrays(c, c, d), -1), np.stack(np.broadcast_arrays(d, c, d), -1)
    determinants = _determinant(C, a[..., None], b[..., None], rows, columns)  # D34, D33, D44
    return _compiled("I4")(*_entries(C, a, b, c, d), *(determinants[..., i] for i in range(3)))


def _determinant(C: np.ndarray, a: np.ndarray, b: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return the minor of C with the rows a, b, `row` and the columns a, b, `column`.

    It is exactly zero where a row or a column repeats, which rounding would not give.
    """
    aa, ab, bb = C[..., a, a], C[..., a, b], C[..., b, b]
    ra, rb, ac, bc = C[..., row, a], C[..., row, b], C[..., a, column], C[..., b, column]
    determinant = (
        aa * (bb * C[..., row, column] - bc * rb) - ab * (ab * C[..., row, column] - bc * ra) + ac * (ab * rb - bb * ra)
    )
    repeats = (a == b) | (row == a) | (row == b) | (column == a) | (column == b)
    return np.where(repeats, 0, determinant)
