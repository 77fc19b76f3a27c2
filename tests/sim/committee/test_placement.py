import numpy as np
import pytest

from sim.committee.placement import placed
from sim.committee.settings import OnlineSettings
from theory.settings import OnlineRule, Overlaps


@pytest.mark.parametrize("method", ["reduced", "direct"])
@pytest.mark.parametrize(
    "start",
    [
        Overlaps(Q=2.0),
        Overlaps.random(2, 1, Q=4.0, fan_in=30, seed=1),
        Overlaps(np.full((2, 2), 2.0), np.full((2, 1), 0.5), 1.0),  # two equal students: a singular matrix
        Overlaps(Q=4.0, R=2.0, T=1.0),  # a student along its teacher
    ],
)
def test_the_vectors_have_the_given_overlaps(start, method):
    settings = OnlineSettings(rule=OnlineRule(1.0, 0.1, 0.0, 2), start=start, fan_in=20, alpha=1.0, method=method)
    students, teachers = placed(settings, np.random.default_rng(0))
    assert students.shape[1] == teachers.shape[1] == (20 if method == "direct" else start.K + start.M + 2)
    assert students @ students.T == pytest.approx(start.Q, abs=1e-7)
    assert students @ teachers.T == pytest.approx(start.R, abs=1e-7)
    assert teachers @ teachers.T == pytest.approx(start.T, abs=1e-7)
