"""theory predicts: where weight decay holds the weights, and how fast they get there.

Closed forms derived in SymPy and evaluated from the derivation itself. Nothing here has seen a simulation.

>>> import theory
>>> print(f"{theory.equilibrium(n=50_000, lam=5.0, eta=0.1).scale:.8f}")
0.10000025
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from theory.equilibrium import Equilibrium, InverseSqrtN, equilibrium
from theory.errors import (
    DerivationError,
    InvalidArgument,
    NoEquilibrium,
    NoFixedPoint,
    NotAGramMatrix,
    TailoffError,
)
from theory.settings import OnlineRule, Overlaps

if TYPE_CHECKING:
    from theory.committee import TeacherStudent, teacher_student
    from theory.derivation import Derivation, derive
    from theory.fan_in_scaling import Scaling, diffusive_exponent, scaling
    from theory.logistic import LogisticUnit, logistic_unit, saturated_logistic
    from theory.pair import CancellingPair, cancelling_pair
    from theory.saturation import (
        SaturatedUnit,
        gradient_scale,
        noise_fixed_point,
        saturated_unit,
        small_rate_scale,
    )

__all__ = [
    "CancellingPair",
    "Derivation",
    "DerivationError",
    "Equilibrium",
    "InvalidArgument",
    "InverseSqrtN",
    "LogisticUnit",
    "NoEquilibrium",
    "NoFixedPoint",
    "NotAGramMatrix",
    "OnlineRule",
    "Overlaps",
    "SaturatedUnit",
    "Scaling",
    "TailoffError",
    "TeacherStudent",
    "cancelling_pair",
    "derive",
    "diffusive_exponent",
    "equilibrium",
    "gradient_scale",
    "logistic_unit",
    "noise_fixed_point",
    "saturated_logistic",
    "saturated_unit",
    "scaling",
    "small_rate_scale",
    "teacher_student",
]

# Where the names live that need SciPy or SymPy. No module has the name of a function of its own.
_LAZY = {
    "TeacherStudent": "committee",
    "teacher_student": "committee",
    "Derivation": "derivation",
    "derive": "derivation",
    "Scaling": "fan_in_scaling",
    "diffusive_exponent": "fan_in_scaling",
    "scaling": "fan_in_scaling",
    "LogisticUnit": "logistic",
    "logistic_unit": "logistic",
    "saturated_logistic": "logistic",
    "CancellingPair": "pair",
    "cancelling_pair": "pair",
    "SaturatedUnit": "saturation",
    "gradient_scale": "saturation",
    "noise_fixed_point": "saturation",
    "saturated_unit": "saturation",
    "small_rate_scale": "saturation",
}


def __getattr__(name: str) -> Any:
    """Import what needs SciPy or SymPy on first use, so that `import theory` stays fast."""
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"theory.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'theory' has no attribute {name!r}")
