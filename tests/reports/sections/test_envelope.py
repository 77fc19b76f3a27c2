"""The sentences on the whole network follow its numbers: with runs made up to go the other way, every verdict turns."""

import math
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import sim
import theory
from reports.document.section import Results
from reports.sections.envelope.at_rest import Quantity, at_rest
from reports.sections.envelope.collapse import alone_facts, collapse_facts, convex_facts, convex_rows, network_row
from reports.sections.envelope.costs import cost_facts, scaling_facts, slope_facts
from reports.sections.envelope.experiments import epochs_for, tasks
from reports.sections.envelope.section import ENVELOPE
from reports.sections.envelope.widths import width_facts

N, CRITICAL = 1000, 1000.0
LAMS = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0)
POWER = 0.4  # of lambda in C*, and so the penalty's share


def made_up(lam, norm_sq, cost=1.0, hidden=30, accuracy=0.9):
    """Two replicas whose layers hold these squared norms, evaluated in the last six epochs."""
    rng = np.random.default_rng(int(lam) + hidden)
    inputs, epochs, noise = 100, 12, 1e-3
    weights = np.array([inputs * hidden, 10 * hidden])
    shape = (2, epochs + 1, 2)
    norms = np.array(norm_sq) * (1 + noise * rng.standard_normal(shape))
    late = np.where(np.arange(epochs + 1) > epochs - 6, 1.0, np.nan)[:, None]
    costs = cost * (1 + 0.1 * noise * rng.standard_normal((2, epochs + 1, 2))) * late
    dims, split = ("replica", "epoch", "layer"), ("replica", "epoch", "split")
    return xr.Dataset(
        {"rms": (dims, np.sqrt(norms / weights)), "cost": (split, costs),
         "accuracy": (split, np.full(costs.shape, accuracy) * late),
         "grad_sq": (dims, np.full(shape, 1.0)), "alignment": (dims, np.full(shape, -1.0))},
        {"layer": [2, 3], "epoch": np.arange(epochs + 1), "fan_in": ("layer", [inputs, hidden]),
         "layer_weights": ("layer", weights), "split": ["train", "validation"]},
        {"n": N, "lam": lam, "eta": 0.1, "batch_size": 10, "chance": 0.1},
    )  # fmt: skip


def envelope(lams=LAMS, off=1.0, power=POWER):
    """Networks whose cost goes as a power of lam, with the squared norms that belong to it, times `off`."""
    out = []
    for lam in lams:
        cost = 0.1 * lam**power
        norm = 2 * N * power * cost / lam * off
        out.append(at_rest([made_up(lam, (0.4 * norm, 0.6 * norm), cost)]))
    return out


def test_a_run_s_end_is_where_its_cost_was_evaluated():
    run = made_up(10.0, (2.0, 3.0))
    run["rms"] = run.rms.where(run.epoch > 6, 100.0)
    end = at_rest([run])
    assert end.norm_sq.value == pytest.approx(5.0, rel=0.01)
    assert end.norm_sq.error < 0.01
    assert (end.hidden, end.weights, end.layer_weights) == (30, 3300, {2: 3000, 3: 300})
    assert end.share == pytest.approx(theory.penalty_share(1.0 - 0.025, 0.025), rel=0.01)
    both = at_rest([run, made_up(10.0, (4.0, 6.0))])
    assert both.norm_sq.value == pytest.approx(7.5, rel=0.01)
    x = 0.1 * 10.0 / N  # the noise's term over the decay's
    assert end.noise[2] == pytest.approx(0.1**2 * 1.0 / (x * (2 - x) * 2.0), rel=0.01)


