r"""Adam in closed forms: the second moment held fixed, and alive to first order in 1 - b_2.

The step is a linear filter of the gradients over the root of their second moment, u = (p m + c g)/sqrt(v): p = 1 and
c = 0 for Adam, p = b_1 and c = 1 - b_1 for NAdam. With the second moment held at its mean, AdamW is exactly a heavy
ball with decoupled decay:

.. math:: E w^2 = \frac{1 - b_1}{1 + b_1} \frac{1 + a b_1}{(1 - a^2)(1 - a b_1)} \eta^2

A live second moment multiplies this, to first order in 1 - b_2 and with the noise's kurtosis kappa, by

.. math:: S_1 = 1 - (\kappa - 1)(1 - b_2) q + \frac{(\kappa - 1)(1 - b_2)}{1 + b_2} \frac{3 + q_2}{4}

with :math:`q = \frac{1 - b_1}{1 - b_1 b_2}`, :math:`q_2 = \frac{(1 - b_1)(1 + b_1 b_2)}{(1 + b_1)(1 - b_1 b_2)}`.

Assumptions
-----------
1. The gradient is white noise, epsilon far below its standard deviation; both moments are stationary.
2. First order: v fluctuates little about its mean.

Range and errors: those of `theory.weight.laws.adamw` and `theory.weight.laws.adam`.

References
----------
Kingma and Ba, ICLR 2015 (arXiv:1412.6980); Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop 2016;
Loshchilov and Hutter, ICLR 2019 (arXiv:1711.05101). The corrections are derived here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import sympy as sp

from theory.algebra.recursion import LinearRecursion
from theory.symbols import eta, mu, sigma, u, w, x, xi, y
from theory.weight.derivations.linear import moments_of, momentum_recursion

__all__ = [
    "FirstOrder",
    "Live",
    "averaged_recursion",
    "b1",
    "b2",
    "first_order",
    "first_order_covariance",
    "fixed_second_moment",
    "kappa",
    "live_second_moment",
    "newest",
    "tail",
]

b1, b2, kappa = sp.symbols("b1 b2 kappa")
tail, newest = sp.symbols("tail newest")  # the filter: tail b1^j on the gradient j steps ago, and more on the newest


@lru_cache
def averaged_recursion() -> LinearRecursion:
    """Return the recursion of weight and first moment with the second moment held fixed at one.

    The symbols x, y, eta and sigma are as in `momentum_recursion`; u is the averaged gradient in units of a step, and
    the filter's weights are tail b1^j and newest.
    """
    gradient = x * w + eta * sigma * xi
    average = b1 * u + (1 - b1) * gradient
    step = tail / (1 - b1) * average + newest * gradient
    return LinearRecursion.from_update({w: (1 - y) * w - step, u: average})


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


class Live(NamedTuple):
    """What E g^2 / sqrt(v v') is to first order: one plus these times the moments of v's deviations, over kappa - 1."""

    own: Any
    """Times the weights of g^2 in v and in v', each."""
    square: Any
    """Times the sum of the squared weights of v and of v', each."""
    cross: Any
    """Times the sum of the products of the weights of v and v'."""


@lru_cache
def live_second_moment() -> Live:
    """Return how a live second moment enters: v = 1 + e with e = sum of weights times (g^2 - 1).

    Notes
    -----
    E g^2 e is (kappa - 1) times the weight of that g^2, E e e' is (kappa - 1) times the sum of products of weights.
    """
    e, later = sp.symbols("e later")
    expanded = sum(
        sp.series((1 + e) ** sp.Rational(-1, 2), e, 0, 3).removeO().coeff(e, i)
        * sp.series((1 + later) ** sp.Rational(-1, 2), later, 0, 3).removeO().coeff(later, j)
        * e**i
        * later**j
        for i in range(3)
        for j in range(3 - i)
    )
    return Live(*(sp.Poly(expanded, e, later).coeff_monomial(m) for m in (e, e**2, e * later)))


class FirstOrder(NamedTuple):
    """To first order: C_0, C_s = slow b1^s + fast (b1 b2)^s for s >= 1, and the response A."""

    alone: Any
    slow: Any
    fast: Any
    response: Any


@lru_cache
def first_order_covariance() -> FirstOrder:
    """Return the step's second moments to first order in 1 - b2 (SymPy: tail, newest, b1, b2, kappa)."""

    def past(ratio: Any) -> Any:  # sum over j >= 0
        return 1 / (1 - ratio)

    live, excess = live_second_moment(), kappa - 1
    spread = (1 - b2) ** 2 * past(b2**2)  # sum of v's squared weights; of the products s steps apart: b2^s of it
    steady = 1 + 2 * excess * live.square * spread

    def squares(ratio: Any) -> Any:  # sum of the filter's squared weights times ratio^j
        return tail**2 * past(b1**2 * ratio) + 2 * tail * newest + newest**2

    def products(ratio: Any) -> Any:  # the same s >= 1 steps apart, over b1^s
        return tail * (tail * past(b1**2 * ratio) + newest)

    own = excess * live.own * (1 - b2)
    alone = (steady + excess * live.cross * spread) * squares(1) + 2 * own * squares(b2)
    slow = steady * products(1) + own * products(b2)
    fast = excess * live.cross * spread * products(1) + own * products(b2)

    def response_sum(ratio: Any) -> Any:
        return tail * past(b1 * ratio) + newest

    response = (1 + excess * live.square * spread) * response_sum(1) + own * response_sum(b2)
    return FirstOrder(alone, slow, fast, response)


@lru_cache
def first_order() -> Any:
    """Return S_1, what a live second moment does to AdamW's variance to first order in 1 - b2 (b1, b2, kappa)."""
    terms = first_order_covariance()
    total = terms.alone + 2 * terms.slow * b1 / (1 - b1) + 2 * terms.fast * b1 * b2 / (1 - b1 * b2)
    return sp.simplify(total.subs({tail: 1 - b1, newest: 0}))
