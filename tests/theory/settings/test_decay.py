import math

import numpy as np
import pytest

from theory.settings import DecayRule, InvalidArgument, check_range, finite, non_negative, positive, whole_number


@pytest.mark.parametrize("bad", [0, -1.5, math.nan, math.inf])
def test_positive_names_argument_value_and_rule(bad):
    with pytest.raises(InvalidArgument, match=rf"^eta must be positive and finite, got {bad!r}\."):
        positive("eta", bad)


def test_arrays_name_the_first_offender_and_how_many():
    with pytest.raises(InvalidArgument, match=r"got -2\.0 at index 1 \(2 of 4 values are wrong\)"):
        positive("n", np.array([1.0, -2.0, 3.0, np.nan]))
    with pytest.raises(InvalidArgument, match=r"got nan at index \(1, 0\) \(1 of 4"):
        finite("n", np.array([[1.0, 2.0], [np.nan, 3.0]]))


def test_ends_of_a_range():
    check_range("r", 0.999, -1, 1)
    check_range("f", 1.0, 0, 1, ends=(True, True))
    non_negative("lam", 0)
    for value in (-1, 1, np.array([0.0, 1.0])):
        with pytest.raises(InvalidArgument, match="between -1 and 1, both excluded"):
            check_range("r", value, -1, 1)


def test_only_numbers_pass():
    with pytest.raises(InvalidArgument, match="real number"):
        positive("n", "five")


@pytest.mark.parametrize(
    ("value", "is_fine"), [(3, True), (3.0, True), (0, False), (2.5, False), (True, False), ("3", False)]
)
def test_whole_number(value, is_fine):
    if is_fine:
        assert whole_number("steps", value) == 3
    else:
        with pytest.raises(InvalidArgument, match="steps must be a whole number of at least 1"):
            whole_number("steps", value)


def test_decay_rule_checks_each_number():
    assert DecayRule(100, 0.0, 0.1).lam == 0.0
    for numbers, name in [((0, 1, 1), "n"), ((1, -1, 1), "lam"), ((1, 1, math.nan), "eta")]:
        with pytest.raises(InvalidArgument, match=f"^{name} must"):
            DecayRule(*numbers)
