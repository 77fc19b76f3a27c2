"""The norm balance on MNIST: every layer within 2% once stationary, from both starts; lam off by 10% is rejected."""

import pytest

import sim
from reports.runs.balance import balance_of


@pytest.fixture(scope="module")
def runs():
    data = sim.load_data()
    return {init: sim.train(data, lam=160.0, epochs=30, init=init, replicas=2, seed=5) for init in ("large", "default")}


@pytest.mark.slow
@pytest.mark.parametrize("init", ["large", "default"])
@pytest.mark.parametrize("layer", [2, 3])
def test_within_two_percent(runs, init, layer):
    balance = balance_of(runs[init], layer)
    assert balance.predicted == pytest.approx(balance.measured, rel=0.02)
    assert balance.stationary


@pytest.mark.slow
@pytest.mark.parametrize("layer", [2, 3])
def test_a_wrong_lam_is_rejected(runs, layer):
    run = runs["large"].copy()
    run.attrs = run.attrs | {"lam": 176.0}
    balance = balance_of(run, layer)
    assert balance.predicted != pytest.approx(balance.measured, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("layer", [2, 3])
def test_both_starts_end_at_the_same_scale(runs, layer):
    ends = [balance_of(run, layer).measured for run in runs.values()]
    assert ends[0] == pytest.approx(ends[1], rel=0.03)
