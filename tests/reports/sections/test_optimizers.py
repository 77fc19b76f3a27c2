"""The report's optimizers: the quick runs agree with their laws, and wrong laws do not."""

import pytest

import theory
from reports.comparison import Comparison
from reports.document.numbers import as_json
from reports.document.work import run_all
from reports.runs.walks import optimizer_of, scale_of
from reports.sections.optimizers.experiments import OPTIMIZERS
from reports.sections.optimizers.section import EVERY_OPTIMIZER


@pytest.fixture(scope="module")
def results():
    return dict(run_all({"optimizers": EVERY_OPTIMIZER.tasks(True, 1, None)}, quiet=True))


@pytest.fixture(scope="module")
def section(results):
    return EVERY_OPTIMIZER.report(results, True)


def test_everything_agrees(section):
    """About 45 comparisons at 4 sigma: 0.3% of false alarms for a new seed."""
    assert len(section.comparisons) >= 40
    assert [str(c) for c in section.comparisons if c.verdict != "agrees"] == []


def test_every_optimizer_is_there(section):
    assert {row["optimizer"] for row in section.facts["rows"]} == set(OPTIMIZERS)
    assert {row["method"] for row in section.facts["formulas"]} == {"exact", "quadrature", "approximate", "series"}
    assert "NaN" not in as_json(section.facts)
    assert "optimizers" in section.measured


@pytest.mark.parametrize("name", ["heavy ball", "Nesterov"])
def test_the_coupled_law_is_rejected_on_decoupled_data(results, name):
    coupled = OPTIMIZERS[f"{name}, coupled"]
    decoupled = next(key for key in OPTIMIZERS if key.startswith(f"{name}, decoupled"))
    walk = results["optimizers"].one(experiment="table", drive="white", optimizer=decoupled)
    at = walk.attrs
    wrong = theory.equilibrium(at["n"], at["lam"], at["eta"], noise=at["noise"], optimizer=coupled)
    assert Comparison("wrong", wrong.scale, *scale_of(walk)).verdict == "differs"


def test_the_records_name_their_optimizer(results):
    for name, optimizer in OPTIMIZERS.items():
        assert optimizer_of(results["optimizers"].one(experiment="table", drive="white", optimizer=name)) == optimizer