def test_costs_tell_the_norm_or_do_not():
    says = cost_facts(envelope(), CRITICAL)
    assert says["within"] is says["falls"] is says["concave"] is True
    assert says["count"] == says["sharp"] == len(LAMS) - 2
    slope = slope_facts(envelope(), CRITICAL)
    assert slope["off"] == pytest.approx(0, abs=0.005)
    assert slope["layer_2"] == pytest.approx(-0.6, abs=0.01)  # the share of one layer is no slope
    assert slope["third"] == pytest.approx(1 / 3 / POWER - 1, abs=0.01)
    assert cost_facts(envelope(off=1.1), CRITICAL)["within"] is False
    rising = [replace(p, norm_sq=Quantity(p.lam, 1e-3)) for p in envelope()]
    assert cost_facts(rising, CRITICAL)["falls"] is False
    bumped = envelope()
    bumped[3] = replace(bumped[3], cost=Quantity(0.9 * bumped[3].cost.value, bumped[3].cost.error))
    assert cost_facts(bumped, CRITICAL)["concave"] is False
    assert cost_facts(bumped, CRITICAL)["within"] is False


def test_what_lies_beyond_the_critical_decay_is_not_judged():
    says = cost_facts(envelope(), critical=30.0)
    assert [row["lam"] for row in says["rows"] if row["judged"]] == [10.0, 20.0]
    assert slope_facts(envelope(), critical=30.0) is None  # three points are no slope
    nothing = cost_facts(envelope(), critical=1.0)
    assert nothing["worst"] is None
    assert nothing["within"] is False


def test_decays_too_near_for_a_slope_count_once():
    assert len(cost_facts(envelope((*LAMS, 21.0)), CRITICAL)["rows"]) == len(LAMS)


def test_the_power_of_lam():
    says = scaling_facts(envelope(), CRITICAL)
    assert says["predicted"] == pytest.approx(-0.3, abs=0.003)
    assert says["agrees"] is True
    other = [replace(p, norm_sq=Quantity(p.lam**-0.5, 1e-4)) for p in envelope()]
    assert scaling_facts(other, CRITICAL)["agrees"] is False
    assert scaling_facts(other, CRITICAL)["is_power"] is True
    bent = [replace(p, norm_sq=Quantity(math.exp(-p.lam / 50), 1e-4)) for p in envelope()]
    assert scaling_facts(bent, CRITICAL)["is_power"] is False
    assert scaling_facts(envelope(), critical=30.0)["to"] == 20.0  # beyond, there are no weights
    assert scaling_facts(envelope(), critical=15.0) is None


def width(hidden, norm_sq):
    return at_rest([made_up(70.0, norm_sq, cost=500.0, hidden=hidden)])


def test_the_width_law_is_the_network_s_and_not_the_layer_s():
    """As on MNIST: W_2 grows to a limit, W_3 falls to one, their sum stays."""
    says = width_facts([width(h, (500 - 3000 / h, 3000 / h)) for h in (10, 30, 90, 270)])
    assert says["half"] is says["limit"] is True
    assert says["layers_half"] == []
    assert says["laws"]["all"]["value"] == pytest.approx(-0.5, abs=0.002)


def test_a_network_that_is_no_such_one():
    grows = width_facts([width(h, (5.0 * h, 5.0 * h)) for h in (10, 30, 90, 270)])
    assert grows["half"] is grows["limit"] is False
    steady = width_facts([width(h, (200.0, 300.0)) for h in (10, 30, 90, 270)])
    assert steady["layers_half"] == ["2", "3"]


def network(fraction, accuracy, norm=1.0, hidden=30):
    end = at_rest([made_up(fraction * CRITICAL, (norm, norm), accuracy=accuracy, hidden=hidden)])
    return network_row(end, CRITICAL, chance=0.1)


def test_learning_ends_where_predicted_or_elsewhere():
    def says(below, above):
        rows = [network(0.5, 0.9), network(0.94, below), network(1.06, above)]
        return collapse_facts(rows, CRITICAL, N, 0.1)

    sharp = says(0.2, 0.1)
    assert sharp["sharp"] is True
    assert sharp["singular_value"] == pytest.approx(4.0)
    assert (sharp["below"]["fraction"], sharp["above"]["fraction"]) == pytest.approx((0.94, 1.06))
    assert says(0.1, 0.1)["sharp"] is False
    assert says(0.2, 0.2)["sharp"] is False
    assert network(0.9, 0.12)["learns"] is False  # four standard errors of a guess on 1000 examples are 0.038


