r"""Where weight decay holds a weight: the public face of the derivation.

.. math:: E w^2 = \frac{\eta}{(2 - \eta\lambda/n) \lambda}

with the defaults (white gradient noise of size :math:`1/\sqrt n`, no curvature). With noise that keeps its sign the
scale tends to :math:`\sqrt n/\lambda` instead, the literal balance of decay and gradient; one formula, that of
`theory.derivation`, covers both. Assumptions, range and references are stated there. Exact: no error order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from theory.errors import InvalidArgument, NoEquilibrium
from theory.settings import DecayRule, check_range, finite, non_negative, positive
from theory.transient import last_step_outside, variance_after

__all__ = ["Equilibrium", "InverseSqrtN", "equilibrium"]

Value = Any  # a float, an array of floats, or a SymPy expression; out comes what went in


def equilibrium(
    n: Value,
    lam: Value,
    eta: Value,
    *,
    noise: Value | None = None,
    correlation: Value = 0.0,
    curvature: Value = 0.0,
) -> Equilibrium:
    """Predict where weight decay holds a weight, and how fast it gets there.

    One formula covers the two pictures people have of it. White gradient noise (`correlation` 0) makes the weight a
    random walk held back by decay, of scale sqrt(eta / 2 lam). Noise that keeps its sign (`correlation` to 1) is
    balanced by the decay term literally, and the scale is sqrt(n) / lam.

    Parameters
    ----------
    n : float, ndarray or Expr
        Number of training examples in the decay term eta lam w / n.
    lam : float, ndarray or Expr
        Regularisation parameter of the cost (lam / 2n) sum w^2.
    eta : float, ndarray or Expr
        Learning rate per step.
    noise : float, ndarray or Expr, optional
        Standard deviation of the gradient noise per weight. Default 1/sqrt(n).
    correlation : float, ndarray or Expr
        Autocorrelation of that noise from one step to the next (AR(1)), between -1 and 1. Default 0: white.
    curvature : float, ndarray or Expr
        Second derivative of the cost C0 in the weight. Default 0.

    Returns
    -------
    Equilibrium
        With `.scale`, `.variance`, `.relaxation_time`, `.rms(steps, start)` and more. Arrays broadcast; SymPy symbols
        in, SymPy expressions out. `float(eq)` is `eq.scale`.

    Raises
    ------
    InvalidArgument
        n, eta or noise not positive, lam negative, abs(correlation) not below 1, or anything NaN or infinite.
    NoEquilibrium
        lam = 0 without curvature (the variance grows without bound), or eta (lam/n + curvature) >= 2 (the step
        overshoots).

    Notes
    -----
    Exact in discrete time for noise that does not depend on the weight; `theory.derive()` shows the steps.

    References
    ----------
    See `theory.derivation`.

    Examples
    --------
    >>> eq = equilibrium(50_000, 5.0, 0.1)
    >>> print(f"{eq.scale:.8f} {eq.balance:.7f} {eq.shrink} {eq.relaxation_time:.1f}")
    0.10000025 44.7213595 0.99999 99999.5
    """
    given = {"n": n, "lam": lam, "eta": eta, "noise": noise, "correlation": correlation, "curvature": curvature}
    if any(hasattr(value, "free_symbols") for value in given.values()):
        import sympy as sp

        values = {name: sp.nsimplify(value) if value == 0 else sp.sympify(value) for name, value in given.items()}
        values["noise"] = 1 / sp.sqrt(values["n"]) if noise is None else values["noise"]
        return Equilibrium(**values)
    values = {name: _number(name, value) for name, value in given.items() if value is not None}
    _refuse_bad_arguments(values)
    if noise is None:
        values["noise"] = 1 / _root(values["n"])
    eq = Equilibrium(**values)
    _refuse_without_equilibrium(eq)
    return eq


def _number(name: str, value: Value) -> float | np.ndarray:
    if isinstance(value, float):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise InvalidArgument(f"{name} must be a real number, an array of them or a SymPy expression, got {value!r}.")
    return float(array) if array.ndim == 0 else array.astype(float)


def _refuse_bad_arguments(values: dict[str, Value]) -> None:
    DecayRule(values["n"], values["lam"], values["eta"])
    if "noise" in values:
        positive("noise", values["noise"], "Give the gradient noise per weight, or leave it out for 1/sqrt(n).")
    check_range(
        "correlation", values["correlation"], -1, 1, hint="Noise that never changes its sign is the limit `balance`."
    )
    finite("curvature", values["curvature"])
    try:
        np.broadcast_shapes(*(np.shape(value) for value in values.values()))
    except ValueError as error:
        raise InvalidArgument(f"the arguments' shapes must broadcast: {error}.") from error


def _refuse_without_equilibrium(eq: Equilibrium) -> None:
    rates = np.asarray(eq.rate)
    if rates.size == 0 or (rates.min() > 0 and rates.max() < 2):
        return
    bad = ~((rates > 0) & (rates < 2))
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    n, lam, eta, curvature, rate = (
        float(np.broadcast_to(v, rates.shape)[index]) for v in (eq.n, eq.lam, eq.eta, eq.curvature, rates)
    )
    where = (
        f" (index {index[0] if len(index) == 1 else index}, {int(bad.sum())} of {rates.size} points)" if index else ""
    )
    here = f"no equilibrium for lam = {lam:g}, eta = {eta:g}, n = {n:g}, curvature = {curvature:g}{where}: "
    if rate >= 2:
        raise NoEquilibrium(
            f"{here}the step overshoots, eta (lam/n + curvature) = {rate:g} must be below 2. "
            f"Take eta below {2 * eta / rate:g}."
        )
    if rate == 0:
        raise NoEquilibrium(f"{here}without decay the variance grows without bound. Take lam above 0.")
    raise NoEquilibrium(
        f"{here}lam/n + curvature = {rate / eta:g} must be positive, or the weight runs away. "
        f"Take lam above {-n * curvature:g}."
    )


def _root(value: Value) -> Value:
    return math.sqrt(value) if isinstance(value, float) else np.sqrt(value)


@lru_cache
def _law(step: str, correlated: bool, backend: str) -> Callable[..., Value]:
    """Compile the right-hand side of one step of the derivation as a function of x, d = 1 - r, eta, sigma."""
    import sympy as sp

    from theory.derivation import derive
    from theory.symbols import d, eta, sigma, x

    return sp.lambdify([x, d, eta, sigma], derive(correlated=correlated)[step].rhs, backend)


@dataclass(frozen=True)
class InverseSqrtN:
    """The textbook's 1/sqrt(n) beside the prediction, with the only `lam` for which they are equal.

    Attributes
    ----------
    value : float
        1/sqrt(n).
    ratio : float
        The predicted scale over it.
    lam_white : float
        The lam for which white noise gives 1/sqrt(n); NaN if none does.
    lam_coherent : float
        The lam for which noise of constant sign gives 1/sqrt(n); NaN if none does.
    """

    value: Value
    ratio: Value
    lam_white: Value
    lam_coherent: Value

    def __str__(self) -> str:
        return (
            f"{self.value:<14.10g} the scale is {self.ratio:.4g} times this; it would equal this\n"
            f"    for white noise only if lam = {self.lam_white:.6g} (by default eta n / 2 to leading order),\n"
            f"    for coherent noise only if lam = {self.lam_coherent:.6g} (by default n)"
        )


@dataclass(frozen=True)
class Equilibrium:
    """The stationary state of a weight under decay and noise, made by `equilibrium`; numbers are computed when asked.

    Attributes
    ----------
    n, lam, eta, noise, correlation, curvature : float, ndarray or Expr
        What it was made for (see `equilibrium`).
    """

    n: Value
    lam: Value
    eta: Value
    noise: Value
    correlation: Value
    curvature: Value

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
        """Steps in which the memory of the start falls by e: -1/ln of the larger of abs(a) and abs(correlation)."""
        if self._symbolic:
            import sympy as sp

            return -1 / sp.log(sp.Max(sp.Abs(self.shrink), sp.Abs(self.correlation)))
        slowest = np.minimum(
            self._gap(self.rate), 1 - np.abs(self.correlation)
        )  # 1 - abs of each, without cancellation
        with np.errstate(divide="ignore"):
            return self._out(-1 / np.log1p(-slowest))

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
        from theory.derivation import derive

        return derive(correlated=not self._is_default("correlation"))

    def _is_default(self, name: str) -> bool:
        if name == "noise":
            return bool(self.noise**-2 == self.n) if self._symbolic else bool(np.all(self.noise == 1 / _root(self.n)))
        return bool(np.all(getattr(self, name) == 0))

    def _in_my_terms(self, expression: Any) -> Any:
        """Replace the theory's symbols by what this object was made for."""
        from theory.symbols import ARGUMENTS

        return expression.subs({symbol: getattr(self, name) for symbol, name in ARGUMENTS.items()}, simultaneous=True)

    def _sqrt(self, value: Value) -> Value:
        if self._symbolic:
            import sympy as sp

            return sp.sqrt(value)
        return _root(value)

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
        steps, start = _number("steps", steps), _number("start", start)
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
        positive("batch_size", _number("batch_size", batch_size), "Give the number of examples per step.")
        epoch = self.n / _number("batch_size", batch_size)
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
        start, within = _number("start", start), _number("within", within)
        finite("start", start)
        check_range("within", within, 0, 1)
        inputs = (self.n, self.lam, self.eta, self.noise, self.correlation, self.curvature, start, within)
        found = np.vectorize(_tail_off, otypes=[np.int64])(*inputs)
        return int(found) if found.ndim == 0 else found

    @cached_property
    def inverse_sqrt_n(self) -> InverseSqrtN:
        """When is the prediction equal to the textbook's 1/sqrt(n)? The ratio, and the only lam for which it is."""
        value = self.n**-0.5
        if self._symbolic:
            white, coherent = (self._in_my_terms(_meeting(case)) for case in ("white", "coherent"))
            return InverseSqrtN(value, self.scale / value, white, coherent)
        inputs = (self.n, self.eta, self.noise, self.curvature)
        white, coherent = (self._out(_meeting_law(case)(*inputs)) for case in ("white", "coherent"))
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
        return "\n".join([*lines, *([f"1/sqrt(n)        {self.inverse_sqrt_n}"] if numbers else [])])

    def _repr_latex_(self) -> str:
        import sympy as sp

        left = sp.Symbol("w_rms")
        value = "" if self._symbolic or np.ndim(self.scale) else f" = {self.scale:.6g}"
        return f"$\\displaystyle {sp.latex(sp.Eq(left, self.expression))}{value}$"


