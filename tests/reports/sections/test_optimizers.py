"""The report's optimizers: the quick runs agree with their laws, and wrong laws do not."""

import pytest

import theory
from reports.comparison import Comparison
from reports.document.numbers import as_json
from reports.runs.walks import optimizer_of, scale_of
from reports.sections.optimizers.catalogue import CASES
from reports.sections.optimizers.every import every_tasks
from reports.sections.optimizers.experiments import OPTIMIZERS
from reports.sections.optimizers.scheduled import ENDS, ends_closed_form
from reports.sections.optimizers.section import EVERY_OPTIMIZER
from tests.reports.sections.measured import measured


@pytest.fixture(scope="module")
def results():
    return measured({"optimizers": EVERY_OPTIMIZER.tasks(True, 1, None)})


@pytest.fixture(scope="module")
def section(results):
    return EVERY_OPTIMIZER.report(results, True)


def test_everything_agrees(section):
    """About 70 comparisons at 4 sigma: 0.5% of false alarms for a new seed."""
    assert len(section.comparisons) >= 65
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


def test_the_full_report_walks_every_case_of_the_catalogue():
    assert [task.labels["case"] for task in every_tasks(False)] == [case.name for case in CASES]
    assert len({case.name for case in CASES}) == len(CASES)


def test_wrong_laws_are_rejected(section):
    """Coupled laws on decoupled data, Muon's with white steps, and three other laws for the end of a cosine run."""
    controls = section.facts["every"]["controls"] + section.facts["schedules"]["controls"]
    assert [control["verdict"] for control in controls] == ["differs"] * 6


@pytest.mark.parametrize(("fall", "held"), ENDS)
@pytest.mark.parametrize("K", [0.4, 4.0, 25.0])
def test_the_closed_forms_against_a_long_run(fall, held, K):
    """The recursion at small rates, iterated, beside the forms that the figure draws."""
    steps = 50_000
    settings = {"lr": 1.0, "weight_decay": K / steps, "noise": 1.0}
    peak = theory.equilibrium(**settings).scale
    run = theory.trajectory(**settings, steps=steps, start=peak, schedule=fall, independent=held)
    assert run.rms[-1] / peak == pytest.approx(ends_closed_form(fall, held, K), rel=0.45 * K / 10_000 + 5e-5)


def test_what_to_remember(section):
    """The numbers of the box, each beside its own formula at small rates."""
    said = section.facts["remember"]
    lr, decay = said["lr"], said["weight_decay"]
    assert said["adamw"] == pytest.approx((lr / (2 * decay)) ** 0.5, rel=2e-3)
    assert said["memory"] == pytest.approx(1 / (lr * decay), rel=1e-3)
    assert said["taken"] == pytest.approx(lr * decay)
    assert said["translated"] == pytest.approx(lr * decay)
    assert said["coupled"] == pytest.approx((lr * said["noise"] / (2 * decay)) ** 0.5, rel=0.01)
    assert said["start_left"] == pytest.approx(2.718281828 ** (-said["K"] / 2), rel=1e-3)  # a cosine's mean is half
    assert said["held_linear"] < said["linear"]
    assert said["held_cosine"] < said["cosine"]
    assert said["moves"]["AdamW"] == pytest.approx({"lr": 2, "weight_decay": 2}, rel=0.01)
    assert said["moves"]["SGD"] == pytest.approx({"lr": 4, "weight_decay": 1}, rel=0.01)
    assert said["moves"]["Adam"] == pytest.approx({"lr": 2, "weight_decay": 1}, rel=0.06)
    assert 1.04 < said["matched"] < 1.09
