"""theory predicts: where weight decay holds the weights, and how fast they get there.

Closed forms derived in SymPy and evaluated from the derivation itself. Nothing here has seen a simulation.

>>> import theory
>>> print(f"{theory.equilibrium(n=50_000, lam=5.0, eta=0.1).scale:.8f}")
0.10000025
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from theory.design_rules import Recipe, Timescale, decay_for, rescale, timescale
from theory.equilibrium import Equilibrium, InverseSqrtN, equilibrium
from theory.errors import DerivationError, InvalidArgument, NoEquilibrium, TailoffError
from theory.linear_regression import LinearRegression, linear_regression
from theory.rotation import Rotation, rotation
from theory.settings import SGD, Adam, Lion

if TYPE_CHECKING:
    from theory.derivation import Derivation, derive

__all__ = [
    "SGD",
    "Adam",
    "Derivation",
    "DerivationError",
    "Equilibrium",
    "InvalidArgument",
    "InverseSqrtN",
    "LinearRegression",
    "Lion",
    "NoEquilibrium",
    "Recipe",
    "Rotation",
    "TailoffError",
    "Timescale",
    "decay_for",
    "derive",
    "equilibrium",
    "linear_regression",
    "rescale",
    "rotation",
    "timescale",
]


def __getattr__(name: str) -> Any:
    """Import what needs SymPy on first use, so that `import theory` stays fast."""
    if name in ("Derivation", "derive"):
        from theory import derivation

        return getattr(derivation, name)
    raise AttributeError(f"module 'theory' has no attribute {name!r}")
