r"""What a second moment that moves does to a weight that the gradient itself pulls back.

With the mean of v at one, r = 1/sqrt(v) = 1 + e, the decay's rate y and the pull's rate x_h r (coupled decay,
curvature)

.. math:: \frac{d}{dt} E w^2 = -2 E (y + x_h r) w^2 + \eta^2 E r^2

e has two sources: the noise, of variance s_2 and memory b_2, and the weight's own part of the gradient,
:math:`-\frac{1}{2} q` with :math:`q = (x_h w / \eta)^2`, as far as v has followed it. Linear response of :math:`w^2`
to both gives, with x = y + x_h, f = x_h / x and phi = (1 - b_2)/(1 - b_2 + 2 x), beyond the averages over v

.. math:: R = \frac{f^2 x_h}{4} (1 + 2 \phi) - \frac{f x_h}{2} - \frac{f s_2 (1 - \phi)(2 y + x_h)}{x}

and for coupled decay alone, y = 0,

.. math:: R = \frac{x}{2} \left(\phi - \frac{1}{2}\right) - s_2 (1 - \phi)

Assumptions
-----------
1. The noise dominates the pull in the gradient, and is white; the weight is Gaussian.
2. First order in s_2, which is small for b_2 near 1, and in x.

References
----------
Derived here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp

from theory.symbols import eta, y
from theory.weight.derivations.adam import b2, kappa, live_second_moment

__all__ = ["pull", "spread", "weight_response"]

pull = sp.Symbol("x_h", positive=True)  # rate at which the gradient's own part pulls the weight back


@lru_cache
def spread() -> Any:
    """Return s_2, the relative variance of 1/sqrt(v) that the noise makes, to first order (SymPy: b2, kappa)."""
    half = live_second_moment().own
    return half**2 * (kappa - 1) * sp.simplify((1 - b2) ** 2 / (1 - b2**2))


@lru_cache
def weight_response() -> Any:
    """Return R: E w^2 is the law of the averages over v, times 1 + R (SymPy: y, x_h, b2, kappa).

    Examples
    --------
    >>> from theory.symbols import y
    >>> sp.limit(weight_response().subs(y, 0), pull, 0)  # a weight that relaxes slowly averages over v
    0
    """
    noise, small = spread(), sp.Symbol("small")
    x = y + pull
    square = eta**2 / (2 * x)  # E w^2 to leading order
    own = (pull / eta) ** 2 * square  # E q
    forget = 1 - b2 + 2 * x  # how fast a covariance of r and w^2 falls
    half = live_second_moment().own
    # e of the noise drives w^2 by -2 x_h e E w^2 + 2 eta^2 e
    with_noise = (2 * eta**2 - 2 * pull * square) * noise / forget
    # v follows q: Cov(v, w^2) = (1 - b2) / forget Cov(q, w^2), and Var w^2 = 2 (E w^2)^2
    with_own = half * (1 - b2) / forget * (pull / eta) ** 2 * 2 * square**2
    mean = 1 + half * small * own  # of r
    drift = 2 * small * pull * (with_noise + with_own)
    moved = (eta**2 * mean**2 - drift) / (2 * (y + pull * mean))
    return sp.simplify(sp.diff(moved, small).subs(small, 0) / square)
