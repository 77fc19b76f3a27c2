r"""What a moving denominator does to a weight whose decay is divided with the gradient: linear response, in SymPy.

With the gradient G = g + k w in units of its noise, a step :math:`-\eta G r` and r = 1 + rho one over the moving
denominator, E w^2 is that of a denominator held still times

.. math:: R = 1 + \frac{y}{2} \left(\phi - \frac{1}{2}\right) - s_2 (1 - \phi)

where y is the weight's rate per step, s_2 the relative variance of r, :math:`\phi = d/(d + 2y)` and d the rate at which
the denominator forgets. Its averages S/A hold for a weight that is slow against the denominator, phi = 1. RMSprop that
is centered (the square of the running mean :math:`\bar g` taken off) has beside it, with :math:`\phi_1 = d/(d + y)`,

.. math:: R_c = 1 + \frac{5 d}{4} \phi_1 - \frac{y}{2} \phi_1^2

Assumptions
-----------
1. The noise is white and dominates the decay in the gradient: y is small.
2. First order in y, in d and in s_2. The weight is Gaussian.

References
----------
The derivation is this package's own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import sympy as sp

from theory.symbols import eta, mu, sigma, x
from theory.weight.derivations.linear import moments_of, momentum_recursion

__all__ = ["Response", "centered", "finite_step", "moving_denominator", "phi", "rate", "spread"]

rate, forget, spread = sp.symbols("y d s_2", positive=True)
phi = sp.Symbol("phi", positive=True)  # d / (d + 2 y)
k = sp.Symbol("k", positive=True)


class Response(NamedTuple):
    """How much larger E w^2 is than with a denominator held still, to first order.

    Attributes
    ----------
    whole : Expr
        All of it.
    beyond_mean : Expr
        Without what the mean of the denominator does: what a recursion of means leaves out.
    """

    whole: Any
    beyond_mean: Any


@lru_cache
def moving_denominator() -> Response:
    """Return the response to the denominator's own fluctuations and to its following of k^2 w^2, in y, s_2, phi.

    Examples
    --------
    >>> moving_denominator().whole.subs(phi, 1)
    y/4
    """
    V, W = eta / (2 * k), sp.Symbol("W")  # E w^2 to leading order, and as it is
    small = {k: rate / eta}
    own = spread * (
        1 - phi
    )  # E rho e^(-2 y s) against E rho^2: what w^2 has of rho beside its average, 2 y / (2 y + d)
    follows = k**2 * V / 2  # minus E rho, and rho answers k^2 (w^2 - E w^2) by -1/2 over the memory of d
    together = -(k**2) / 2 * 2 * V**2 * phi  # E rho w^2 - E rho E w^2: Gaussian w, whose square forgets at 2 y
    drift = 2 * eta * k * (W * (1 - follows) + together + V * own)
    (found,) = sp.solve(drift - eta**2 * (1 - 2 * follows), W)
    order = sp.Symbol("order")
    whole = sp.cancel((found / V).subs(small)).subs({rate: order * rate, spread: order * spread})
    whole = sp.expand(sp.diff(whole, order).subs(order, 0))
    mean = sp.expand((-follows).subs(small))
    return Response(whole, sp.expand(whole - mean))


@lru_cache
def centered() -> Response:
    """Return the response to the running mean's square taken off, in y and d.

    Notes
    -----
    To first order in the square the step is G (1 + gbar^2 / 2): larger, and the newest gradient in gbar makes it
    drift along gbar by d. The running mean remembers the gradients that moved the weight, against their sign.
    """
    V, c, m, W = sp.symbols("V c m W")
    first = sp.solve(
        [
            (rate + forget) * c - forget * (k * V - eta),  # E w gbar: both see the same noise
            2 * forget * m - forget**2 - 2 * forget * k * c,  # E gbar^2
        ],
        [c, m],
        dict=True,
    )[0]
    leading = {V: eta / (2 * k), k: rate / eta}
    c, m = (sp.cancel(first[s].subs(V, leading[V]).subs(k, leading[k])) for s in (c, m))
    drift = 2 * rate * (W * (1 + m / 2) + c**2) + 2 * eta * forget * c  # Gaussian: E w^2 gbar^2 = W m + 2 c^2
    (found,) = sp.solve(drift - eta**2 * (1 + m), W)
    order = sp.Symbol("order")
    scaled = {rate: order * rate, forget: order * forget}
    whole = sp.cancel(sp.cancel(found / (eta**2 / (2 * rate))).subs(scaled, simultaneous=True))
    whole = sp.factor(sp.diff(whole, order).subs(order, 0))
    return Response(whole, sp.factor(whole - m / 2))


@lru_cache
def finite_step(*, inside: bool) -> Any:
    """Return what the finite step adds, to first order in x: relative, in x and mu.

    Parameters
    ----------
    inside : bool
        Whether the memory mu averages gradients before they are divided, and not steps after.
    """
    heavy_ball = moments_of(momentum_recursion(nesterov=False), correlated=False).variance
    scale = 1 - mu if inside else 1
    y = next((s for s in heavy_ball.free_symbols if s.name == "y"), sp.Symbol("y"))
    relative = heavy_ball.subs({y: 0, x: scale * x, eta: scale * eta}, simultaneous=True) / (eta * sigma) ** 2 * 2 * x
    relative = sp.cancel(relative if inside else relative * (1 - mu))
    return sp.factor(sp.diff(relative, x).subs(x, 0) * x)
