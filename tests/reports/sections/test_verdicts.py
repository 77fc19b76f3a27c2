"""The report's sentences follow its numbers: with runs made up to go the other way, every verdict turns."""

import numpy as np
import pytest
import xarray as xr

from reports.document.section import Results
from reports.runs.balance import LayerBalance
from reports.sections.layers.claims import textbook_facts, textbook_verdicts
from reports.sections.layers.facts import Settled, budget_facts, course
from reports.sections.layers.forecast import forecast_verdicts
from reports.sections.layers.settling import Drift, EndGap, rest_of, same_ends
from reports.sections.layers.which_n import lam_laws, power_law, readings, saturation_facts
from reports.sections.mnist_run.facts import claims_of, fit_facts, fit_of, verdicts

N, LAM, ETA, M = 50_000, 5.0, 0.1, 10
SIZES = (784, 30, 10)
PER_EPOCH = ETA * LAM / M


def made_up(init, rate, ends=None, grad=(0.0055, 0.015)):
    """Two replicas of a run whose rms changes as exp(rate t) in each layer, from `ends` backwards if given."""
    rng, epochs = np.random.default_rng(0), np.arange(31)
    fan_in, weights = np.array(SIZES[:-1]), np.array([SIZES[0] * SIZES[1], SIZES[1] * SIZES[2]])
    start = np.ones(2) if init == "large" else fan_in**-0.5
    rms = start * np.exp(np.outer(epochs, rate)) if ends is None else np.linspace(start, ends, 31)
    rms = rms * (1 + 1e-4 * rng.standard_normal((2, 1, 1)) + 1e-5 * rng.standard_normal((2, *rms.shape)))
    dims = ("replica", "epoch", "layer")
    norm_sq = rms**2 * weights
    grad_sq = np.broadcast_to(np.square(grad) * weights, rms.shape)
    # what the budget needs for ||w||^2 to change as it does
    change = np.gradient(norm_sq, axis=1) * M / N
    x = ETA * LAM / N
    alignment = (ETA**2 * grad_sq - x * (2 - x) * norm_sq - change) / (2 * (1 - x) * ETA)
    return xr.Dataset(
        {"rms": (dims, rms), "grad_sq": (dims, grad_sq), "alignment": (dims, alignment),
         "accuracy": (("replica", "epoch", "split"), rng.random((2, 31, 1)))},
        {"layer": [2, 3], "epoch": epochs, "fan_in": ("layer", fan_in), "layer_weights": ("layer", weights),
         "split": ["validation"]},
        {"n": N, "lam": LAM, "eta": ETA, "batch_size": M, "sizes": list(SIZES), "init": init},
    )  # fmt: skip


@pytest.fixture
def as_asked():
    """As it is on MNIST: layer 2 decays, layer 3 grows."""
    return {"large": made_up("large", [-PER_EPOCH, 0.02]), "default": made_up("default", [0.05, 0.08])}


@pytest.fixture
def reversed_runs():
    """Layer 2 grows, layer 3 decays."""
    return {"large": made_up("large", [0.02, -PER_EPOCH]), "default": made_up("default", [-0.05, -0.08])}


def test_the_question_s_experiment(as_asked, reversed_runs):
    says, turned = verdicts(as_asked), verdicts(reversed_runs)
    assert says["first_epoch"] == {"2": "decays", "3": "grows"}
    assert turned["first_epoch"] == {"2": "grows", "3": "decays"}
    for name in ("default_from_below", "total_falls", "output_grows"):
        assert says[name] is True
        assert turned[name] is False
    assert {row["layer"] for row in claims_of(as_asked["large"])[0] if row["verdict"] == "holds"} == {2}
    assert {row["layer"] for row in claims_of(reversed_runs["large"])[0] if row["verdict"] == "holds"} == {3}


@pytest.mark.parametrize(
    ("rate", "word"), [(-2 * PER_EPOCH, "shrinks faster"), (-PER_EPOCH / 2, "shrinks more slowly"), (0.0, "stays")]
)
def test_every_way_to_go_has_its_word(rate, word):
    runs = {"large": made_up("large", [rate, rate]), "default": made_up("default", [0.0, 0.0])}
    assert verdicts(runs)["first_epoch"] == {"2": word, "3": word}


def test_scales_that_the_walk_and_the_textbook_would_describe():
    ends = [0.06, 0.11]  # around 1/sqrt(784) and 1/sqrt(30), and around sqrt(eta / 2 lam) = 0.1
    runs = {init: made_up(init, None, ends=ends, grad=(N**-0.5, N**-0.5)) for init in ("large", "default")}
    says = verdicts(runs)
    assert says["walk_describes"] == {"2": True, "3": True}
    assert all(gradient["as_assumed"] for gradient in says["gradient"].values())
    held = {(row["claim"], row["layer"]) for row in claims_of(runs["large"])[0] if row["verdict"] == "holds"}
    assert held == {("3, n = inputs", 2), ("3, n = inputs", 3)}


def test_a_fit_that_fails_is_said(as_asked):
    run = as_asked["large"]
    assert fit_facts(fit_of(run, 2), run, 2)["converged"] is True
    steady = run.copy()
    steady["rms"] = xr.ones_like(run.rms) * xr.DataArray([1.0, 1.0001], dims="replica")
    facts = fit_facts(fit_of(steady, 2), steady, 2)
    assert facts["tail_seen"] is False
    assert facts["converged"] or facts["scale"] is None


