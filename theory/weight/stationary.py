"""The stationary state of a weight as people hold it: a problem and its law, in numbers or symbols, and the way there.

Every number comes from the `Law` of the problem's optimizer (`theory.weight.laws`), where assumptions, range and errors
are stated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from theory.errors import InvalidArgument
from theory.settings import (
    check_batch,
    check_flag,
    check_range,
    finite,
    non_negative,
    positive,
    positive_answer,
    representable,
)
from theory.settings.notebook import InNotebook
from theory.settings.types import Given, Value
from theory.weight.drawing import DrawsItsApproach
from theory.weight.inverse_sqrt_n import InverseSqrtN
from theory.weight.law import Law, law_that_holds
from theory.weight.problem import Problem, number, out, root
from theory.weight.transient import tail_off

__all__ = ["Equilibrium"]

ROWS = {
    "scale": "rms of a weight in the stationary state",
    "variance": "its square",
    "balance": "the scale if the noise kept its sign",
    "shrink": "factor per step",
    "relaxation_time": "steps",
}


@dataclass(frozen=True)
class Equilibrium(DrawsItsApproach, InNotebook, answer=("scale",)):
    """The stationary state of a weight under decay and noise, made by `equilibrium`; numbers are computed when asked.

    Attributes
    ----------
    problem : Problem
        What it was made for: `n`, `lam`, `eta`, `noise`, `correlation`, `curvature`, `optimizer`, which it passes on.
    law : Law
        What the optimizer knows of it.
    """

    problem: Problem
    law: Law = field(compare=False, repr=False)

    @property
    def n(self) -> Value:
        """Number of training examples in the decay term."""
        return self.problem.n

    @property
    def lam(self) -> Value:
        """Regularisation parameter."""
        return self.problem.lam

    @property
    def eta(self) -> Value:
        """Learning rate per step."""
        return self.problem.eta

    @property
    def noise(self) -> Value:
        """Standard deviation of the gradient noise per weight."""
        return self.problem.noise

    @property
    def correlation(self) -> Value:
        """Autocorrelation of the noise from one step to the next."""
        return self.problem.correlation

    @property
    def curvature(self) -> Value:
        """Second derivative of the cost in the weight."""
        return self.problem.curvature

    @property
    def optimizer(self) -> Any:
        """Whose steps are taken."""
        return self.problem.optimizer

    @property
    @representable
    def rate(self) -> Value:
        """x = eta (lam/n + curvature): the fraction of a weight that decay and curvature take away per step."""
        return self.problem.rate

    @property
    def method(self) -> str:
        """How the numbers come about: "exact", "quadrature" (exact up to numerical integration) or "approximate"."""
        return self.law.method

    @property
    def accuracy(self) -> float:
        """Relative error of the variance: 0 where exact up to rounding, else as measured; nan where it was not."""
        return self.law.accuracy

    @property
    @positive_answer
    def variance(self) -> Value:
        """E w^2 in the stationary state."""
        return self.law.variance

    @cached_property
    @positive_answer
    def scale(self) -> Value:
        """Standard deviation of a weight (rms about zero) in the stationary state."""
        return self._root(self.variance)

    @property
    @positive_answer
    def balance(self) -> Value:
        """The scale at which decay balances a gradient `noise` of constant sign: the limit correlation to 1."""
        return self.law.balance

    @property
    @representable
    def shrink(self) -> Value:
        """Factor per step in the long run; a = 1 - eta (lam/n + curvature) for plain SGD."""
        return self.law.shrink

    @property
    @representable
    def relaxation_time(self) -> Value:
        """Steps in which the weight's memory of its start or of the noise, whichever lasts longer, falls by e."""
        return self.law.relaxation_time

    @property
    @representable
    def settling_time(self) -> Value:
        """Steps in which the excess of E w^2 over its equilibrium falls by e in the long run."""
        return self.law.settling_time

    @property
    def expression(self) -> Any:
        """The scale as a SymPy expression in n, lambda, eta (and sigma, r, h where they are not the defaults)."""
        return self.law.expression

    def _root(self, value: Value) -> Value:
        if self.problem.symbolic:
            import sympy as sp

            return sp.sqrt(value)
        return root(value)

    @representable
    def rms(self, steps: Given, start: Given) -> Value:
        """Return sqrt(E w_t^2) after `steps` from weights that start at `start` (or with that rms about zero).

        Parameters
        ----------
        steps : int, array of whole numbers or Symbol
            Zero or more; broadcasts against `start` and the arguments of the equilibrium.
        start : float, ndarray or Expr
            The start weight. An optimizer's memory is empty then. Where the decay is divided with the gradient and
            (lam/n + curvature) start exceeds a fifth of the noise: that of every weight, see `theory.trajectory`.

        Returns
        -------
        float, ndarray or Expr
            White noise: E w_t^2 = a^(2t) start^2 + variance (1 - a^(2t)). With correlation r the noise has been running
            for ever but the start does not know it, and 2 (eta noise)^2 r a^t (a^t - r^t) / ((1 - a r)(a - r)) is
            subtracted (`derive(correlated=True)["transient"]`). With momentum: the transient of the recursion.

        Raises
        ------
        InvalidArgument
            If steps are negative or not whole, or `start` is not finite; with momentum, if the equilibrium is symbolic.
        NotImplementedError
            For an optimizer whose way to equilibrium is not derived.
        """
        if self.problem.symbolic:
            return self._root(self.law.variance_after(steps, start))
        steps, start = number("steps", steps), number("start", start)
        non_negative("steps", steps)
        if np.any(np.asarray(steps) % 1):
            raise InvalidArgument(f"steps must be whole numbers, got {steps!r}. Round them.")
        finite("start", start)
        return out(np.sqrt(self.law.variance_after(steps, start)))

    @representable
    def shrink_per_epoch(self, batch_size: Given, *, limit: bool = False) -> Value:
        """Return the factor by which an epoch of n / batch_size steps shrinks the mean weight.

        Parameters
        ----------
        batch_size : int
            Examples per step, m.
        limit : bool
            False: a^(n/m), exact (with momentum: of the slowest mode). True: its limit for small steps,
            exp(-eta (lam + n curvature) / m), the textbook's; not with momentum.

        Raises
        ------
        InvalidArgument
            If `batch_size` is not positive, a is negative (each step then flips the sign of the weight), or the slowest
            mode oscillates.
        """
        self._refuse_without_examples("shrink_per_epoch")
        check_flag("limit", limit)
        if self.problem.symbolic:
            return self.law.shrink_over(self.n / batch_size, limit=limit)
        batch_size = number("batch_size", batch_size)
        positive("batch_size", batch_size, "Give the number of examples per step.")
        check_batch(batch_size, self.n)
        return self.law.shrink_over(self.n / batch_size, limit=limit)

    @representable
    def tail_off(self, start: Given, within: Given = 0.05) -> Value:
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
        NotImplementedError
            For an optimizer whose way to equilibrium is not derived.
        """
        if self.problem.symbolic:
            raise InvalidArgument(f"tail_off needs numbers, got an equilibrium in symbols: {self.variance}.")
        start, within = number("start", start), number("within", within)
        finite("start", start)
        check_range("within", within, 0, 1)

        def once(n: float, lam: float, eta: float, *rest: float) -> int:
            noise, correlation, curvature, start, within = (float(value) for value in rest)
            numbers = {"n": float(n), "lam": float(lam), "eta": float(eta)}
            one = self.problem.at(**numbers, noise=noise, correlation=correlation, curvature=curvature)
            return tail_off(law_that_holds(one), start, within)

        inputs = (self.n, self.lam, self.eta, self.noise, self.correlation, self.curvature, start, within)
        found = np.vectorize(once, otypes=[np.int64])(*inputs)
        return int(found) if found.ndim == 0 else found

    @cached_property
    def inverse_sqrt_n(self) -> InverseSqrtN:
        """When is the prediction equal to the textbook's 1/sqrt(n)? The ratio, and the only lam for which it is."""
        self._refuse_without_examples("inverse_sqrt_n")
        value, (white, coherent) = self.n**-0.5, self.law.meeting()
        return InverseSqrtN(value, self.scale / value, white, coherent, closed_form=self.law.meeting_in_closed_form)

    def _refuse_without_examples(self, what: str) -> None:
        if not self.problem.examples:
            raise InvalidArgument(f"{what} needs n, the number of training examples: give n, lam and eta.")

    def __float__(self) -> float:
        return float(self.scale)

    def __str__(self) -> str:
        numbers = not self.problem.symbolic and np.ndim(self.variance) == 0
        meeting = [f"1/sqrt(n)        {self.inverse_sqrt_n}"] if numbers and self.problem.examples else []
        shown = {name: f"{getattr(self, name):.10g}" if numbers else str(getattr(self, name)) for name in ROWS}
        lines = [f"{name:16} {shown[name]:14} {meaning}" for name, meaning in ROWS.items()]
        lines.append(f"{'method':16} {self.method:14} how the variance comes about")
        if numbers and self.accuracy > 0:
            lines.append(f"{'accuracy':16} {self.accuracy:<14.2g} relative error of the variance")
        return "\n".join([*lines, *meeting])

    def _repr_latex_(self) -> str:
        import sympy as sp

        left = sp.Symbol("w_rms")
        value = "" if self.problem.symbolic or np.ndim(self.scale) else f" = {self.scale:.6g}"
        return f"$\\displaystyle {sp.latex(sp.Eq(left, self.expression))}{value}$"
