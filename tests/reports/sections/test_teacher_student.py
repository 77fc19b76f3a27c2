"""The report's nonlinear network, quick: it runs, agrees, and a wrong law would not."""

import json
from dataclasses import replace

import numpy as np
import pytest

import theory
from reports.document.numbers import as_json
from reports.runs.committee import overlap_scores, predict
from reports.sections.teacher_student.section import TEACHER_STUDENT, next_order
from tests.reports.sections.measured import measured


@pytest.fixture(scope="module")
def results():
    return measured({TEACHER_STUDENT.name: TEACHER_STUDENT.tasks(True, 1, None)})


def test_every_comparison_holds(results):
    """54 comparisons over 24 networks each: one of them above 4 in 33 seeds. The seed is fixed."""
    section = TEACHER_STUDENT.report(results, True)
    assert len(section.comparisons) == 54
    assert all(abs(comparison.z) < 4 for comparison in section.comparisons)
    assert all(comparison.sharp for comparison in section.comparisons)
    facts = json.loads(as_json(section.facts))
    for rule, limit in (("scaled", -1 / 2), ("per_step", 0), ("diffusive", -1 / 6)):
        found = facts["scaling"][rule]
        assert abs(found["measured"]["value"] - found["predicted"]) < 4 * found["measured"]["error"]
        assert found["predicted"] == pytest.approx(limit, abs=0.03)
    assert len(facts["rows"]) == 2
    assert facts["next_order"] is None
    assert set(section.pictures) == {"decay", "scales"}


def test_a_wrong_law_is_rejected(results):
    """gamma off by 10 %."""
    run = results[TEACHER_STUDENT.name].one(experiment="branch", name="diffusive", gamma=0.1)
    network = predict(run)
    wrong = theory.teacher_student(replace(network.rule, gamma=1.1 * network.rule.gamma), network.start)
    assert abs(np.array(overlap_scores(run, network))).max() < 4
    assert abs(np.array(overlap_scores(run, wrong))).max() > 4


def test_the_seed_decides():
    first, again, other = ([t.arguments["seed"] for t in TEACHER_STUDENT.tasks(True, s, None)] for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_what_order_1_over_n_leaves_out_is_seen_in_smaller_networks():
    row = {"measured": 1.016, "predicted": 1.0, "error": 0.01, "z": 1.6}
    smaller = {"measured": 1.256, "predicted": 1.0, "error": 0.01, "fan_in": 100}
    found = next_order([row], [smaller])
    assert found["fan_in"] == 100
    assert (found["rms"], found["largest"]) == pytest.approx((1.6, 1.6))
    assert found["without"] == pytest.approx(0.0, abs=1e-9)
    assert found["explains"] is True
    exact = next_order([row], [smaller | {"measured": 1.0}])
    assert exact["without"] == pytest.approx(1.6, rel=0.01)
    assert exact["explains"] is False
    assert next_order([row], []) is None
