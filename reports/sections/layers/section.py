"""The report's layers: what holds each at its scale, where decay really tails off, and which n is right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

import sim
from reports.comparison import Comparison, z_summary
from reports.document.section import Picture, Section, Task
from reports.runs.balance import balance_of
from reports.sections.layers.facts import (
    budget_facts,
    common_drifts,
    end_gaps,
    field_facts,
    forecast_facts,
    hidden_facts,
    inputs_facts,
    power_law,
    textbook_facts,
)
from reports.sections.layers.figures import balance_figure, budget_figure, forecast_figure, which_n_figure
from reports.sections.mnist_run import section as mnist_run

__all__ = ["NAME", "report", "tasks"]

NAME = "layers"
SETTINGS: dict[str, Any] = {"batch_size": 10, "eta": 0.1}
LAMS, QUICK_LAMS = (5.0, 12.0, 30.0, 70.0, 160.0), (160.0,)
INPUTS = (  # how the inputs are changed, and at which lam
    ("scaled", 0.5, 30.0), ("scaled", 2.0, 30.0), ("scaled", 0.5, 70.0), ("scaled", 0.7, 70.0), ("scaled", 2.0, 70.0),
    ("masked", 0.25, 70.0), ("masked", 0.5, 70.0), ("padded", 2.0, 70.0),
)  # fmt: skip
HIDDEN, HIDDEN_LAM = (10, 90), 70.0  # other numbers of hidden neurons: all weights of the network, at the same fan-in
SAMPLE = 2000  # examples from which the mean field knows the data
REPLICAS = 2
EPOCHS, QUICK_EPOCHS = (
    60,
    16,
)  # the least for a stationary run: at strong decay the network's learning is what takes time
INPUTS_EPOCHS = 40  # for runs whose scale is compared with that of runs of the same length
SAMPLED = 4  # the gradient's statistics are taken from each so many-th minibatch


def epochs_for(lam: float) -> int:
    """Return twelve time constants of the decay, and at least what the network needs to learn."""
    return max(EPOCHS, math.ceil(12 * SETTINGS["batch_size"] / (SETTINGS["eta"] * lam)))


def tasks(quick: bool, seed: int, data: sim.Data) -> list[Task]:
    """Return the runs to stationarity over lam, those with changed inputs, and the textbook's larger network."""
    listed = []
    for lam in QUICK_LAMS if quick else LAMS:
        for init in mnist_run.STARTS:
            epochs = QUICK_EPOCHS if quick else epochs_for(lam)
            listed.append(_training(f"lam-{lam:g}-{init}", data, epochs, seed, init=init, lam=lam))
    if not quick:
        for kind, value, lam in INPUTS:
            name = f"inputs-{kind}-{value:g}-{lam:g}"
            arguments = {"data": data, "kind": kind, "value": value, "lam": lam, "seed": seed}
            ticks = REPLICAS * INPUTS_EPOCHS
            listed.append(Task(name, train_on_changed, arguments, 0.08 * ticks, f"MNIST {kind} {value:g}", ticks))
        for hidden in HIDDEN:
            sizes = (784, hidden, 10)
            key = f"hidden-{hidden}"
            listed.append(_training(key, data, INPUTS_EPOCHS, seed, init="default", lam=HIDDEN_LAM, sizes=sizes))
        for init in mnist_run.STARTS:
            listed.append(_training(f"hundred-{init}", data, 30, seed, init=init, lam=5.0, sizes=(784, 100, 10)))
    for init in mnist_run.STARTS:
        arguments = {"data": data, "init": init, "seed": seed}
        listed.append(Task(f"untrained-{init}", measure_untrained, arguments, 1.0, "untrained networks"))
    return listed


def _training(key: str, data: sim.Data, epochs: int, seed: int, **settings: Any) -> Task:
    arguments = SETTINGS | {"data": data, "epochs": epochs, "replicas": REPLICAS, "seed": seed} | settings
    arguments |= {"evaluate_every": epochs}  # cost and accuracy before and after are enough here
    arguments |= {"statistics": SAMPLED}
    ticks = epochs * REPLICAS
    return Task(key, sim.train, arguments, 0.1 * ticks, f"MNIST, {key.replace('-', ' ')}", ticks)


def measure_untrained(data: sim.Data, init: str, seed: int) -> xr.Dataset:
    """Measure fresh networks, and keep a sample of the inputs for the mean field."""
    measured = sim.untrained(data, init=init, seed=seed)
    return measured.assign(inputs=(("example", "pixel"), data.train.inputs[:SAMPLE]))


