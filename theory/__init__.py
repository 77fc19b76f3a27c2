"""theory predicts: where weight decay holds the weights, and how fast they get there.

Closed forms derived in SymPy and evaluated from the derivation itself. Nothing here has seen a simulation.

>>> import theory
>>> print(f"{theory.equilibrium(n=50_000, lam=5.0, eta=0.1).scale:.8f}")
0.10000025
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from theory.decay_phase import DecayPhase, decay_phase
from theory.equilibrium import Equilibrium, InverseSqrtN, equilibrium
from theory.errors import DerivationError, InvalidArgument, NoEquilibrium, TailoffError
from theory.layer_balance import Budget, NormBalance, norm_balance, norm_budget
from theory.mean_field import MeanField, mean_field
from theory.settings import SGD, Adam, Lion

if TYPE_CHECKING:
    from theory.derivation import Derivation, derive

__all__ = [
    "SGD",
    "Adam",
    "Budget",
    "DecayPhase",
    "Derivation",
    "DerivationError",
    "Equilibrium",
    "InvalidArgument",
    "InverseSqrtN",
    "Lion",
    "MeanField",
    "NoEquilibrium",
    "NormBalance",
    "TailoffError",
    "decay_phase",
    "derive",
    "equilibrium",
    "mean_field",
    "norm_balance",
    "norm_budget",
]


def __getattr__(name: str) -> Any:
    """Import what needs SymPy on first use, so that `import theory` stays fast."""
    if name in ("Derivation", "derive"):
        from theory import derivation

        return getattr(derivation, name)
    raise AttributeError(f"module 'theory' has no attribute {name!r}")
