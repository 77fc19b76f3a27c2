r"""The law of an optimizer that is a linear recursion: momentum, Nesterov, your own.

.. math:: P_t = P + M^t (P_0 - P) (M^{\mathsf T})^t

Every number follows from the optimizer's M and B: the variance from the closed form that SymPy derives
(`theory.weight.derivations.linear`), the relaxation time from the eigenvalues, the way there from the transient above,
which starts with an empty buffer.

Assumptions, range and references: those of `theory.weight.derivations.linear` and `theory.algebra.recursion`. Exact in
discrete time: no error order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.algebra.recursion import LinearRecursion
from theory.errors import InvalidArgument
from theory.settings import SGD
from theory.settings.types import Value
from theory.symbols import d, delta, eta, h, lam, mu, n, r, sigma, w, x, xi, y
from theory.weight.derivations.linear import LinearMoments, moments_of, momentum_recursion
from theory.weight.law import Law
from theory.weight.problem import Problem, out
from theory.weight.rates import Rates
from theory.weight.stability import refuse_linear

if TYPE_CHECKING:
    import sympy as sp

    from theory.algebra.recursion import NumericRecursion

__all__ = ["LinearLaw", "LinearOptimizer", "momentum_optimizer"]


@dataclass(frozen=True)
class LinearOptimizer:
    """An optimizer that is a linear recursion: its rule, and the numbers that it adds to those of the problem.

    Called with a `Problem` it makes the `Law`: this is what `theory.law_of` is given for an optimizer of your own.

    Parameters
    ----------
    recursion : LinearRecursion
        The update rule in x (eta times what multiplies w in the gradient), y (eta lam/n where decoupled), eta, sigma
        and symbols of its own. Make it once (`functools.lru_cache`): what is derived from it is kept with it.
    decoupled : bool
        Whether lam/n goes into y and not into x.
    values : mapping of Symbol to float
        The optimizer's own numbers.
    first : LinearRecursion, optional
        The rule of the first step, with the same state, where it differs.

    Examples
    --------
    Signal averaging (an exponential average of the gradients) in place of PyTorch's buffer:

    >>> import theory
    >>> from functools import lru_cache
    >>> from theory.symbols import u, w, xi
    >>> @dataclass(frozen=True)
    ... class Averaged:
    ...     beta: float
    >>> @lru_cache
    ... def averaged_recursion():
    ...     average = mu * u + (1 - mu) * (x * w + eta * sigma * xi)
    ...     return theory.LinearRecursion.from_update({w: (1 - y) * w - average, u: average})
    >>> @theory.law_of.register
    ... def _(optimizer: Averaged) -> LinearOptimizer:
    ...     return LinearOptimizer(averaged_recursion(), decoupled=False, values={mu: optimizer.beta})
    >>> print(f"{theory.equilibrium(50_000, 5.0, 0.1, optimizer=Averaged(0.9)).scale:.9f}")
    0.100000013
    """

    recursion: LinearRecursion
    decoupled: bool
    values: Mapping[sp.Symbol, Any]
    first: LinearRecursion | None = None

    def __call__(self, problem: Problem) -> Law:
        """Return the law of a problem, in numbers or symbols as that is."""
        if problem.symbolic:
            from theory.weight.laws.in_symbols import LinearInSymbols

            moments = self.moments(not problem.is_default("correlation"))
            return LinearInSymbols(problem, moments, self.arguments(problem), self.rates())
        return LinearLaw(problem, self)

    def moments(self, correlated: bool) -> LinearMoments:
        """Return what follows from the recursion, derived on first use."""
        return moments_of(self.recursion, correlated)

    def arguments(self, problem: Problem) -> dict[sp.Symbol, Value]:
        """Return the value of every symbol for a problem."""
        decay, bend = problem.eta * problem.lam / problem.n, problem.eta * problem.curvature
        rates = {x: bend, y: decay} if self.decoupled else {x: decay + bend, y: 0 * decay}
        model = {eta: problem.eta, sigma: problem.noise, r: problem.correlation, d: 1 - problem.correlation}
        return rates | model | dict(self.values)

    def path(self, problem: Problem, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 before the first and after every step of a run, shape (T + 1,).

        The components of the state after the weight are taken as buffers in units of a step, eta times what the
        optimizer keeps, as in `theory.symbols`: a learning rate that changes changes them with it.
        """
        from theory.weight.laws.linear_path import linear_path, start_moments

        correlated = not problem.is_default("correlation")
        moments = start_moments(len(self.recursion.state), correlated, start)
        if self.first is None or rates.steps == 0:
            return linear_path(self.recursion, self.decoupled, self.values, problem, rates, moments)[:, 0]
        begin = linear_path(self.first, self.decoupled, self.values, problem, rates.between(0, 1), moments)
        later = rates.between(1, rates.steps)
        rest = linear_path(self.recursion, self.decoupled, self.values, problem, later, begin[-1])
        return np.concatenate([begin[:1, 0], rest[:, 0]])

    def rates(self) -> dict[sp.Symbol, sp.Expr]:
        """Return x and y in eta, lambda, n and h."""
        return {x: eta * h, y: eta * lam / n} if self.decoupled else {x: eta * (lam / n + h), y: 0}


def momentum_optimizer(optimizer: SGD) -> LinearOptimizer:
    """Return the recursion of SGD with momentum, its momentum and its dampening."""
    undamped = momentum_recursion(optimizer.nesterov)
    plain = LinearOptimizer(undamped, optimizer.decoupled, {mu: optimizer.momentum})
    if optimizer.dampening == 0:
        return plain
    values = {mu: optimizer.momentum, delta: optimizer.dampening}
    return replace(plain, recursion=momentum_recursion(False, dampened=True), values=values, first=undamped)


