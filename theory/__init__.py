"""theory predicts: where weight decay holds the weights, and how fast they get there.

Closed forms derived in SymPy and evaluated from the derivation itself. Nothing here has seen a simulation.

>>> import theory
>>> print(f"{theory.equilibrium(n=50_000, lam=5.0, eta=0.1).scale:.8f}")
0.10000025
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from theory.decay_phase import DecayPhase, decay_phase
from theory.equilibrium import Equilibrium, InverseSqrtN, equilibrium
from theory.errors import DerivationError, InvalidArgument, NoEquilibrium, NoFixedPoint, NotAGramMatrix, TailoffError
from theory.layer_balance import Budget, NormBalance, norm_balance, norm_budget
from theory.linear_regression import LinearRegression, linear_regression
from theory.mean_field import MeanField, mean_field
from theory.rotation import Rotation, rotation
from theory.settings import SGD, Adam, Lion, OnlineRule, Overlaps

if TYPE_CHECKING:
    from theory.committee import TeacherStudent, teacher_student
    from theory.derivation import derive
    from theory.design_rules import Recipe, Timescale, decay_for, rescale, timescale
    from theory.fan_in_scaling import Scaling, diffusive_exponent, scaling
    from theory.logistic import LogisticUnit, logistic_unit, saturated_logistic
    from theory.pair import CancellingPair, cancelling_pair
    from theory.proof import Derivation
    from theory.saturation import SaturatedUnit, gradient_scale, noise_fixed_point, saturated_unit, small_rate_scale

__all__ = [
    "SGD",
    "Adam",
    "Budget",
    "CancellingPair",
    "DecayPhase",
    "Derivation",
    "DerivationError",
    "Equilibrium",
    "InvalidArgument",
    "InverseSqrtN",
    "LinearRegression",
    "Lion",
    "LogisticUnit",
    "MeanField",
    "NoEquilibrium",
    "NoFixedPoint",
    "NormBalance",
    "NotAGramMatrix",
    "OnlineRule",
    "Overlaps",
    "Recipe",
    "Rotation",
    "SaturatedUnit",
    "Scaling",
    "TailoffError",
    "TeacherStudent",
    "Timescale",
    "cancelling_pair",
    "decay_for",
    "decay_phase",
    "derive",
    "diffusive_exponent",
    "equilibrium",
    "gradient_scale",
    "linear_regression",
    "logistic_unit",
    "mean_field",
    "noise_fixed_point",
    "norm_balance",
    "norm_budget",
    "rescale",
    "rotation",
    "saturated_logistic",
    "saturated_unit",
    "scaling",
    "small_rate_scale",
    "teacher_student",
    "timescale",
]

# The modules that need SciPy or SymPy, and their public names. None of them has the name of a function of its own.
_LAZY = {
    "committee": ("TeacherStudent", "teacher_student"),
    "derivation": ("derive",),
    "proof": ("Derivation",),
    "design_rules": ("Recipe", "Timescale", "decay_for", "rescale", "timescale"),
    "fan_in_scaling": ("Scaling", "diffusive_exponent", "scaling"),
    "logistic": ("LogisticUnit", "logistic_unit", "saturated_logistic"),
    "pair": ("CancellingPair", "cancelling_pair"),
    "saturation": ("SaturatedUnit", "gradient_scale", "noise_fixed_point", "saturated_unit", "small_rate_scale"),
}
_HOME = {name: module for module, names in _LAZY.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import what needs SciPy or SymPy on first use, so that `import theory` stays fast."""
    if name in _HOME:
        return getattr(import_module(f"theory.{_HOME[name]}"), name)
    raise AttributeError(f"module 'theory' has no attribute {name!r}")
