"""The words both sides share: settings that validate themselves, and the checks that refuse bad numbers.

No mathematics lives here. ``theory`` predicts from these settings and ``sim`` runs with them; this package is the only
part of ``theory`` that ``sim`` may import, so that no formula can leak into a measurement.
"""

from theory.errors import InvalidArgument, NotAGramMatrix, OutOfRange, TailoffError
from theory.settings.checks import (
    check_fraction,
    check_range,
    check_shapes,
    finite,
    non_negative,
    numbers,
    one_number,
    positive,
    shown,
    whole_number,
)
from theory.settings.decay import DecayRule
from theory.settings.online import OnlineRule, Overlaps
from theory.settings.optimizers.adam import Adam
from theory.settings.optimizers.adamw import AdamW
from theory.settings.optimizers.lion import Lion
from theory.settings.optimizers.sgd import SGD, SGDW
from theory.settings.representable import computable, positive_answer, representable

Optimizer = SGD | Adam | AdamW | Lion

__all__ = [
    "SGD",
    "SGDW",
    "Adam",
    "AdamW",
    "DecayRule",
    "InvalidArgument",
    "Lion",
    "NotAGramMatrix",
    "OnlineRule",
    "Optimizer",
    "OutOfRange",
    "Overlaps",
    "TailoffError",
    "check_fraction",
    "check_range",
    "check_shapes",
    "computable",
    "finite",
    "non_negative",
    "numbers",
    "one_number",
    "positive",
    "positive_answer",
    "representable",
    "shown",
    "whole_number",
]
