"""What the section on optimizers simulates: walks along eta lam/n and for the table, vectors, least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

import sim
from reports.document.section import Task
from reports.sections.optimizers.every import every_tasks
from reports.sections.optimizers.scheduled import scheduled_tasks
from theory import SGD, Adam, AdamW, Lion

__all__ = [
    "DRIVES",
    "ETA",
    "LAGS",
    "LEAST_SQUARES",
    "NOISE",
    "OPTIMIZERS",
    "REGRESSIONS",
    "SPHERE",
    "SPHERES",
    "TABLE_RATE",
    "N",
    "tasks",
]

OPTIMIZERS: dict[str, Any] = {
    "plain SGD": SGD(),
    "heavy ball, coupled": SGD(0.87),
    "heavy ball, decoupled (SGDW)": SGD(0.87, decoupled=True),
    "Nesterov, coupled": SGD(0.87, nesterov=True),
    "Nesterov, decoupled": SGD(0.87, nesterov=True, decoupled=True),
    "AdamW": AdamW((0.9, 0.97)),
    "Adam, coupled": Adam((0.9, 0.97)),
    "Lion": Lion((0.9, 0.97)),
}
N, ETA, NOISE = 173.0, 0.37, 1.0  # noise 1: coupled Adam's law knows eta lam/n over the noise, the others' eta lam/n
TABLE_RATE = 0.0317
RATES = (0.008, 0.105)  # coupled Adam has no law beyond 0.11
SPHERE: dict[str, Any] = {"n": 100.0, "lam": 2.3, "eta": 0.5, "dimension": 240, "start": 1.0}  # eta lam/n = 0.0115
LAGS = (1, 30)
LEAST_SQUARES: dict[str, Any] = {
    "n": 1000.0,
    "lam": 130.0,
    "eta": 0.07,
    "dimension": 8,
    "batch_size": 4,
    "teacher_sq": 1.7,
}
SPHERES = ("plain SGD", "AdamW")
REGRESSIONS = ("plain SGD", "heavy ball, coupled", "heavy ball, decoupled (SGDW)")
DRIVES: dict[str, dict[str, float]] = {
    "white": {},
    "memory": {"correlation": 0.43},
    "curved": {"curvature": 0.047},
    "both": {},
}
DRIVES["both"] = DRIVES["memory"] | DRIVES["curved"]
TABLE = {  # beside white noise without curvature, which every optimizer has
    "plain SGD": ("memory", "both"),
    "heavy ball, coupled": ("memory", "curved"),
    "heavy ball, decoupled (SGDW)": ("both",),
    "Nesterov, coupled": ("memory",),
    "Nesterov, decoupled": ("both",),
    "Adam, coupled": ("curved",),
}


def tasks(quick: bool, seed: int, data: sim.Data) -> list[Task]:
    """Return the walks of tables and figures, the vectors and the regressions."""
    del data  # random gradients
    rates = np.geomspace(*RATES, 2 if quick else 6).tolist()
    walks: list[tuple[str, float, dict[str, Any], dict[str, float]]] = [
        (name, rate, {"experiment": "line", "rate": rate}, {}) for name in OPTIMIZERS for rate in rates
    ]
    for name in OPTIMIZERS:
        for drive in ("white", *TABLE.get(name, ())):
            walks.append((name, TABLE_RATE, {"experiment": "table", "drive": drive}, DRIVES[drive]))
    made = [
        Task(labels | {"optimizer": name}, sim.walk, *_walk(OPTIMIZERS[name], rate, drive, quick), "optimizers")
        for name, rate, labels, drive in walks
    ]
    vectors = {"vectors": 20 if quick else 90, "steps": 1200 if quick else 2400, "grad_sq": SPHERE["dimension"] - 1.0}
    for name in SPHERES:
        arguments = SPHERE | vectors | {"optimizer": OPTIMIZERS[name], "lags": LAGS}
        labels = {"experiment": "sphere", "optimizer": name}
        made.append(Task(labels, sim.sphere, arguments, 0.4 if quick else 3.0, "scale-invariant vectors"))
    for name in REGRESSIONS[:1] if quick else REGRESSIONS:  # deriving the law with momentum takes seconds
        runs = {"runs": 300, "steps": 576} if quick else {"runs": 2000, "steps": 1088}
        arguments = LEAST_SQUARES | runs | {"optimizer": OPTIMIZERS[name]}
        labels = {"experiment": "regression", "optimizer": name}
        made.append(Task(labels, sim.least_squares, arguments, 0.2 if quick else 2.0, "least squares"))
    made += every_tasks(quick) + scheduled_tasks(quick)
    for task, child in zip(made, np.random.SeedSequence([seed, 5]).generate_state(len(made)), strict=True):
        task.arguments["seed"] = int(child)
    return made


def _walk(optimizer: Any, rate: float, drive: dict[str, float], quick: bool) -> tuple[dict[str, Any], float]:
    """Return the settings of a walk that gives the scale to 0.3% (quick: 1%), and its cost in seconds.

    The burn-in covers 1/rate and the second moment's memory; how long a weight remembers beyond that is not known here.
    """
    memory = 1 / (1 - getattr(optimizer, "momentum", 0)) if getattr(optimizer, "decoupled", True) else 1
    burn_in = int(10 * max(1, 0.4 * memory) / rate) + 300
    weights, steps = (500, int(50 / rate) + 300) if quick else (3000, int(80 / rate) + 600)
    settings = {
        "n": N, "lam": rate * N / ETA, "eta": ETA, "noise": NOISE, "optimizer": optimizer, "weights": weights,
        "steps": max(steps, 2 * burn_in + 64), "burn_in": burn_in,
    }  # fmt: skip
    return settings | drive, 2.0e-8 * weights * settings["steps"]
