"""The chains of equations behind the closed forms of saturated units prove themselves, and wrong ones do not."""

import dataclasses

import pytest
import sympy as sp

from theory import DerivationError
from theory.committee.cancelling_pair_derivation import derive_cancelling_pair
from theory.committee.logistic_decay import derive_logistic_decay
from theory.committee.saturation_derivation import derive_saturation


@pytest.mark.parametrize("derive", [derive_saturation, derive_cancelling_pair, derive_logistic_decay])
def test_every_step_is_proved_and_a_wrong_one_is_found(derive):
    derivation = derive().check()
    for step in derivation.steps:
        wrong = dataclasses.replace(step, equation=sp.Eq(step.equation.lhs, step.equation.rhs * 2))
        with pytest.raises(DerivationError):
            wrong.check()
