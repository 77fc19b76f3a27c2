r"""Optimizers that are linear recursions: M and B for each, and the stationary variance that follows from them.

With heavy-ball momentum (a = 1 - y; coupled decay is y = 0)

.. math:: E w^2 = \frac{(1 + a \mu) \eta^2 \sigma^2}{(1 - a \mu) ((1 - a)(1 - \mu) + x) ((1 + a)(1 + \mu) - x)}

and with Nesterov's

.. math:: E w^2 = \frac{(1 + a \mu + 2 (1 - \mu^2)(1 - a) \mu + (1 + 2 \mu) x \mu) \eta^2 \sigma^2}
   {(1 - a \mu + x \mu) ((1 - a)(1 - \mu) + x) ((1 + a)(1 + \mu) - (1 + 2 \mu) x)}

Here x is eta times whatever multiplies w in the gradient (coupled decay lam/n and curvature h) and y = eta lam/n where
the decay is decoupled. Dampening :math:`\delta` multiplies every gradient that enters the buffer, and so x and eta, by
:math:`1 - \delta`; only the first buffer is the gradient itself. To leading order this is eta sigma^2 / (2 k (1 - mu))
with coupled decay k and a factor 1/(1 - mu) more with decoupled decay: the buffer multiplies the gradient by
1/(1 - mu), but no decoupled decay.

Assumptions
-----------
1. The gradient of the weight is `h w + g`: a constant curvature and noise that does not depend on w.
2. g has zero mean and standard deviation `sigma`, and is white or of autocorrelation `r^k` at lag k.
3. PyTorch's conventions: v' = mu v + (1 - delta) G, then w' = a w - eta v' or, with Nesterov (without dampening),
   w' = a w - eta (G + mu v').

Range: the brackets of the denominators are the Jury conditions and must be positive. Exact in discrete time: no error
order; the distribution of the white noise does not matter.

References
----------
Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; Sutskever et al., "On the importance
of initialization and momentum in deep learning", ICML 2013; Gitman et al., "Understanding the Role of Momentum in
Stochastic Gradient Methods", NeurIPS 2019 (arXiv:1910.13962); Liu, Ziyin and Ueda, ICML 2021 (arXiv:2012.03636);
Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019 (arXiv:1711.05101).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import sympy as sp

from theory.algebra.recursion import LinearRecursion
from theory.settings.types import Value
from theory.symbols import d, delta, eta, mu, r, sigma, u, w, x, xi, y

__all__ = ["LinearMoments", "moments_of", "momentum_recursion"]


@dataclass(frozen=True, eq=False)
class LinearMoments:
    """What follows from the recursion of an optimizer, under white noise or AR(1).

    Parameters
    ----------
    recursion : LinearRecursion
        Driven by one white noise of unit variance, in the symbols x, y, eta, sigma and any others.
    correlated : bool
        Whether the noise has a memory r = 1 - d.
    """

    recursion: LinearRecursion
    correlated: bool

    @cached_property
    def driven(self) -> LinearRecursion:
        """The recursion with its noise: if that has a memory, it is one more component of the state."""
        return self.recursion.with_memory() if self.correlated else self.recursion

    @cached_property
    def conditions(self) -> tuple[sp.Expr, ...]:
        """The Jury conditions of the optimizer: expressions that must be positive."""
        return self.recursion.jury_conditions()

    @cached_property
    def covariance(self) -> sp.Matrix:
        """The stationary covariance of the state."""
        return self.driven.stationary_covariance()

    @cached_property
    def variance(self) -> sp.Expr:
        """E w^2 over the product of the Jury conditions, where nothing cancels for small rates or for r near 1."""
        brackets = list(self.conditions)
        if self.correlated:  # det(1 - r M), where the noise's memory meets the optimizer's
            brackets.append(sp.expand((sp.eye(len(self.recursion.state)) - (1 - d) * self.recursion.M).det()))
        V = self.covariance[0].subs(r, 1 - d)
        return sp.factor(sp.cancel(V * sp.Mul(*brackets))) / sp.Mul(*brackets)

    @cached_property
    def balance(self) -> sp.Expr:
        """The weight at which the optimizer comes to rest under a gradient that keeps the sign and size of -sigma."""
        rest = (sp.eye(len(self.recursion.state)) - self.recursion.M).LUsolve(self.recursion.B)
        return sp.factor(-rest[0])

    def value(self, name: str, numbers: dict[sp.Symbol, Value]) -> Value:
        """Return `variance`, `balance` or `conditions` in numbers."""
        free, function = self._compiled[name]
        return function(*(numbers[symbol] for symbol in free))

    @cached_property
    def _compiled(self) -> dict[str, tuple[list[sp.Symbol], Callable[..., Value]]]:
        laws = {"variance": self.variance, "balance": self.balance, "conditions": sp.Tuple(*self.conditions)}
        free = {name: sorted(law.free_symbols, key=str) for name, law in laws.items()}
        return {name: (free[name], sp.lambdify(free[name], law, "numpy")) for name, law in laws.items()}


@lru_cache
def moments_of(recursion: LinearRecursion, correlated: bool) -> LinearMoments:
    """Return what follows from a recursion; derived once and kept."""
    return LinearMoments(recursion, correlated)


@lru_cache
def momentum_recursion(nesterov: bool, dampened: bool = False) -> LinearRecursion:
    """Return the recursion of weight and buffer for PyTorch's momentum; u is the buffer times eta."""
    gradient = x * w + eta * sigma * xi
    buffer = mu * u + (1 - delta if dampened else 1) * gradient
    step = gradient + mu * buffer if nesterov else buffer
    return LinearRecursion.from_update({w: (1 - y) * w - step, u: buffer})
