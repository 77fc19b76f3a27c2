"""The laws as the page evaluates them: JavaScript printed from the SymPy objects of `theory`, never typed again.

The shapes of a schedule's fall are NumPy functions there, and stand here once more: a test holds one against the other.

>>> print(javascript({"balance": laws()["adamw_balance"]}).splitlines()[1])
  balance: ({lambda, n}) => n/lambda,
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import theory

__all__ = ["falls", "javascript", "laws"]


@lru_cache
def laws() -> dict[str, Any]:
    """Return every formula of the page by its name there.

    Returns
    -------
    dict
        Of SymPy expressions in the theory's symbols, or lists of them (matrices row by row).

    Notes
    -----
    linear_*: SGD with momentum mu under noise of memory r = 1 - d, with coupled decay in x or decoupled decay in y;
    plain SGD is mu = 0. Its gaps are the coefficients of the polynomial whose roots are 1 - z, z the eigenvalues.
    adamw_*: in S, the sum of the step's autocovariances, to which every mode c f^(s - 1) adds `adamw_mode` twice.
    *_meets: the only lam at which plain SGD settles at 1/sqrt(n).
    """
    import sympy as sp

    from theory.symbols import a, eta, h, lam, n, x, z
    from theory.weight.derivations.linear import moments_of, momentum_recursion
    from theory.weight.derivations.plain import derive_plain
    from theory.weight.laws.linear import plain_optimizer

    momentum = moments_of(momentum_recursion(nesterov=False), correlated=True)
    plain, step = derive_plain(correlated=True), plain_optimizer().recursion
    adamw = theory.equilibrium(n, lam, eta, optimizer=theory.AdamW())
    batch_size = sp.Symbol("m", positive=True)
    return {
        "linear_variance": momentum.variance,
        "linear_balance": momentum.balance,
        "linear_conditions": list(momentum.conditions),
        "linear_gaps": sp.Poly(momentum.recursion.characteristic(1 - z), z).all_coeffs(),
        "linear_M": list(momentum.driven.M),
        "linear_B": list(momentum.driven.B),
        "adamw_variance": adamw.expression**2,
        "adamw_balance": adamw.balance,
        "adamw_mode": _mode_sum(a),
        "plain_step": step.one_step(sp.Matrix([[sp.Symbol("V")]]))[0],
        "plain_variance": plain["stable form"].rhs,
        "white_meets": plain["white noise meets 1/sqrt(n)"].rhs.subs(h, 0),
        "coherent_meets": plain["coherent noise meets 1/sqrt(n)"].rhs.subs(h, 0),
        "rate": plain["rate"].rhs.subs(h, 0),
        "left": 1 - x,
        "shrink_per_epoch": theory.equilibrium(n, lam, eta).shrink_per_epoch(batch_size),
    }


@lru_cache
def falls() -> dict[str, Any]:
    """Return the shapes of a schedule's fall, `theory.settings.schedules.FALLS`, over the remaining fraction y.

    Examples
    --------
    >>> falls()["cosine"]
    sin(pi*y/2)**2
    """
    import sympy as sp

    y = sp.Symbol("y", nonnegative=True)
    return {"linear": y, "cosine": sp.sin(sp.pi * y / 2) ** 2, "trapezoid": y}


def _mode_sum(a: Any) -> Any:
    """Return the sum over s >= 1 of a^s c f^(s - 1): what one mode of the step's autocovariance adds to S(a)."""
    import sympy as sp

    s = sp.Symbol("s", integer=True, positive=True)
    c, f = sp.symbols("c f", positive=True)
    summed = sp.Sum(a**s * c * f ** (s - 1), (s, 1, sp.oo)).doit()
    return sp.cancel(summed.replace(sp.Piecewise, lambda converging, *_: converging[0]))


def javascript(formulas: Mapping[str, Any]) -> str:
    """Return an object literal of functions, each of an object that has its symbols by name."""
    import sympy as sp

    lines = ["{"]
    for name, formula in formulas.items():
        many = isinstance(formula, list)
        parts = formula if many else [formula]
        free = sorted({str(symbol) for part in parts for symbol in sp.sympify(part).free_symbols})
        printed = ", ".join(sp.jscode(part) for part in parts)
        lines.append(f"  {name}: ({{{', '.join(free)}}}) => {f'[{printed}]' if many else printed},")
    return "\n".join([*lines, "}"])
