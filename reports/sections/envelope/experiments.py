"""What the section on the whole network simulates, and solves: strong decay up to the end of learning and beyond.

The decays are fractions of the critical one of the data at hand. A run's time constant is 1/(T lambda) epochs with
T = eta/m, so that all settle soon; near the critical decay the slowest mode takes 1/|lambda_c/lambda - 1| as long.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

import sim
import theory
from reports.document.section import Task
from reports.sections.layers.experiments import REPLICAS, SAMPLED
from reports.sections.mnist_run.section import HIDDEN, sizes_for

__all__ = ["BATCH", "ETA", "MANY", "epochs_for", "tasks"]

FRACTIONS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.94, 1.06, 1.3)  # of the critical decay
QUICK_FRACTIONS = (0.94, 1.06)
SOLVED = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.94)  # for which the convex problem is solved
MANY, MANY_FRACTIONS = 270, (0.1, 0.2, 0.35, 0.5, 0.65)  # hidden neurons, so many that they stay linear
ETA, BATCH = 0.1, 50  # the question's rule, with a fifth of its noise
TIME_CONSTANTS, QUICK_TIME_CONSTANTS = 8, 4
LEAST, MANY_LEAST, QUICK_LEAST = 16, 12, 5  # epochs
DIGITS = 6  # of the critical decay, so that the rounding of a machine does not decide a run
ROUNDING = 1e-12  # of the largest input: a covariance of no more is none
MOST_EXAMPLES = 1_500_000  # of a run: labels that hardly know the inputs have a weak critical decay, and slow runs
ACCURACY = 1e-3  # of the convex problem's cost


def epochs_for(fraction: float, lam: float, temperature: float, lengths: tuple[int, int], n: int) -> int:
    """Return some time constants of the slowest of decay and first mode, and at least what the average needs.

    `lengths`: so many time constants, and the least number of epochs. No run sees more than 1.5 million examples.
    """
    constants, least = lengths
    needed = math.ceil(constants / (temperature * lam * min(1.0, abs(1 / fraction - 1))))
    return max(least, min(needed, MOST_EXAMPLES // n))


def tasks(quick: bool, seed: int, data: sim.Data) -> list[Task]:
    """Return the runs at fractions of the data's critical decay, and the convex problem's solutions.

    Without a critical decay there are none: nothing of the labels is in the inputs, or all are of one class.
    """
    critical = critical_of(data)
    if critical == 0:
        return []
    shared = {"data": data, "critical": critical}
    lengths = (QUICK_TIME_CONSTANTS, QUICK_LEAST) if quick else (TIME_CONSTANTS, LEAST)
    listed = []
    for fraction in QUICK_FRACTIONS if quick else FRACTIONS:
        labels = {"experiment": "strong", "hidden": HIDDEN, "fraction": fraction}
        listed.append(_training(labels, shared, lengths, seed))
    if not quick:
        for fraction in MANY_FRACTIONS:
            labels = {"experiment": "strong", "hidden": MANY, "fraction": fraction}
            listed.append(_training(labels, shared, (TIME_CONSTANTS, MANY_LEAST), seed))
        for fraction in SOLVED:
            labels = {"experiment": "convex", "fraction": fraction}
            listed.append(Task(labels, solve, shared | {"fraction": fraction}, 5.0, "the convex theory"))
    return listed


def present_labels(data: sim.Data) -> np.ndarray:
    """Return the training labels, numbered among the classes that occur: another class's output falls silent."""
    return np.asarray(np.unique(data.train.labels, return_inverse=True)[1]).reshape(-1)


def critical_of(data: sim.Data) -> float:
    """Return the critical decay of the training examples, or 0 if they have none."""
    labels = present_labels(data)
    if labels.max() == 0:
        return 0.0
    inputs = data.train.inputs
    critical = theory.critical_decay(inputs, labels)
    if critical < ROUNDING * len(inputs) * np.abs(inputs).max():
        return 0.0
    return float(f"{critical:.{DIGITS}g}")


def _training(labels: dict[str, Any], shared: dict[str, Any], lengths: tuple[int, int], seed: int) -> Task:
    fraction, hidden = labels["fraction"], labels["hidden"]
    batch = min(BATCH, shared["data"].sizes[0])
    epochs = epochs_for(fraction, fraction * shared["critical"], ETA / batch, lengths, shared["data"].sizes[0])
    arguments = shared | {"fraction": fraction, "hidden": hidden, "epochs": epochs, "batch_size": batch}
    ticks = epochs * REPLICAS
    cost = 0.08 * ticks * max(1.0, (hidden / HIDDEN) ** 0.7)
    what = f"strong decay, {fraction:g} of the critical, {hidden} hidden neurons"
    return Task(labels, train_strongly, arguments | {"seed": seed}, cost, what, ticks)


def train_strongly(
    data: sim.Data, critical: float, fraction: float, hidden: int, epochs: int, **settings: Any
) -> xr.Dataset:
    """Train at a fraction of the critical decay; cost and accuracy of the later half of the epochs."""
    run = sim.train(
        data, sizes=sizes_for(data, hidden), lam=fraction * critical, epochs=epochs, eta=ETA,
        init="default", bias_init="zero", replicas=REPLICAS, statistics=SAMPLED, evaluate_from=epochs // 2 + 1,
        **settings,
    )  # fmt: skip
    return run.assign_attrs(critical=critical, fraction=fraction, chance=chance(data), unseen=unseen(data))


def unseen(data: sim.Data) -> str:
    """Return the names of the classes of which there is no training example."""
    names = data.class_names or tuple(str(label) for label in range(data.classes))
    seen = set(data.train.labels.tolist())
    return ", ".join(name for label, name in enumerate(names) if label not in seen)


def chance(data: sim.Data) -> float:
    """Return the share of training examples that one answer to all gets right, at best."""
    labels = data.train.labels
    return float(np.bincount(labels).max() / len(labels))


def solve(data: sim.Data, critical: float, fraction: float) -> xr.Dataset:
    """Solve the convex problem of a wide linear network; no run goes in."""
    net = theory.linear_network(
        data.train.inputs, present_labels(data), fraction * critical, data.sizes[0], accuracy=ACCURACY
    )
    values = {"norm_sq": net.norm_sq, "cost": net.cost, "duality_gap": net.duality_gap, "rank": net.rank}
    return xr.Dataset(values, attrs={"lam": fraction * critical, "fraction": fraction, "critical": critical})
