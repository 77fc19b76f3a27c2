r"""Where an equilibrium exists, and what to say where it does not.

.. math:: 0 < \eta (\lambda/n + h) < 2

for plain SGD; with a memory, the Jury conditions of the optimizer's recursion
(`theory.algebra.recursion.jury_conditions`): all are positive exactly where every mode decays. The error names the
violated one and the largest learning rate that satisfies it. Assumptions and references: those of
`theory.weight.derivations.plain` and `theory.weight.derivations.linear`. Exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from theory.errors import NoEquilibrium

if TYPE_CHECKING:
    from theory.weight.derivations.linear import LinearMoments
    from theory.weight.problem import Problem

__all__ = ["refuse_linear", "refuse_plain"]

MODES = ("the weight runs away, or nothing holds it", "the step overshoots")


def refuse_plain(problem: Problem) -> None:
    """Refuse rates x = eta (lam/n + curvature) outside (0, 2)."""
    rates = np.asarray(problem.rate)
    if rates.size == 0 or (rates.min() > 0 and rates.max() < 2):
        return
    bad = ~((rates > 0) & (rates < 2))
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    n, eta, curvature, rate = (
        float(np.broadcast_to(v, rates.shape)[index]) for v in (problem.n, problem.eta, problem.curvature, rates)
    )
    here = _here(problem, index, bad)
    step, strength = ("eta", "lam/n + curvature") if problem.examples else ("lr", "weight_decay + curvature")
    if rate >= 2:
        raise NoEquilibrium(
            f"{here}the step overshoots, {step} ({strength}) = {rate:g} must be below 2. "
            f"Take {step} below {2 * eta / rate:g}."
        )
    decay = "lam" if problem.examples else "weight_decay"
    if rate == 0:
        raise NoEquilibrium(f"{here}without decay the variance grows without bound. Take {decay} above 0.")
    raise NoEquilibrium(
        f"{here}{strength} = {rate / eta:g} must be positive, or the weight runs away. "
        f"Take {decay} above {-n * curvature:g}."
    )


def _here(problem: Problem, index: tuple[int, ...], bad: np.ndarray) -> str:
    """Return the start of the message: the numbers of the first offending point, in the words they were given in."""
    words = {"lam": "lam", "eta": "eta", "n": "n"} if problem.examples else {"weight_decay": "lam", "lr": "eta"}
    numbers = {word: getattr(problem, name) for word, name in (words | {"curvature": "curvature"}).items()}
    text = ", ".join(f"{name} = {float(np.broadcast_to(v, bad.shape)[index]):g}" for name, v in numbers.items())
    which = index[0] if len(index) == 1 else index
    return (
        f"no equilibrium for {text}"
        + (f" (index {which}, {int(bad.sum())} of {bad.size} points)" if index else "")
        + ": "
    )


def refuse_linear(problem: Problem, moments: LinearMoments, values: dict[Any, Any]) -> None:
    """Refuse a recursion of which a Jury condition is not positive; `values` are those of its symbols."""
    conditions = np.broadcast_arrays(*moments.value("conditions", values))
    bad = ~(np.min(conditions, axis=0) > 0)
    if not bad.any():
        return
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    here = {s: float(np.broadcast_to(v, bad.shape)[index]) for s, v in values.items()}
    number = next(i for i, c in enumerate(conditions) if not c[index] > 0)
    limit = _largest_rate(moments.conditions[number], here)
    mode = MODES[number] if number < len(MODES) else "the memory feeds itself"
    step, decay = ("eta", "lam") if problem.examples else ("lr", "weight_decay")
    raise NoEquilibrium(
        f"{_here(problem, index, bad)}{mode}, {moments.conditions[number]} = {conditions[number][index]:g} must be "
        f"positive for {problem.optimizer} (x = {here[_symbol('x')]:g}: eta times what multiplies w in the gradient, "
        f"y = {here[_symbol('y')]:g}: eta lam/n where decoupled). "
        + (
            f"Take {step} below {limit:g}."
            if limit
            else f"No learning rate satisfies it. Take more {decay} or curvature."
        )
    )


def _symbol(name: str) -> Any:
    from theory import symbols

    return getattr(symbols, name)


def _largest_rate(condition: Any, values: dict[Any, float]) -> float | None:
    """Return the learning rate up to which `condition` is positive, all else being equal; None if there is none."""
    import sympy as sp

    eta, x, y = (_symbol(name) for name in ("eta", "x", "y"))
    share = sp.Symbol("share", positive=True)  # of the learning rate: x and y are proportional to it
    rest = {s: v for s, v in values.items() if s not in (x, y, eta)}
    line = sp.Poly(condition.subs({x: share * values[x], y: share * values[y]}).subs(rest), share)
    crossings = [float(z.real) for z in np.roots([float(c) for c in line.all_coeffs()]) if z.imag == 0]
    found = [z for z in crossings if 0 < z <= 1 and line.eval(z * (1 - 1e-6)) > 0]
    return min(found) * values[eta] if found else None
