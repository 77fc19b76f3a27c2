r"""Adam in closed forms: the second moment held fixed, alive to first order, and decay inside the gradient.

With the second moment held at its mean, AdamW is exactly a heavy ball with decoupled decay:

.. math:: E w^2 = \frac{1 - b_1}{1 + b_1} \frac{1 + a b_1}{(1 - a^2)(1 - a b_1)} \eta^2

A live second moment multiplies this, to first order in 1 - b_2 and with the noise's kurtosis kappa, by

.. math:: S_1 = 1 - (\kappa - 1)(1 - b_2) q + \frac{(\kappa - 1)(1 - b_2)}{1 + b_2} \frac{3 + q_2}{4}

with :math:`q = \frac{1 - b_1}{1 - b_1 b_2}`, :math:`q_2 = \frac{(1 - b_1)(1 + b_1 b_2)}{(1 + b_1)(1 - b_1 b_2)}`. Adam
with the decay in the gradient (k = lam/n + h, x = eta k / sigma), approximately, S and A by quadrature:

.. math:: E w^2 = \frac{\eta \sigma S}{2 k A}
   \left(1 + \frac{x}{2} \left(\phi - \frac{1}{2}\right) + \frac{x (1 - b_1)}{2 (1 + b_1)}\right)

with :math:`\phi = \frac{1 - b_2}{1 - b_2 + 2x}`.

Assumptions
-----------
1. The gradient is white noise, epsilon far below its standard deviation; both moments are stationary.
2. First order: v fluctuates little about its mean. Coupled decay: the noise dominates the decay in the gradient.

Range and errors: those of `theory.weight.laws.adamw` and `theory.weight.laws.adam`.

References
----------
Kingma and Ba, ICLR 2015 (arXiv:1412.6980); Loshchilov and Hutter, ICLR 2019 (arXiv:1711.05101). The corrections are
derived here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp

from theory.symbols import eta, mu, sigma, x, y
from theory.weight.derivations.linear import moments_of, momentum_recursion

__all__ = ["b1", "b2", "coupled", "first_order", "fixed_second_moment", "kappa"]

b1, b2, kappa = sp.symbols("b1 b2 kappa")


@lru_cache
def fixed_second_moment(*, decoupled: bool = True) -> Any:
    """Return E w^2 of Adam with its second moment held at sigma^2: a heavy ball whose learning rate is rescaled.

    Parameters
    ----------
    decoupled : bool
        True: y = eta lam/n is the decay and x = eta h / sigma. False: x = eta (lam/n + h) / sigma holds both, y is 0.

    Returns
    -------
    Expr
        In x, y, eta, sigma and b1.

    Examples
    --------
    >>> from theory.symbols import sigma, x
    >>> fixed_second_moment().subs(x, 0).has(sigma)  # the noise has dropped out
    False
    """
    heavy_ball = moments_of(momentum_recursion(nesterov=False), correlated=False).variance
    rescaled = {mu: b1, eta: eta * (1 - b1) / sigma, x: x * (1 - b1), **({} if decoupled else {y: 0})}
    return sp.factor(heavy_ball.subs(rescaled, simultaneous=True))


@lru_cache
def first_order() -> Any:
    """Return S_1, what a live second moment does to the variance to first order in 1 - b2 (SymPy: b1, b2, kappa).

    Notes
    -----
    v = 1 + e with small e, so m / sqrt(v) = m (1 - e/2 + 3 e^2/8), averaged over the noise term by term. Both are
    geometric averages of the past, and every sum over it is a geometric series.
    """

    def past(ratio: Any) -> Any:  # sum over j >= 0
        return 1 / (1 - ratio)

    def lags(ratio: Any) -> Any:  # sum over s of ratio^abs(s)
        return (1 + ratio) / (1 - ratio)

    spread = (kappa - 1) * (1 - b2) ** 2 * past(b2**2)  # E e^2, and E e_t e_(t+s) is b2^s of it
    alone = (1 - b1) ** 2 * past(b1**2)  # E m^2, and E m_t m_(t+s) is b1^s of it
    shared = (kappa - 1) * (1 - b1) ** 2 * (1 - b2) * past(b1**2 * b2)  # E m^2 e, and with s: b1^s, or (b1 b2)^s of it
    linear = -(shared * lags(b1) + shared * lags(b1 * b2)) / 2
    square = sp.Rational(3, 4) * alone * lags(b1) * spread + alone * lags(b1 * b2) * spread / 4
    return sp.simplify(alone * lags(b1) + linear + square)


@lru_cache
def coupled() -> Any:
    """Return E w^2 of Adam with the decay in the gradient, in eta, sigma, b1, b2, k, S and A (SymPy).

    Notes
    -----
    Diffusion over drift is S / A. The finite step adds the first order in x of the law with a fixed second moment. The
    second moment follows the weight's own part of the gradient, k w, as far as its memory lets it (phi): where it does
    it shortens the steps of large weights, and where it does not it only averages.
    """
    k, S, A = sp.symbols("k S A", positive=True)
    finite_step = fixed_second_moment(decoupled=False) * 2 * x / eta**2
    first = sp.simplify(sp.diff(finite_step, x).subs(x, 0) * x)
    phi = (1 - b2) / (1 - b2 + 2 * x)
    law = eta * sigma * S / (2 * k * A) * (1 + x / 2 * (phi - sp.Rational(1, 2)) + first)
    return law.subs(x, eta * k / sigma)
