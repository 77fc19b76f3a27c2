"""The norm balance on MNIST, from both starts; lam off by 10% is rejected by the same gate.

The gate is `Comparison`: the measured rms and the balance's, whose gradient statistics are measured too, no further
apart than 4 of their standard errors, and these below 1%. Both errors allow for the memory of the record. They are
added as if independent, which they are not, so false alarms are rarer than the threshold's 6e-5 each.
"""

import math

import pytest

import sim
from reports import Comparison
from reports.runs.balance import balance_of


@pytest.fixture(scope="module")
def runs():
    data = sim.load_data()
    return {init: sim.train(data, lam=160.0, epochs=30, init=init, replicas=2, seed=5) for init in ("large", "default")}


def compared(run, layer):
    balance = balance_of(run, layer)
    error = math.hypot(balance.error, balance.predicted_error)
    return Comparison(f"rms of layer {layer}", balance.predicted, balance.measured, error)


@pytest.mark.slow
@pytest.mark.parametrize("init", ["large", "default"])
@pytest.mark.parametrize("layer", [2, 3])
def test_the_balance_holds(runs, init, layer):
    comparison = compared(runs[init], layer)
    assert comparison.verdict == "agrees", str(comparison)
    assert balance_of(runs[init], layer).stationary


@pytest.mark.slow
@pytest.mark.parametrize("init", ["large", "default"])
@pytest.mark.parametrize("layer", [2, 3])
def test_a_wrong_lam_is_rejected(runs, init, layer):
    run = runs[init]
    assert compared(run.assign_attrs(lam=176.0), layer).verdict == "differs"


@pytest.mark.slow
@pytest.mark.parametrize("layer", [2, 3])
def test_both_starts_end_at_the_same_scale(runs, layer):
    """Control: where the large start stands after its first epoch is not where the default one ends."""
    large, default = (balance_of(run, layer) for run in runs.values())
    error = math.hypot(large.error, default.error)
    assert Comparison("the same end", default.measured, large.measured, error).verdict == "agrees"
    early = float(runs["large"].rms.sel(layer=layer)[:, 1].mean())
    assert Comparison("on the way", default.measured, early, error).verdict == "differs"
