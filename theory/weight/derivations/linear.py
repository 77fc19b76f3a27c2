r"""Optimizers that are linear recursions: M and B for each, and the stationary variance that follows from them.

With heavy-ball momentum (a = 1 - y; coupled decay is y = 0)

.. math:: E w^2 = \frac{(1 + a \mu) \eta^2 \sigma^2}{(1 - a \mu) ((1 - a)(1 - \mu) + x) ((1 + a)(1 + \mu) - x)}

and with Nesterov's

.. math:: E w^2 = \frac{(1 + a \mu + 2 (1 - \mu^2)(1 - a) \mu + (1 + 2 \mu) x \mu) \eta^2 \sigma^2}
   {(1 - a \mu + x \mu) ((1 - a)(1 - \mu) + x) ((1 + a)(1 + \mu) - (1 + 2 \mu) x)}

Here x is eta times whatever multiplies w in the gradient (coupled decay lam/n and curvature h) and y = eta lam/n where
the decay is decoupled. To leading order this is eta sigma^2 / (2 k (1 - mu)) with coupled decay k and a factor
1/(1 - mu) more with decoupled decay: the buffer multiplies the gradient by 1/(1 - mu), but no decoupled decay.

Assumptions
-----------
1. The gradient of the weight is `h w + g`: a constant curvature and noise that does not depend on w.
2. g has zero mean and standard deviation `sigma`, and is white or of autocorrelation `r^k` at lag k.
3. PyTorch's conventions: v' = mu v + G, then w' = a w - eta v' or, with Nesterov, w' = a w - eta (G + mu v').

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
from functools import cached_property, lru_cache, singledispatch
from typing import Any

import sympy as sp

from theory.algebra.recursion import LinearRecursion
from theory.settings import SGD
from theory.settings.types import Value
from theory.symbols import d, eta, mu, r, sigma, u, w, x, xi, y

__all__ = ["LinearLaw", "LinearOptimizer", "as_linear", "momentum_recursion"]

Values = dict[sp.Symbol, Value]


@dataclass(frozen=True, eq=False)
class LinearLaw:
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
def _law(recursion: LinearRecursion, correlated: bool) -> LinearLaw:
    return LinearLaw(recursion, correlated)


@dataclass(frozen=True)
class LinearOptimizer:
    """An optimizer that is a linear recursion: its rule, and the numbers that it adds to those of the problem.

    Parameters
    ----------
    recursion : LinearRecursion
        The update rule in x (eta times what multiplies w in the gradient), y (eta lam/n where decoupled), eta, sigma
        and symbols of its own. Make it once (`functools.lru_cache`): what is derived from it is kept with it.
    decoupled : bool
        Whether lam/n goes into y and not into x.
    values : dict of Symbol to float
        The optimizer's own numbers.
    """

    recursion: LinearRecursion
    decoupled: bool
    values: dict[sp.Symbol, Any]

    def law(self, correlated: bool) -> LinearLaw:
        """Return what follows from the recursion, derived on first use."""
        return _law(self.recursion, correlated)

    def arguments(
        self, n: Value, lam: Value, eta_: Value, noise: Value, correlation: Value, curvature: Value
    ) -> Values:
        """Return the value of every symbol for a problem; numbers, arrays or SymPy expressions."""
        decay, bend = eta_ * lam / n, eta_ * curvature
        rates = {x: bend, y: decay} if self.decoupled else {x: decay + bend, y: 0 * decay}
        return rates | {eta: eta_, sigma: noise, r: correlation, d: 1 - correlation} | self.values


@lru_cache
def momentum_recursion(nesterov: bool) -> LinearRecursion:
    """Return the recursion of weight and buffer for PyTorch's momentum; u is the buffer times eta."""
    gradient = x * w + eta * sigma * xi
    buffer = mu * u + gradient
    step = gradient + mu * buffer if nesterov else buffer
    return LinearRecursion.from_update({w: (1 - y) * w - step, u: buffer})


@singledispatch
def as_linear(optimizer: object) -> LinearOptimizer:
    """Return an optimizer's recursion; register a function of your own to add an optimizer to `equilibrium`.

    Parameters
    ----------
    optimizer : object
        An instance of a class that has been registered; `theory.SGD` is.

    Returns
    -------
    LinearOptimizer
        Rule and numbers.

    Raises
    ------
    NotImplementedError
        For an optimizer that nobody has registered.

    Examples
    --------
    Signal averaging (an exponential average of the gradients) in place of PyTorch's buffer:

    >>> import theory
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Averaged:
    ...     beta: float
    >>> @lru_cache
    ... def averaged_recursion():
    ...     average = mu * u + (1 - mu) * (x * w + eta * sigma * xi)
    ...     return LinearRecursion.from_update({w: (1 - y) * w - average, u: average})
    >>> @as_linear.register
    ... def _(optimizer: Averaged) -> LinearOptimizer:
    ...     return LinearOptimizer(averaged_recursion(), decoupled=False, values={mu: optimizer.beta})
    >>> print(f"{theory.equilibrium(50_000, 5.0, 0.1, optimizer=Averaged(0.9)).scale:.9f}")
    0.100000013
    """
    raise NotImplementedError(
        f"{optimizer!r} is no optimizer that is known here. Available: theory.SGD with any momentum, Nesterov or not, "
        "coupled or decoupled; theory.Adam and theory.Lion; register others with theory.as_linear."
    )


@as_linear.register
def _(optimizer: SGD) -> LinearOptimizer:
    return LinearOptimizer(momentum_recursion(optimizer.nesterov), optimizer.decoupled, {mu: optimizer.momentum})