def test_where_the_rms_is_literally_one_over_the_root():
    points = [at_rest([made_up(lam, (w / 2, w / 2), accuracy=a)]) for lam, w, a in ((500, 2, 0.4), (900, 0.5, 0.1))]
    found = alone_facts(points, CRITICAL)
    assert found["fraction"] == pytest.approx(0.5 + 0.4 * 2 / 3, abs=0.01)
    assert found["accuracy"] == pytest.approx(0.2, abs=0.01)
    assert alone_facts(points[:1], CRITICAL) is None


def test_the_convex_theory_holds_or_not():
    def solution(fraction, norm_sq):
        values = {"norm_sq": norm_sq, "cost": 1.0, "duality_gap": 1e-4, "rank": 1}
        return {"fraction": fraction}, xr.Dataset(values, attrs={"lam": fraction * CRITICAL, "fraction": fraction})

    solved = Results((solution(0.8, 1.0), solution(0.2, 4.0)))
    convex = convex_rows(solved)
    assert [row["fraction"] for row in convex] == [0.2, 0.8]

    def says(off):
        wide = [network(row["fraction"], 0.5, off * row["norm_sq"], hidden=270) for row in convex]
        return convex_facts(convex, [*wide, network(0.2, 0.5, 9.0), network(1.3, 0.1, 0.01)])

    good = says(1.01)
    assert good["holds"] is True
    assert good["hidden"] == 270
    assert (good["from"], good["to"]) == pytest.approx((0.2, 0.8))
    assert len(good["ratios"]) == 6  # the narrow network's are kept beside, and not judged
    assert says(1.2)["holds"] is False
    assert math.sqrt(1.2) == pytest.approx(says(1.2)["worst"]["ratio"], rel=0.01)


def test_runs_are_as_long_as_the_critical_slowing_asks():
    assert epochs_for(0.1, 100.0, 0.01, (8, 5), N) == 8
    assert epochs_for(0.94, 100.0, 0.01, (8, 5), N) == math.ceil(8 / (1 / 0.94 - 1))
    assert epochs_for(0.1, 1e6, 0.01, (8, 5), N) == 5
    assert epochs_for(0.1, 1e-6, 0.01, (8, 5), N) == 1500  # no longer, however weak the decay


def three_classes(labels, inputs=None):
    rng = np.random.default_rng(0)
    labels = np.asarray(labels)
    inputs = rng.standard_normal((3, 8))[labels] + rng.standard_normal((len(labels), 8)) if inputs is None else inputs
    return sim.Data(inputs, labels, (len(labels) - 3, 0, 3), "clouds")


def test_a_class_without_training_examples_takes_no_part():
    labels = np.r_[np.tile([0, 2], 150), 0, 1, 2]
    data = three_classes(labels)
    listed = tasks(False, 1, data)
    without = theory.critical_decay(data.train.inputs, data.train.labels // 2)
    assert listed[0].arguments["critical"] == pytest.approx(without, rel=1e-5)
    solved = next(task for task in listed if task.labels["experiment"] == "convex")
    assert float(solved.run(**solved.arguments).norm_sq) > 0
    trained = listed[0].run(**listed[0].arguments | {"epochs": 2})
    assert trained.attrs["unseen"] == "1"


@pytest.mark.parametrize("case", ["one class", "inputs that know nothing"])
def test_without_a_critical_decay_nothing_is_trained_and_it_is_said(case):
    labels = np.full(303, 1) if case == "one class" else np.tile([0, 1, 2], 101)
    data = three_classes(labels, None if case == "one class" else np.ones((303, 8)))
    for quick in (True, False):
        assert tasks(quick, 1, data) == []
        results = {"envelope": Results(()), "layers": Results(())}
        section = ENVELOPE.report(results, quick)
        assert section.facts["collapse"] is None
        assert "widths" not in section.facts


def test_the_quick_report_straddles_the_critical_decay():
    data = sim.load_data(sizes=(300, 0, 0))
    listed = tasks(True, 1, data)
    fractions = [task.labels["fraction"] for task in listed]
    assert min(fractions) < 1 < max(fractions)
    again = tasks(False, 1, data)
    assert {task.labels["experiment"] for task in again} == {"strong", "convex"}
    assert all(task.arguments["critical"] == listed[0].arguments["critical"] for task in again)
