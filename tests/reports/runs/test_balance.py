"""Runs made up from the identity itself: the balance must find where they were put, and refuse what it cannot judge."""

import numpy as np
import pytest
import xarray as xr

import theory
from reports.runs.balance import balance_of, budget_of

N, LAM, ETA, M = 1000, 40.0, 0.1, 10
WEIGHTS = 50


def made_up(epochs=60, norm_sq=8.0, slope=0.0, seed=0, **drop):
    rng = np.random.default_rng(seed)
    replicas = 2
    alignment = -0.05 + 0.002 * rng.standard_normal((replicas, epochs + 1, 1))
    x = ETA * LAM / N
    grad_sq = (x * (2 - x) * norm_sq + 2 * (1 - x) * ETA * -0.05) / ETA**2 * np.ones_like(alignment)
    grad_sq *= 1 + 0.01 * rng.standard_normal(grad_sq.shape)
    level = norm_sq * (1 + slope * np.linspace(-0.5, 0.5, epochs + 1))[None, :, None]
    rms = np.sqrt(level * (1 + 0.002 * rng.standard_normal(alignment.shape)) / WEIGHTS)
    dims = ("replica", "epoch", "layer")
    run = xr.Dataset(
        {"rms": (dims, rms), "alignment": (dims, alignment), "grad_sq": (dims, grad_sq)},
        {"layer": [2], "layer_weights": ("layer", [WEIGHTS]), "epoch": np.arange(epochs + 1)},
        {"n": N, "lam": LAM, "eta": ETA, "batch_size": M},
    )
    return run.drop_vars(drop.get("without", []))


def test_it_finds_the_stationary_scale():
    balance = balance_of(made_up(), 2)
    assert balance.comparison("rms", precision=0.01).verdict == "agrees"
    assert balance.stationary
    assert balance.verdict.startswith("stationary")


def test_how_much_of_what_holds_it_is_noise():
    run = made_up()
    budget, late = budget_of(run, 2), slice(-20, None)
    share = balance_of(run, 2).noise_share
    assert share == pytest.approx(budget.noise[:, late].mean() / -budget.decay[:, late].mean(), rel=0.01)
    assert share + budget.signal[:, late].mean() / -budget.decay[:, late].mean() == pytest.approx(1, abs=0.02)
    assert 0.05 < share < 0.95


def test_a_norm_that_is_off_by_ten_percent_is_seen():
    run = made_up()
    run["rms"] = 1.1 * run.rms
    assert balance_of(run, 2).comparison("rms", precision=0.01).verdict == "differs"


def test_a_drift_is_said():
    assert balance_of(made_up(slope=0.3), 2).verdict.startswith("not stationary: drift +")


def test_budget_closes_where_it_should():
    budget = budget_of(made_up(), 2)
    assert abs(budget.total.mean()) < 0.02 * abs(budget.decay.mean())
    assert budget.drive.mean() == pytest.approx(-budget.decay.mean(), rel=0.02)
    assert budget.at(-1)["decay"] == pytest.approx(budget.decay[:, -1].mean())


@pytest.mark.parametrize(
    ("run", "layer", "message"),
    [
        (made_up(without=["alignment"]), 2, "no recorded alignment"),
        (made_up(epochs=8), 2, "8 epochs; the balance needs at least 15"),
        (made_up(), 5, r"layer must be one of \[2\], got 5"),
        (made_up().assign(rms=made_up().rms * 0), 2, "all zero"),
    ],
)
def test_refusals(run, layer, message):
    with pytest.raises(theory.InvalidArgument, match=message):
        balance_of(run, layer)
