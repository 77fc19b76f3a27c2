"""What the section on layers simulates: runs to stationarity over lam, with changed inputs, with other widths."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

import sim
from reports.document.section import Task
from reports.sections.mnist_run.section import STARTS, sizes_for

__all__ = [
    "EVALUATED",
    "HIDDEN_LAM",
    "REPLICAS",
    "SAMPLED",
    "SETTINGS",
    "TEXTBOOK_LAM",
    "TIME_CONSTANTS",
    "WIDE",
    "epochs_for",
    "tasks",
]

SETTINGS: dict[str, Any] = {"batch_size": 10, "eta": 0.1}
LAMS, QUICK_LAMS = (5.0, 12.0, 30.0, 70.0, 160.0), (160.0,)
INPUTS = (  # how the inputs are changed, and at which lam
    ("scaled", 0.5, 30.0), ("scaled", 2.0, 30.0), ("scaled", 0.5, 70.0), ("scaled", 0.7, 70.0), ("scaled", 2.0, 70.0),
    ("masked", 0.25, 70.0), ("masked", 0.5, 70.0), ("padded", 2.0, 70.0),
)  # fmt: skip
HIDDEN, HIDDEN_LAM = (
    (10, 90, 270),
    70.0,
)  # other numbers of hidden neurons: all weights of the network, at the same fan-in
WIDE, TEXTBOOK_LAM, TEXTBOOK_EPOCHS = 100, 5.0, 30  # the textbook's second example
SAMPLE = 2000  # examples from which the mean field knows the data
REPLICAS = 2
TIME_CONSTANTS = 12  # of the decay
EPOCHS, QUICK_EPOCHS = 60, 16  # the least for a stationary run: at strong decay the network's learning takes the time
HIDDEN_EPOCHS = 24  # 17 time constants at that lam
INPUTS_EPOCHS = 40  # for runs whose scale is compared with that of runs of the same length
SAMPLED = 4  # the gradient's statistics are taken from one minibatch in so many
EVALUATED = 10  # epochs at the end in which the cost is taken: one alone scatters by some tenths of a percent


def epochs_for(lam: float) -> int:
    """Return twelve time constants of the decay, and at least what the network needs to learn."""
    return max(EPOCHS, math.ceil(TIME_CONSTANTS * SETTINGS["batch_size"] / (SETTINGS["eta"] * lam)))


def tasks(quick: bool, seed: int, data: sim.Data) -> list[Task]:
    """Return the runs to stationarity over lam, those with changed inputs, and the textbook's larger network."""
    listed = []
    for lam in QUICK_LAMS if quick else LAMS:
        for init in STARTS:
            epochs = QUICK_EPOCHS if quick else epochs_for(lam)
            labels = {"experiment": "lam", "lam": lam, "init": init}
            listed.append(_training(labels, data, epochs, seed, init=init, lam=lam))
    if not quick:
        for kind, value, lam in INPUTS:
            labels = {"experiment": "inputs", "kind": kind, "value": value, "lam": lam}
            arguments = {"data": data, "kind": kind, "value": value, "lam": lam, "seed": seed}
            ticks = REPLICAS * INPUTS_EPOCHS
            listed.append(Task(labels, train_on_changed, arguments, 0.08 * ticks, f"inputs {kind} {value:g}", ticks))
        for hidden in HIDDEN:
            labels = {"experiment": "hidden", "hidden": hidden, "lam": HIDDEN_LAM}
            sizes = sizes_for(data, hidden)
            listed.append(_training(labels, data, HIDDEN_EPOCHS, seed, init="default", lam=HIDDEN_LAM, sizes=sizes))
        for init in STARTS:
            labels = {"experiment": "textbook", "hidden": WIDE, "init": init}
            sizes = sizes_for(data, WIDE)
            listed.append(_training(labels, data, TEXTBOOK_EPOCHS, seed, init=init, lam=TEXTBOOK_LAM, sizes=sizes))
    for init in STARTS:
        arguments = {"data": data, "init": init, "seed": seed}
        labels = {"experiment": "untrained", "init": init}
        listed.append(Task(labels, measure_untrained, arguments, 1.0, "untrained networks"))
    return listed


def _training(labels: dict[str, Any], data: sim.Data, epochs: int, seed: int, **settings: Any) -> Task:
    """Return a training run; cost and accuracy at its end are enough here."""
    arguments = SETTINGS | {"data": data, "sizes": sizes_for(data), "epochs": epochs, "replicas": REPLICAS} | settings
    arguments |= {"seed": seed, "evaluate_from": epochs - EVALUATED + 1, "statistics": SAMPLED}
    what = ", ".join(f"{name} {value}" for name, value in labels.items() if name != "experiment")
    return Task(labels, sim.train, arguments, 0.1 * epochs * REPLICAS, f"training, {what}", epochs * REPLICAS)


def measure_untrained(data: sim.Data, init: str, seed: int) -> xr.Dataset:
    """Measure fresh networks, and keep a sample of the inputs for the mean field."""
    measured = sim.untrained(data, sizes=sizes_for(data), batch_size=SETTINGS["batch_size"], init=init, seed=seed)
    return measured.assign(inputs=(("example", "pixel"), data.train.inputs[:SAMPLE]))


def train_on_changed(
    data: sim.Data, kind: str, value: float, lam: float, seed: int, progress: Callable[[], None] | None = None
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
    sizes = (images.shape[1], *sizes_for(data)[1:])
    run = sim.train(
        changed, sizes=sizes, lam=lam, epochs=INPUTS_EPOCHS, init="default", replicas=REPLICAS, seed=seed,
        evaluate_every=INPUTS_EPOCHS, statistics=None, progress=progress, **SETTINGS,
    )  # fmt: skip
    run.attrs |= {"kind": kind, "value": value, "squared_norm": float((changed.train.inputs**2).sum(axis=1).mean())}
    return run