@lru_cache
def plain_optimizer() -> LinearOptimizer:
    """Return plain SGD as the recursion of one weight."""
    return LinearOptimizer(LinearRecursion.from_update({w: (1 - x) * w - eta * sigma * xi}), False, {})


class LinearLaw(Law):
    """The law of an optimizer that is a linear recursion, in numbers."""

    memory_needs_noise = False

    def __init__(self, problem: Problem, optimizer: LinearOptimizer) -> None:
        super().__init__(problem)
        self.optimizer = optimizer
        self.moments = optimizer.moments(not problem.is_default("correlation"))
        self.arguments = optimizer.arguments(problem)

    def refuse(self) -> None:
        """Raise NoEquilibrium, naming the Jury condition that fails, unless the weight has a stationary state."""
        refuse_linear(self.problem, self.moments, self.arguments)

    @cached_property
    def numeric(self) -> NumericRecursion:
        """The recursion in numbers, its noise included."""
        return self.moments.driven.at(self.arguments)

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        return self.moments.value("variance", self.arguments)

    @cached_property
    def balance(self) -> Value:
        """The scale at which decay balances a gradient `noise` of constant sign: the limit correlation to 1."""
        return self.moments.value("balance", self.arguments)

    @property
    def expression(self) -> Any:
        """The scale as a SymPy expression, the optimizer's own numbers as symbols."""
        from theory.weight.laws.in_symbols import in_theory_symbols, scale_expression

        return scale_expression(self.problem, in_theory_symbols(self.moments, self.optimizer.rates()))

    @cached_property
    def shrink(self) -> Value:
        """Factor per step in the long run: the slowest eigenvalue of the recursion, or its modulus if it is complex."""
        slowest = self.numeric.spectrum()[..., 0]
        return out(np.where(slowest.imag == 0, slowest.real, np.abs(slowest)))

    @cached_property
    def relaxation_time(self) -> Value:
        """Steps in which the memory of the start falls by e in the long run: -1/ln of the slowest eigenvalue's size."""
        return out(self.numeric.relaxation_time())

    @cached_property
    def settling_time(self) -> Value:
        """Steps in which the excess of E w^2 over its equilibrium falls by e: its own modes with the noise's memory."""
        own = self.moments.recursion.at(self.arguments).relaxation_time()
        with np.errstate(divide="ignore"):
            return out(1 / (1 / own + 1 / np.asarray(self.relaxation_time)))

    @cached_property
    def turned(self) -> Value:
        """One minus the cosine of one step's angle: E (w' - w)^2 / 2 E w^2, a sum of squares."""
        M, B = self.numeric.M, self.numeric.B
        row = (M - np.eye(M.shape[-1]))[..., :1, :]
        moved = (row @ self.numeric.covariance() @ row.swapaxes(-1, -2))[..., 0, 0] + (B[..., 0, :] ** 2).sum(-1)
        return out(moved / (2 * np.asarray(self.variance)))

    def variance_after(self, steps: Value, start: Value) -> Value:
        """Return E w^2 after `steps` from weights at `start` with an empty buffer; the noise has been running."""
        return self._moments_after(steps, start)[..., 0, 0]

    def _moments_after(self, steps: Value, start: Value) -> np.ndarray:
        begin = self._start_moments(start)
        if self.optimizer.first is None:
            return self.numeric.moments_after(steps, begin)
        first = moments_of(self.optimizer.first, self.moments.correlated).driven.at(self.arguments)
        steps = np.asarray(steps)
        later = self.numeric.moments_after(np.maximum(steps - 1, 0), first.moments_after(1, begin))
        return np.where(steps[..., None, None] == 0, begin, later)

    def _start_moments(self, start: Value) -> np.ndarray:
        """Return E s s^T of a weight `start`, an empty buffer and (with a memory) noise of unit variance."""
        k = self.numeric.M.shape[-1]
        moments = np.zeros((*np.shape(start), k, k))
        moments[..., 0, 0] = np.square(start)
        if self.moments.correlated:
            moments[..., -1, -1] = 1
        return moments

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run (`theory.weight.laws.linear_path`)."""
        return self.optimizer.path(self.problem, rates, start)

    def forgetting(self, rates: Rates) -> np.ndarray:
        """Return by which power of e the slowest mode falls in every step."""
        from theory.weight.laws.linear_path import linear_forgetting

        def relaxation(lr: np.ndarray, decay: np.ndarray) -> np.ndarray:
            problem = self.problem.at(eta=lr, lam=decay * self.problem.n)
            return self.moments.recursion.at(self.optimizer.arguments(problem)).relaxation_time()

        return linear_forgetting(relaxation, rates)

    def deviation_bound(self, start: float) -> Callable[[float], float]:
        """Return a bound on the later deviations of E w_t^2.

        If P_t - P lies between -c P and c P it does so ever after, because M P M^T does not exceed P.
        """
        from scipy.linalg import eigh

        P = self.numeric.covariance()

        def bound(t: float) -> float:
            away = self._moments_after(t, start) - P
            return float(np.abs(eigh(away, P, eigvals_only=True)).max() * P[0, 0])

        return bound

    def shrink_over(self, steps: Value, *, limit: bool) -> Value:
        """Return the factor in the long run, by the slowest mode; InvalidArgument if that oscillates."""
        if limit:
            raise InvalidArgument("limit must be False with momentum, got True. The exact factor is what there is.")
        slowest = self.numeric.spectrum()[..., 0]
        if np.any((slowest.imag != 0) | (slowest.real < 0)):
            raise InvalidArgument(
                f"the slowest mode must not oscillate for a shrink per epoch, got {slowest}. Take eta smaller."
            )
        return out(np.exp(-steps / self.relaxation_time))
