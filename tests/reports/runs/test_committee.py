"""What measures the equilibrium of a committee machine: where it starts, and what is refused."""

import pytest

import sim
import theory
from reports.runs.committee import measured_square, settle, unit_comparisons

NETWORK = theory.teacher_student(theory.OnlineRule(0.5, 0.05, 1.0), theory.Overlaps(Q=1.0))


def test_a_run_starts_away_from_the_prediction_and_settles():
    settings = settle(NETWORK, 50, 10.0)
    assert settings["start"].Q[0, 0] > 1.5 * NETWORK.stationary.Q[0, 0]
    assert "burn_in" not in settings
    run = sim.online(**settings, seed=1)
    assert run.attrs["stationary"] == 1
    assert [c.verdict for c in unit_comparisons(run, NETWORK)] == ["agrees"]


def test_a_run_that_has_not_settled_is_refused():
    start = theory.Overlaps(Q=1e4)
    run = sim.online(NETWORK.rule, start, fan_in=50, alpha=20.0, seed=1)
    for measure in (measured_square, lambda result: unit_comparisons(result, NETWORK)):
        with pytest.raises(theory.TailoffError, match="have not settled after alpha = 20"):
            measure(run)
