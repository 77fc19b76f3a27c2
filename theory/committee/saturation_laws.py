"""The steps of the saturated unit's derivation, compiled."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

__all__ = ["imbalance_law", "least_rate", "step_law"]


@lru_cache
def step_law(step: str, *arguments: str) -> Callable[..., float]:
    """Compile the right-hand side of a step of the derivation as a function of the symbols of the given names."""
    import sympy as sp

    from theory.committee.saturation_derivation import derive_saturation

    found = derive_saturation()[step].rhs
    return sp.lambdify([sp.Symbol(name, positive=True) for name in arguments], found, "numpy")


@lru_cache
def imbalance_law() -> Callable[..., float]:
    """Compile left minus right of the fixed point's equation, over eta."""
    import sympy as sp

    from theory.committee.saturation_derivation import derive_saturation

    symbols = sp.symbols("eta gamma sigma m Q", positive=True)
    equation = derive_saturation()["fixed point"]
    return sp.lambdify(symbols, sp.expand((equation.lhs - equation.rhs) / symbols[0]), "math")


@lru_cache
def least_rate() -> Callable[..., float]:
    """Compile the eta at which the drive vanishes, as a function of sigma_eff and m."""
    import sympy as sp

    from theory.committee.saturation_derivation import derive_saturation

    eta, outside, m = sp.symbols("eta sigma_eff m", positive=True)
    (rate,) = sp.solve(derive_saturation()["drive"].rhs / eta, eta)
    return sp.lambdify([outside, m], rate, "math")