def train_on_changed(
    data: sim.Data, kind: str, value: float, lam: float, seed: int, progress: Any = None
) -> xr.Dataset:
    """Train on inputs that are scaled, randomly masked, or padded with pixels that are always zero."""
    examples = data.sizes[0]
    images = data.inputs[:examples]
    if kind == "scaled":
        images = images * np.float32(value / (255 if images.dtype.kind in "iu" else 1))
    elif kind == "masked":
        keep = np.random.default_rng(seed).random(images.shape) < value
        images = np.where(keep, images, 0).astype(images.dtype)
    else:
        images = np.concatenate([images, np.zeros_like(images)], axis=1)
    changed = sim.Data(images, data.labels[:examples], (examples, 0, 0), f"{kind} {value:g}")
    run = sim.train(
        changed, sizes=(images.shape[1], 30, 10), lam=lam, epochs=INPUTS_EPOCHS, init="default",
        replicas=REPLICAS, seed=seed, evaluate_every=INPUTS_EPOCHS, statistics=None, progress=progress, **SETTINGS,
    )  # fmt: skip
    run.attrs |= {"kind": kind, "value": value, "squared_norm": float((changed.train.inputs**2).sum(axis=1).mean())}
    return run


def report(results: dict[str, dict[str, xr.Dataset]], quick: bool) -> Section:
    """Balance every stationary run, find the law of the inputs, time the forecast, and check the mean field."""
    mine, question = results[NAME], results[mnist_run.NAME]
    grid = {key: run for key, run in mine.items() if key.startswith("lam-")}
    rows = [balance_row(run, int(layer)) for run in grid.values() for layer in run.layer]
    drifts = common_drifts(grid)
    comparisons = [_comparison(row) for row in rows]
    facts: dict[str, Any] = {
        "quick": quick,
        "equations": _equations(),
        "rows": rows,
        "worst_percent": 100 * max(abs(row["predicted"] / row["measured"] - 1) for row in rows),
        "drifts": drifts,
        "stationary": [d["lam"] for d in drifts if d["stationary"]],
        "end_gaps": end_gaps(grid),
        "budget": budget_facts(question),
        "field": field_facts(mine, question),
    }
    pictures: dict[str, Picture] = {
        "budget": Picture(
            budget_figure(question),
            "Change of the squared norm per epoch by decay, noise and signal, for both layers and both starts.",
        ),
    }
    comparisons += [c for row in facts["field"]["rows"] for c in _field_comparisons(row)]
    if not quick:
        facts["lam_law"] = power_law([(r["lam"], r["measured"], r["error"]) for r in rows if r["layer"] == 2])
        facts |= (
            inputs_facts(mine)
            | hidden_facts(mine)
            | forecast_facts(mine)
            | {"textbook": textbook_facts(mine, question)}
        )
        pictures["balance"] = Picture(
            balance_figure(rows),
            "Measured rms of both layers over lambda, both starts, on the line of the norm balance.",
        )
        pictures["which_n"] = Picture(
            which_n_figure(facts, rows),
            "Scale of layer 2 over the mean squared norm of the inputs, the number of hidden neurons and lambda.",
        )
        pictures["forecast"] = Picture(
            forecast_figure(facts["forecast"]["default"]),
            "The balance's forecast of the final rms, epoch by epoch, ahead of the rms itself, for both layers.",
        )
    facts["summary"] = z_summary([c for c in comparisons if c.name.startswith("mean field")])
    return Section(
        NAME, facts, comparisons, pictures, {key: run for key, run in mine.items() if key.startswith("lam-")}
    )


def _equations() -> dict[str, str]:
    """Return the budget and the stationary norm as Typst mathematics, from the derivation."""
    from theory.algebra.typst_math import typst_math
    from theory.layer.budget import derive_norm_balance

    derivation = derive_norm_balance()
    return {key: typst_math(derivation[name]) for key, name in (("budget", "budget"), ("norm", "stationary norm"))}


def balance_row(run: xr.Dataset, layer: int) -> dict[str, Any]:
    """Return `balance_of` with the run's lam, start and layer."""
    return {
        "lam": run.attrs["lam"],
        "init": run.attrs["init"],
        "layer": layer,
        "epochs": int(run.epoch[-1]),
    } | balance_of(run, layer)


def _comparison(row: dict[str, Any]) -> Comparison:
    name = f"norm balance: rms of layer {row['layer']}, lam = {row['lam']:g}, {row['init']} start"
    error = math.hypot(row["error"], row["predicted_error"])
    return Comparison(name, row["predicted"], row["measured"], error, precision=0.02)


def _field_comparisons(row: dict[str, Any]) -> list[Comparison]:
    name = f"mean field: {row['what']} of layer {row['layer']}, {row['init']} start"
    return [Comparison(name, row["predicted"], row["measured"], row["error"], precision=0.1)]