def _tail_off(*arguments: float) -> int:
    """Return the tail-off for one set of numbers (n, lam, eta, noise, correlation, curvature, start, within)."""
    *model, start, within = arguments
    eq = Equilibrium(*(float(v) for v in model))
    upper, lower = (1 + within) ** 2 * eq.variance, (1 - within) ** 2 * eq.variance

    def outside(steps: np.ndarray) -> np.ndarray:
        now = eq._variance_after(steps, float(start))
        return np.asarray((now > upper) | (now < lower))

    horizon = 1.0
    slowest = np.exp(-1 / eq.relaxation_time) if eq.relaxation_time else 0.0
    memory = 2 * (eq.eta * eq.noise) ** 2 * abs(eq.correlation) / (1 - eq.shrink * eq.correlation)

    def bound(t: float) -> float:  # |a|^t (a^t - r^t)/(a - r) is at most t slowest^(t - 1) |a|^t
        return float(
            abs(start**2 - eq.variance) * slowest ** (2 * t) + memory * t * slowest ** (t - 1) * abs(eq.shrink) ** t
        )

    while bound(horizon) >= eq.variance - lower:  # the band's narrow side
        horizon *= 2
    return last_step_outside(outside, horizon) + 1


@lru_cache
def _meeting(case: str) -> Any:
    from theory.derivation import derive

    return derive(correlated=True)[f"{case} noise meets 1/sqrt(n)"].rhs


@lru_cache
def _meeting_law(case: str) -> Callable[..., Value]:
    """Compile the lam at which one limit equals 1/sqrt(n); NaN where it would be complex or negative."""
    import sympy as sp

    from theory.symbols import eta, h, n, sigma

    law = sp.lambdify([n, eta, sigma, h], _meeting(case), "numpy")

    def lam(*values: Value) -> Value:
        with np.errstate(invalid="ignore"):
            found = law(*values)
            return np.where(found >= 0, found, np.nan)

    return lam