def test_the_budget(as_asked, reversed_runs):
    says = budget_facts(Results(tuple(({"init": init}, run) for init, run in as_asked.items())))
    turned = budget_facts(Results(tuple(({"init": init}, run) for init, run in reversed_runs.items())))
    assert (says["large-2"]["course"], says["large-3"]["course"]) == ("decay", "grows")
    assert (turned["large-2"]["course"], turned["large-3"]["course"]) == ("grows", "decay")
    assert [course(-0.1, drive) for drive in (0.005, 0.05, 0.2, -0.05)] == ["decay", "slows", "grows", "helps"]


def test_the_textbook_s_claims(as_asked, reversed_runs):
    says, turned = (textbook_facts({30: runs}) for runs in (as_asked, reversed_runs))
    assert [layer["rate_holds"] for layer in says[0]["layers"]] == [True, False]
    assert [layer["rate_holds"] for layer in turned[0]["layers"]] == [False, True]
    assert textbook_verdicts(says)["layers_differ"] is True
    assert textbook_verdicts(turned)["layers_differ"] is False
    assert textbook_verdicts(turned)["layer_2_saturated"] is False
    near = {init: made_up(init, None, ends=[0.03, 0.2]) for init in ("large", "default")}
    assert textbook_verdicts(says)["claim_3_somewhere"] is False
    assert textbook_verdicts(textbook_facts({30: near}))["claim_3_somewhere"] is True


def rows(power, prefactor=0.3):
    balances = {
        lam: LayerBalance(prefactor * lam**power, 1e-4, 0.1, 1e-4, 0, 1, 0, 0.2) for lam in (5.0, 12.0, 30.0, 70.0)
    }
    return [Settled(lam, "large", layer, 60, balance) for lam, balance in balances.items() for layer in (2, 3)]


def law(power, scatter=0.002):
    x = np.geomspace(10, 1000, 5)
    return power_law(list(zip(x, x**power * np.exp(scatter * np.array([1, -1, 0, -1, 1])), strict=True)))


def test_no_reading_is_a_law_unless_one_is():
    says = readings(lam_laws(rows(-0.31)), {"scaled-70": law(-0.11)}, law(-0.38))
    assert says["none"] is says["depends_on_lam"] is says["power_law"] is True
    assert says["all_weights"] is says["squared_norm"] is False
    assert says["closest"] == "all_weights"
    assert says["falls_with_lam"] == {"2": True, "3": True}
    flat = lam_laws(rows(0.0) + [Settled(5.0, "large", i, 60, rows(0.0, 0.3003)[0].balance) for i in (2, 3)])
    turned = readings(flat, {"scaled-70": law(-0.5)}, law(-0.38))
    assert turned["none"] is turned["depends_on_lam"] is False
    assert turned["squared_norm"] is True
    assert turned["closest"] == "squared_norm"
    assert turned["falls_with_lam"] == {"2": False, "3": False}
    assert readings(flat, {"scaled-70": law(-0.1)}, law(-0.5))["all_weights"] is True
    assert readings(flat, {"scaled-70": law(-0.1, scatter=0.3)}, law(-0.5))["power_law"] is False


def test_the_saturation_scale_is_met_or_missed():
    steep = saturation_facts(rows(-0.5, prefactor=0.2 * 5**0.5), squared_norm=100.0)
    assert [end["met"] for end in steep["ends"]] == [True, False]
    assert steep["met_throughout"] is steep["met_nowhere"] is False
    assert saturation_facts(rows(0.0, prefactor=0.2), squared_norm=100.0)["met_throughout"] is True
    assert saturation_facts(rows(0.0, prefactor=2.0), squared_norm=100.0)["met_nowhere"] is True


def arrivals(forecast, rms):
    return {layer: {"forecast_arrives": forecast, "rms_arrives": rms} for layer in ("2", "3")}


def test_the_forecast_is_ahead_or_not():
    says = forecast_verdicts({"default": arrivals(5, 26), "large": arrivals(31, 46)})
    assert says["default_ahead"] is says["less_from_large"] is True
    turned = forecast_verdicts({"default": arrivals(26, 5), "large": arrivals(1, 46)})
    assert turned["default_ahead"] is turned["less_from_large"] is False
    never = forecast_verdicts({"default": arrivals(None, 5), "large": arrivals(1, 46)})
    assert never["default_ahead"] is False


def test_the_two_starts_end_together_or_apart():
    def gap(layer, value, error=0.005):
        return EndGap(5.0, layer, value, error, 0.0)

    assert same_ends([gap(2, 0.006), gap(3, 0.05)]) == {"2": "agrees", "3": "differs"}
    assert same_ends([gap(2, 0.05), gap(2, 0.0), gap(3, 0.05, error=0.04)]) == {"2": "differs", "3": "undecided"}


def test_a_layer_is_at_rest_or_not():
    def rest(drift, gap):
        return rest_of(Drift(5.0, 3, drift, 0.001), EndGap(5.0, 3, gap, 0.001, 0.0))

    assert rest(0.001, -0.001) == "settled"
    assert rest(0.0028, 0.0) == rest(0.0, -0.0035) == "in doubt"
    assert rest(-0.005, 0.0) == rest(0.0, 0.005) == "not settled"
