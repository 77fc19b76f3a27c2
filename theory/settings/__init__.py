"""The words both sides share: settings that validate themselves, and the checks that refuse bad numbers.

No mathematics lives here. ``theory`` predicts from these settings and ``sim`` runs with them; this package is the only
part of ``theory`` that ``sim`` may import, so that no formula can leak into a measurement.
"""

from theory.errors import InvalidArgument, NotAGramMatrix, OutOfRange, TailoffError
from theory.settings import schedules
from theory.settings.checks import (
    check_batch,
    check_flag,
    check_fraction,
    check_labels,
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
from theory.settings.optimizers.adadelta import Adadelta
from theory.settings.optimizers.adafactor import Adafactor
from theory.settings.optimizers.adagrad import Adagrad
from theory.settings.optimizers.adam import Adam
from theory.settings.optimizers.adamax import Adamax
from theory.settings.optimizers.adamw import AdamW
from theory.settings.optimizers.asgd import ASGD
from theory.settings.optimizers.lion import Lion
from theory.settings.optimizers.muon import Muon
from theory.settings.optimizers.nadam import NAdam
from theory.settings.optimizers.radam import RAdam
from theory.settings.optimizers.rmsprop import RMSprop
from theory.settings.optimizers.schedulefree import ScheduleFreeAdamW, ScheduleFreeSGD
from theory.settings.optimizers.sgd import SGD, SGDW
from theory.settings.optimizers.signum import Signum
from theory.settings.representable import computable, positive_answer, representable

Optimizer = (
    Adadelta | Adafactor | Adagrad | Adam | Adamax | AdamW | ASGD | Lion | Muon | NAdam | RAdam | RMSprop
    | ScheduleFreeAdamW | ScheduleFreeSGD | SGD | Signum
)  # fmt: skip

__all__ = [
    "ASGD",
    "SGD",
    "SGDW",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "DecayRule",
    "InvalidArgument",
    "Lion",
    "Muon",
    "NAdam",
    "NotAGramMatrix",
    "OnlineRule",
    "Optimizer",
    "OutOfRange",
    "Overlaps",
    "RAdam",
    "RMSprop",
    "ScheduleFreeAdamW",
    "ScheduleFreeSGD",
    "Signum",
    "TailoffError",
    "check_batch",
    "check_flag",
    "check_fraction",
    "check_labels",
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
    "schedules",
    "shown",
    "whole_number",
]
