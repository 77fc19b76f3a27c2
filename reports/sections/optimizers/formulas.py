"""The laws as they are printed: E w^2 under white noise, from the SymPy objects."""

from __future__ import annotations

from typing import Any

import theory
from reports.sections.optimizers.experiments import ETA, NOISE, N
from theory import SGD, Lion
from theory.settings import Optimizer

__all__ = ["formula"]


def formula(name: str, optimizer: Optimizer) -> dict[str, str]:
    """Return E w^2 under white noise as Typst mathematics, and how it is evaluated."""
    from theory.algebra.typst_math import typst_math
    from theory.symbols import h, mu, x, y
    from theory.weight.laws.linear import momentum_optimizer

    eq = theory.equilibrium(N, 0.1 * N, ETA, optimizer=optimizer, noise=NOISE)
    if isinstance(optimizer, SGD):
        coupled = optimizer.momentum == 0 or not optimizer.decoupled
        law = momentum_optimizer(optimizer).moments(correlated=False).variance.subs(y if coupled else x, 0)
        expression = _positive(law if optimizer.momentum else law.subs(mu, 0))
    else:
        expression = (eq.expression**2).subs(h, 0)
    how = "series" if isinstance(optimizer, Lion) else eq.method
    return {"name": name, "formula": typst_math(expression), "method": how}


def _positive(law: Any) -> Any:
    """Write a positive fraction with every bracket positive at small rates, as people do."""
    import sympy as sp

    from theory.symbols import mu, x, y

    def product(expression: Any) -> Any:
        factors = sp.Mul.make_args(sp.factor(expression))
        small = {mu: 0.5, x: 0.01, y: 0.01}
        return sp.Mul(*(-f if f.subs(small).could_extract_minus_sign() else f for f in factors))

    top, bottom = (product(part) for part in sp.fraction(sp.factor(law)))
    return top / bottom
