r"""The moments of minibatch least squares in SymPy: the map that a step makes of them, and its stationary state.

.. math:: E w^2 = \frac{\eta \tau^2 D / m + (\frac{2 (1 - \eta k - \eta c)}{1 + k} + \eta c) S}
   {2 (1 + k) - ((1 + k)^2 + \frac{D + 1}{m}) \eta}

with coupled decay k = lam/n and no momentum, and :math:`c = 1 + \frac{D + 1}{m}`. With the mean factor M of E w = M
times the teacher, in every case,

.. math:: E \|w - w^*\|^2 = E w^2 - 2 M S + S
.. math:: E \langle w, g \rangle = E w^2 - M S
.. math:: E \|g\|^2 = c E \|w - w^*\|^2 + \frac{\tau^2 D}{m}

Symbols, assumptions, range and references are those of `theory.network.linear_regression`. Exact: no error order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

__all__ = ["SYMBOLS", "MomentMap", "gradient_moments", "moment_map", "stationary_moments"]

SYMBOLS = sp.symbols("eta k mu d m S tau", positive=True)  # in the order in which compiled laws take them
WW, WU, UU = sp.symbols("ww wu uu")  # E w^2, E w u, E u^2, u the buffer times eta


@dataclass(frozen=True)
class MomentMap:
    """One step of the moments.

    Attributes
    ----------
    second : Matrix, shape (3, 3)
        What a step makes of the second moments E w^2, E w u, E u^2, u the buffer times eta,
    source : Matrix, shape (3, 1)
        and what it adds in the stationary state of the mean.
    first : Matrix, shape (2, 2)
        What a step makes of the mean of (w, u).
    mean_factor : Expr
        Share of the teacher in the stationary mean weight.
    """

    second: sp.Matrix
    source: sp.Matrix
    first: sp.Matrix
    mean_factor: sp.Expr


def gradient_moments(weight_sq: sp.Expr, mean_factor: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Return E ||w - w*||^2, E <w, g> and E ||g||^2 from E ||w||^2 and the share of the teacher in the mean weight.

    g = A (w - w*) - noise is the gradient of C0, with A the minibatch's mean of x x^T, of mean one and, for Gaussian
    inputs, of mean square 1 + (d + 1) / m.
    """
    _, _, _, d, m, S, tau = SYMBOLS
    error_sq = weight_sq - 2 * mean_factor * S + S
    return error_sq, weight_sq - mean_factor * S, (1 + (d + 1) / m) * error_sq + tau**2 * d / m


@lru_cache
def moment_map(decoupled: bool) -> MomentMap:
    """Derive one step of the moments from the update rule.

    Examples
    --------
    >>> moment_map(decoupled=False).mean_factor
    1/(k + 1)
    """
    eta, k, mu, _, _, S, _ = SYMBOLS
    a, coupled = (1 - eta * k, 0) if decoupled else (1, k)
    first = sp.Matrix([[a - eta * (1 + coupled), -mu], [eta * (1 + coupled), mu]])
    mean_w, mean_u = ((sp.eye(2) - first).LUsolve(sp.Matrix([eta, -eta]))).applyfunc(sp.factor)  # times the teacher
    _, w_g, g_sq = gradient_moments(WW, mean_w)
    # G = g + coupled w drives the buffer.
    w_G = w_g + coupled * WW
    u_G = WU - mean_u * S + coupled * WU
    G_sq = g_sq + 2 * coupled * w_g + coupled**2 * WW
    next_uu = mu**2 * UU + 2 * mu * eta * u_G + eta**2 * G_sq
    w_next_u = mu * WU + eta * w_G
    new = sp.Matrix([a**2 * WW - 2 * a * w_next_u + next_uu, a * w_next_u - next_uu, next_uu]).applyfunc(sp.expand)
    return MomentMap(new.jacobian([WW, WU, UU]), new.subs({WW: 0, WU: 0, UU: 0}), first, mean_w)


@lru_cache
def stationary_moments(decoupled: bool) -> tuple[sp.Expr, sp.Expr]:
    """Return E ||w||^2 and E ||u||^2 in the stationary state, u the buffer times eta.

    Examples
    --------
    >>> eta, k, mu, d, m, S, tau = SYMBOLS
    >>> stationary_moments(decoupled=False)[0].subs({mu: 0, S: 0, k: 0})
    -d*eta*tau**2/(d*eta + eta*m + eta - 2*m)
    """
    step = moment_map(decoupled)
    ((weight_sq, _, buffer_sq),) = sp.linsolve((sp.eye(3) - step.second, step.source))  # rational: nothing swells
    return sp.factor(weight_sq), sp.factor(buffer_sq)
