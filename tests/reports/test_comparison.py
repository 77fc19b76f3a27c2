import math

import pytest

from reports import Comparison
from reports.comparison import z_summary
from theory import InvalidArgument


@pytest.mark.parametrize(
    ("measured", "error", "verdict"),
    [(1.003, 0.001, "agrees"), (1.005, 0.001, "differs"), (1.05, 0.02, "undecided"), (1.5, 0.02, "differs")],
)
def test_both_gates(measured, error, verdict):
    assert Comparison("x", 1.0, measured, error).verdict == verdict


def test_missing_data_is_no_comparison():
    for numbers in ((math.nan, 1, 1), (1, math.inf, 1), (1, 1, math.nan), (1, 1, 0)):
        with pytest.raises(InvalidArgument):
            Comparison("x", *numbers)


def test_summary():
    comparisons = [Comparison("x", 1.0, 1.0 + z * 1e-3, 1e-3) for z in (3, -4.5, 0)]
    summary = z_summary(comparisons)
    assert summary["count"] == 3
    assert summary["agree"] == 2
    assert summary["max_z"] == pytest.approx(4.5)
    assert summary["rms_z"] == pytest.approx(math.sqrt((9 + 20.25) / 3))


def test_what_a_law_leaves_open_is_allowed_for_and_no_more():
    comparison = {"name": "x", "predicted": 1.0, "standard_error": 0.001}
    assert Comparison(**comparison, measured=1.008).verdict == "differs"
    assert Comparison(**comparison, measured=1.008, accuracy=0.005).verdict == "agrees"
    assert Comparison(**comparison, measured=1.010, accuracy=0.005).verdict == "differs"
    with pytest.raises(InvalidArgument, match="accuracy must be"):
        Comparison(**comparison, measured=1.0, accuracy=-0.1)
