r"""The stationary state of a weight as people hold it: numbers, expressions, the way there. Plain SGD is written here.

.. math:: E w^2 = \frac{\eta^2 \sigma^2 (1 + a r)}{(1 - a^2)(1 - a r)}

Optimizers with a memory of their own override what differs for them (`theory.weight.laws.linear`,
`theory.weight.laws.adam`, `theory.weight.laws.lion`). Derivation, assumptions, range and references are those of
`theory.weight.derivations.plain`. Exact in discrete time: no error order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from theory.errors import InvalidArgument
from theory.settings import SGD, check_range, finite, non_negative, positive
from theory.settings.types import Value
from theory.weight.inverse_sqrt_n import InverseSqrtN, meeting, meeting_law
from theory.weight.stability import refuse_plain
from theory.weight.transient import last_step_outside, variance_after

__all__ = ["PLAIN", "Equilibrium", "number", "root"]

PLAIN = SGD()


def root(value: Value) -> Value:
    """Return the square root of a float or an array, as what it was."""
    return math.sqrt(value) if isinstance(value, float) else np.sqrt(value)


def number(name: str, value: Value) -> float | np.ndarray:
    """Return `value` as a float or an array of floats; refuse anything else."""
    if isinstance(value, (float, int)) and not isinstance(value, bool):
        return float(value)
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise InvalidArgument(f"{name} must be a real number, an array of them or a SymPy expression, got {value!r}.")
    return float(array) if array.ndim == 0 else array.astype(float)


@lru_cache
def _law(step: str, correlated: bool, backend: str) -> Callable[..., Value]:
    """Compile the right-hand side of one step of the derivation as a function of x, d = 1 - r, eta, sigma."""
    import sympy as sp

    from theory.symbols import d, eta, sigma, x
    from theory.weight.derivations.plain import derive

    return sp.lambdify([x, d, eta, sigma], derive(correlated=correlated)[step].rhs, backend)


@dataclass(frozen=True)
class Equilibrium:
    """The stationary state of a weight under decay and noise, made by `equilibrium`; numbers are computed when asked.

    Attributes
    ----------
    n, lam, eta, noise, correlation, curvature : float, ndarray or Expr
        What it was made for (see `equilibrium`).
    optimizer : SGD, Adam, Lion or one of your own
        The same.
    """

    n: Value
    lam: Value
    eta: Value
    noise: Value
    correlation: Value
    curvature: Value
    optimizer: Any = PLAIN

    @property
    def method(self) -> str:
        """How the numbers come about: "exact", "quadrature" (exact up to numerical integration) or "approximate"."""
        return "exact"

    @property
    def accuracy(self) -> float:
        """Relative error of the variance: 0 where exact up to rounding, the measured one where approximate."""
        return {"exact": 0.0, "quadrature": 1e-7}[self.method]

    def refuse_without_equilibrium(self) -> None:
        """Raise NoEquilibrium, saying what to change, unless the weight has a stationary state."""
        refuse_plain(self)

    @property
    def _symbolic(self) -> bool:
        return hasattr(self.n, "free_symbols")

    @cached_property
    def rate(self) -> Value:
        """x = eta (lam/n + curvature): the fraction of a weight that one step takes away."""
        strength = self.lam / self.n
        if not (isinstance(self.curvature, float) and self.curvature == 0):
            strength = strength + self.curvature
        return self.eta * strength

    @cached_property
    def shrink(self) -> Value:
        """a = 1 - eta (lam/n + curvature): the fraction of a weight that one step leaves."""
        return 1 - self.rate

    @cached_property
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        if self._symbolic:
            return self._in_my_terms(self._derivation.result)
        arguments = self.rate, 1 - self.correlation, self.eta, self.noise
        backend = "math" if all(isinstance(v, float) for v in arguments) else "numpy"
        return _law("stable form", bool(np.any(self.correlation != 0)), backend)(*arguments)

    @cached_property
    def scale(self) -> Value:
        """Standard deviation of a weight (rms about zero) in the stationary state."""
        return self._sqrt(self.variance)

    @cached_property
    def balance(self) -> Value:
        """The scale at which decay balances a gradient `noise` of constant sign: the limit correlation to 1."""
        return self.noise / (self.lam / self.n + self.curvature)

    @cached_property
    def relaxation_time(self) -> Value:
        """Steps in which the weight's memory falls by e: -1/ln of the larger of abs(a) and the noise's memory."""
        if self._symbolic:
            import sympy as sp

            return -1 / sp.log(sp.Max(sp.Abs(self.shrink), sp.Abs(self.correlation)))
        slowest = np.minimum(self._gap(self.rate), 1 - self._memory)  # 1 - abs of each, without cancellation
        with np.errstate(divide="ignore"):
            return self._out(-1 / np.log1p(-slowest))

    @cached_property
    def settling_time(self) -> Value:
        """Steps in which the excess of E w^2 over its equilibrium falls by e in the long run.

        Its terms fall as a^2t and as (a r)^t, r the noise's memory: half the relaxation time where a is the slower.
        """
        if self._symbolic:
            raise NotImplementedError("settling_time is in numbers. Symbols: the transient of theory.derive().")
        with np.errstate(divide="ignore"):
            own = -np.log1p(-self._gap(self.rate))
        return self._out(1 / (own + 1 / self.relaxation_time))

    @property
    def _memory(self) -> Value:
        """Factor per step by which what drives the weight forgets."""
        return np.abs(self.correlation)

    @staticmethod
    def _gap(x: Value) -> Value:
        return np.where(np.asarray(x) <= 1, x, 2 - np.asarray(x))

    @property
    def expression(self) -> Any:
        """The scale as a SymPy expression in n, lambda, eta (and sigma, r, h where they are not the defaults)."""
        import sympy as sp

        from theory.symbols import h, n, r, sigma

        defaults = {} if self._is_default("correlation") else {r: r}
        expression = self._derivation.result.subs(defaults)
        if self._is_default("curvature"):
            expression = expression.subs(h, 0)
        if self._is_default("noise"):
            expression = expression.subs(sigma, 1 / sp.sqrt(n))
        return sp.Pow(expression, sp.Rational(1, 2), evaluate=False)  # one root, as people write it

    @property
    def _derivation(self) -> Any:
        from theory.weight.derivations.plain import derive

        return derive(optimizer=self.optimizer, correlated=not self._is_default("correlation"))

    def _is_default(self, name: str) -> bool:
        if name == "noise":
            return bool(self.noise**-2 == self.n) if self._symbolic else bool(np.all(self.noise == 1 / root(self.n)))
        return bool(np.all(getattr(self, name) == 0))

    def _in_my_terms(self, expression: Any) -> Any:
        """Replace the theory's symbols by what this object was made for."""
        from theory.symbols import ARGUMENTS

        return expression.subs({symbol: getattr(self, name) for symbol, name in ARGUMENTS.items()}, simultaneous=True)

    def _sqrt(self, value: Value) -> Value:
        if self._symbolic:
            import sympy as sp

            return sp.sqrt(value)
        return root(value)

    def _out(self, value: Value) -> Value:
        """Return a float for scalars and an array otherwise."""
        return float(value) if np.ndim(value) == 0 else value

    def rms(self, steps: Value, start: Value) -> Value:
        """Return sqrt(E w_t^2) after `steps` from weights that start at `start` (or with that rms about zero).

        Parameters
        ----------
        steps : int, array of whole numbers or Symbol
            Zero or more; broadcasts against `start` and the arguments of the equilibrium.
        start : float, ndarray or Expr
            The start weight.

        Returns
        -------
        float, ndarray or Expr
            White noise: E w_t^2 = a^(2t) start^2 + variance (1 - a^(2t)). With correlation r the noise has been running
            for ever but the start does not know it, and 2 (eta noise)^2 r a^t (a^t - r^t) / ((1 - a r)(a - r)) is
            subtracted (`derive(correlated=True)["transient"]`).

        Raises
        ------
        InvalidArgument
            If steps are negative or not whole, or `start` is not finite.
        """
        if self._symbolic:
            import sympy as sp

            from theory.symbols import V, a, t, w_start

            formula = self._derivation["transient"].rhs.doit().subs({V: self.variance, t: steps, w_start: start})
            return sp.sqrt(self._in_my_terms(formula.subs(a, self.shrink)))
        steps, start = number("steps", steps), number("start", start)
        non_negative("steps", steps)
        if np.any(np.asarray(steps) % 1):
            raise InvalidArgument(f"steps must be whole numbers, got {steps!r}. Round them.")
        finite("start", start)
        return self._out(np.sqrt(self._variance_after(steps, start)))

    def _variance_after(self, steps: Value, start: Value) -> Value:
        return variance_after(
            steps, start, x=self.rate, d=1 - self.correlation, eta=self.eta, sigma=self.noise, V=self.variance
        )

    def shrink_per_epoch(self, batch_size: Value, *, limit: bool = False) -> Value:
        """Return the factor by which an epoch of n / batch_size steps shrinks the mean weight.

        Parameters
        ----------
        batch_size : int
            Examples per step, m.
        limit : bool
            False: a^(n/m), exact. True: its limit for small steps, exp(-eta (lam + n curvature) / m), the textbook's.

        Raises
        ------
        InvalidArgument
            If `batch_size` is not positive, or a is negative (each step then flips the sign of the weight).
        """
        if self._symbolic:
            import sympy as sp

            return sp.exp(-self.rate * self.n / batch_size) if limit else self.shrink ** (self.n / batch_size)
        positive("batch_size", number("batch_size", batch_size), "Give the number of examples per step.")
        epoch = self.n / number("batch_size", batch_size)
        if limit:
            return self._out(np.exp(-self.rate * epoch))
        hint = "Above it every step flips the sign of the weight."
        check_range("eta (lam/n + curvature)", self.rate, 0, 1, must="below 1 for a shrink per epoch", hint=hint)
        return self._out(np.exp(epoch * np.log1p(-self.rate)))

    def tail_off(self, start: Value, within: Value = 0.05) -> Value:
        """Return the first step from which the rms stays within the fraction `within` of the equilibrium scale.

        Parameters
        ----------
        start : float or ndarray
            The start weight (or its rms).
        within : float or ndarray
            Between 0 and 1, both excluded.

        Returns
        -------
        int or ndarray of int
            Zero if the rms never leaves the band.

        Raises
        ------
        InvalidArgument
            If `start` is not finite, `within` is outside its range, or the equilibrium is symbolic.
        """
        if self._symbolic:
            raise InvalidArgument(f"tail_off needs numbers, got an equilibrium in symbols: {self.variance}.")
        start, within = number("start", start), number("within", within)
        finite("start", start)
        check_range("within", within, 0, 1)
        inputs = (self.n, self.lam, self.eta, self.noise, self.correlation, self.curvature, start, within)
        found = np.vectorize(self._tail_off_once, otypes=[np.int64])(*inputs)
        return int(found) if found.ndim == 0 else found

    def _tail_off_once(self, *arguments: float) -> int:
        """Return the tail-off for one set of numbers (n, lam, eta, noise, correlation, curvature, start, within)."""
        *model, start, within = (float(v) for v in arguments)
        n, lam, eta, noise, correlation, curvature = model
        eq = type(self)(n, lam, eta, noise, correlation, curvature, self.optimizer)
        upper, lower = (1 + within) ** 2 * eq.variance, (1 - within) ** 2 * eq.variance

        def outside(steps: np.ndarray) -> np.ndarray:
            now = eq._variance_after(steps, start)
            return np.asarray((now > upper) | (now < lower))

        horizon = 1.0
        bound = eq._deviation_bound(start)
        while bound(horizon) >= eq.variance - lower:  # the band's narrow side
            horizon *= 2
        return last_step_outside(outside, horizon) + 1

    def _deviation_bound(self, start: float) -> Callable[[float], float]:
        """Return a function that no later deviation of E w_t^2 from the variance exceeds; one set of numbers only."""
        slowest = np.exp(-1 / self.relaxation_time) if self.relaxation_time else 0.0
        memory = 2 * (self.eta * self.noise) ** 2 * abs(self.correlation) / (1 - self.shrink * self.correlation)
        return lambda t: float(  # |a|^t (a^t - r^t)/(a - r) is at most t slowest^(t - 1) |a|^t
            abs(start**2 - self.variance) * slowest ** (2 * t) + memory * t * slowest ** (t - 1) * abs(self.shrink) ** t
        )

    @cached_property
    def inverse_sqrt_n(self) -> InverseSqrtN:
        """When is the prediction equal to the textbook's 1/sqrt(n)? The ratio, and the only lam for which it is."""
        value = self.n**-0.5
        if type(self) is not Equilibrium:
            from theory.design.design_rules import meeting_by_search

            return InverseSqrtN(value, self.scale / value, *meeting_by_search(self), plain=False)
        if self._symbolic:
            white, coherent = (self._in_my_terms(meeting(case)) for case in ("white", "coherent"))
            return InverseSqrtN(value, self.scale / value, white, coherent)
        inputs = (self.n, self.eta, self.noise, self.curvature)
        white, coherent = (self._out(meeting_law(case)(*inputs)) for case in ("white", "coherent"))
        return InverseSqrtN(value, self.scale / value, white, coherent)

    def __float__(self) -> float:
        return float(self.scale)

    def __str__(self) -> str:
        rows = {
            "scale": "rms of a weight in the stationary state",
            "variance": "its square",
            "balance": "the scale if the noise kept its sign",
            "shrink": "factor per step",
            "relaxation_time": "steps",
        }
        numbers = not self._symbolic and np.ndim(self.variance) == 0
        shown = {name: f"{getattr(self, name):.10g}" if numbers else str(getattr(self, name)) for name in rows}
        lines = [f"{name:16} {shown[name]:14} {meaning}" for name, meaning in rows.items()]
        lines.append(f"{'method':16} {self.method:14} how the variance comes about")
        return "\n".join([*lines, *([f"1/sqrt(n)        {self.inverse_sqrt_n}"] if numbers else [])])

    def _repr_latex_(self) -> str:
        import sympy as sp

        left = sp.Symbol("w_rms")
        value = "" if self._symbolic or np.ndim(self.scale) else f" = {self.scale:.6g}"
        return f"$\\displaystyle {sp.latex(sp.Eq(left, self.expression))}{value}$"
