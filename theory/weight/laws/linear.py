r"""The stationary state of a weight under an optimizer that is a linear recursion: momentum, Nesterov, your own.

.. math:: P_t = P + M^t (P_0 - P) (M^{\mathsf T})^t

Every number follows from the optimizer's M and B: the variance from the closed form that SymPy derives
(`theory.weight.derivations.linear`), the relaxation time from the eigenvalues, the way there from the transient above,
which starts with an empty buffer.

Assumptions, range and references: those of `theory.weight.derivations.linear` and `theory.algebra.recursion`. Exact in
discrete time: no error order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.errors import InvalidArgument
from theory.settings import positive
from theory.weight.stability import refuse_linear
from theory.weight.stationary import Equilibrium, number

if TYPE_CHECKING:
    from theory.algebra.recursion import NumericRecursion
    from theory.weight.derivations.linear import LinearLaw, LinearOptimizer

from theory.settings.types import Value

__all__ = ["MomentumEquilibrium"]


class MomentumEquilibrium(Equilibrium):
    """The stationary state under a linear optimizer (see `theory.equilibrium`)."""

    def refuse_without_equilibrium(self) -> None:
        """Raise NoEquilibrium, naming the Jury condition that fails, unless the weight has a stationary state."""
        refuse_linear(self)

    @cached_property
    def linear(self) -> LinearOptimizer:
        """The optimizer's recursion."""
        from theory.weight.derivations.linear import as_linear

        return as_linear(self.optimizer)

    @cached_property
    def law(self) -> LinearLaw:
        """What follows from the recursion and the kind of noise."""
        return self.linear.law(not self._is_default("correlation"))

    @cached_property
    def arguments(self) -> dict[Any, Value]:
        """The value of every symbol of the recursion."""
        return self.linear.arguments(self.n, self.lam, self.eta, self.noise, self.correlation, self.curvature)

    @cached_property
    def numeric(self) -> NumericRecursion:
        """The recursion in numbers, its noise included."""
        return self.law.driven.at(self.arguments)

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        return self._evaluate("variance")

    @cached_property
    def balance(self) -> Value:
        """The scale at which decay balances a gradient `noise` of constant sign: the limit correlation to 1."""
        return self._evaluate("balance")

    def _evaluate(self, name: str) -> Value:
        if self._symbolic:
            return getattr(self.law, name).subs(self.arguments, simultaneous=True)
        return self.law.value(name, self.arguments)

    @cached_property
    def shrink(self) -> Value:
        """Factor per step in the long run: the slowest eigenvalue of the recursion, or its modulus if it is complex."""
        if self._symbolic:
            import sympy as sp

            return sp.Max(*(sp.Abs(z) for z in self._eigenvalues))
        slowest = self.numeric.spectrum()[..., 0]
        return self._out(np.where(slowest.imag == 0, slowest.real, np.abs(slowest)))

    @property
    def _eigenvalues(self) -> list[Any]:
        import sympy as sp

        from theory.symbols import z

        return sp.roots(sp.Poly(self.law.driven.characteristic(), z).subs(self.arguments), z, multiple=True)

    @cached_property
    def relaxation_time(self) -> Value:
        """Steps in which the memory of the start falls by e in the long run: -1/ln of the slowest eigenvalue's size."""
        if self._symbolic:
            import sympy as sp

            return -1 / sp.log(self.shrink)
        return self._out(self.numeric.relaxation_time())

    @cached_property
    def settling_time(self) -> Value:
        """Steps in which the excess of E w^2 over its equilibrium falls by e in the long run (see `Equilibrium`)."""
        if self._symbolic:
            return super().settling_time
        own = self.law.recursion.at(self.arguments).relaxation_time()
        return self._out(1 / (1 / own + 1 / np.asarray(self.relaxation_time)))

    def rms(self, steps: Value, start: Value) -> Value:
        """Return sqrt(E w_t^2) after `steps` from weights that start at `start`, the buffer empty.

        Parameters
        ----------
        steps : int or array of whole numbers
            Zero or more; broadcasts against `start` and the arguments of the equilibrium.
        start : float or ndarray
            The start weight, or its rms about zero.

        Returns
        -------
        float or ndarray
            From the transient of the recursion. Noise with a memory has been running for ever; the start does not know.

        Raises
        ------
        InvalidArgument
            If steps are negative or not whole, `start` is not finite, or the equilibrium is symbolic.
        """
        if self._symbolic:
            raise InvalidArgument(f"rms needs numbers with momentum, got symbols; see theory.derive({self.optimizer}).")
        return super().rms(steps, start)

    def _variance_after(self, steps: Value, start: Value) -> Value:
        return self.numeric.moments_after(steps, self._start_moments(start))[..., 0, 0]

    def _start_moments(self, start: Value) -> np.ndarray:
        """Return E s s^T of a weight `start`, an empty buffer and (with a memory) noise of unit variance."""
        k = self.numeric.M.shape[-1]
        moments = np.zeros((*np.shape(start), k, k))
        moments[..., 0, 0] = np.square(start)
        if self.law.correlated:
            moments[..., -1, -1] = 1
        return moments

    def _deviation_bound(self, start: float) -> Callable[[float], float]:
        """Return a bound on the later deviations of E w_t^2.

        If P_t - P lies between -c P and c P it does so ever after, because M P M^T does not exceed P.
        """
        from scipy.linalg import eigh

        P = self.numeric.covariance()

        def bound(t: float) -> float:
            away = self.numeric.moments_after(t, self._start_moments(start)) - P
            return float(np.abs(eigh(away, P, eigvals_only=True)).max() * P[0, 0])

        return bound

    def shrink_per_epoch(self, batch_size: Value, *, limit: bool = False) -> Value:
        """Return the factor by which an epoch of n / batch_size steps shrinks the mean weight in the long run.

        Parameters
        ----------
        batch_size : int
            Examples per step, m.
        limit : bool
            The small-step limit has one form only here: must be False.

        Raises
        ------
        InvalidArgument
            If `batch_size` is not positive, `limit` is asked for, or the slowest mode oscillates.
        """
        if limit:
            raise InvalidArgument("limit must be False with momentum, got True. The exact factor is what there is.")
        if self._symbolic:
            return self.shrink ** (self.n / batch_size)
        positive("batch_size", number("batch_size", batch_size), "Give the number of examples per step.")
        slowest = self.numeric.spectrum()[..., 0]
        if np.any((slowest.imag != 0) | (slowest.real < 0)):
            raise InvalidArgument(
                f"the slowest mode must not oscillate for a shrink per epoch, got {slowest}. Take eta smaller."
            )
        return self._out(np.exp(-self.n / number("batch_size", batch_size) / self.relaxation_time))
