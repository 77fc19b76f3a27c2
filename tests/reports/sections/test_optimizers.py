"""The report's optimizers: the quick runs agree with their laws, and wrong laws do not."""

from math import sqrt

import pytest

import theory
from reports.cli.optimizer_choice import optimizer_of
from reports.comparison import Comparison
from reports.document.typeset import as_json
from reports.sections.optimizers import section as optimizers


@pytest.fixture(scope="module")
def results():
    return {task.key: task.run(**task.arguments) for task in optimizers.tasks(True, 1, None)}


@pytest.fixture(scope="module")
def section(results):
    return optimizers.report({"optimizers": results}, True)


def test_everything_agrees(section):
    """About 45 comparisons at 4 sigma: 0.3% of false alarms for a new seed."""
    assert len(section.comparisons) >= 40
    assert [str(c) for c in section.comparisons if c.verdict != "agrees"] == []


def test_every_optimizer_is_there(section):
    assert {row["optimizer"] for row in section.facts["rows"]} == set(optimizers.OPTIMIZERS)
    assert {row["method"] for row in section.facts["formulas"]} == {"exact", "quadrature", "approximate", "series"}
    assert "NaN" not in as_json(section.facts)
    assert "optimizers" in section.measured


@pytest.mark.parametrize("name", ["heavy ball", "Nesterov"])
def test_the_coupled_law_is_rejected_on_decoupled_data(results, name):
    coupled = optimizers.OPTIMIZERS[f"{name}, coupled"]
    decoupled = next(key for key in optimizers.OPTIMIZERS if key.startswith(f"{name}, decoupled"))
    walk = results[f"table-white-{decoupled}"]
    at = walk.attrs
    wrong = theory.equilibrium(at["n"], at["lam"], at["eta"], noise=at["noise"], optimizer=coupled)
    measured = sqrt(walk.variance)
    error = float(walk.variance_error) / (2 * measured)
    assert Comparison("wrong", wrong.scale, measured, error).verdict == "differs"


def test_the_records_name_their_optimizer(results):
    for name, optimizer in optimizers.OPTIMIZERS.items():
        assert optimizer_of(results[f"table-white-{name}"]) == optimizer
