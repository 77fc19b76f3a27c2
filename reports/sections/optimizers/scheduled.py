"""Runs along a schedule: the rms on the way, and how much of the peak's equilibrium the end keeps."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np
import xarray as xr

import sim
import theory
from reports.comparison import Comparison, z_summary
from reports.document.section import Results, Task
from theory import SGD, AdamW, schedules

__all__ = [
    "ENDS",
    "OPTIMIZERS",
    "SCHEDULES",
    "STEPS",
    "ends",
    "ends_closed_form",
    "law_along",
    "others",
    "run_of",
    "scheduled_facts",
    "scheduled_tasks",
    "ways",
]

STEPS, WARMUP, COOLDOWN = 1920, 192, 480
SCHEDULES: dict[str, Any] = {
    "cosine": schedules.cosine(warmup=WARMUP),
    "linear": schedules.linear(warmup=WARMUP),
    "trapezoid": schedules.trapezoid(warmup=WARMUP, cooldown=COOLDOWN),
}
OPTIMIZERS: dict[str, dict[str, Any]] = {  # start: over the equilibrium at the peak
    "AdamW": {"optimizer": AdamW((0.9, 0.96)), "lr": 0.01, "weight_decay": 0.61, "noise": 1.0},
    "SGD": {"optimizer": SGD(0.83), "lr": 0.053, "weight_decay": 0.02, "noise": 1.0},
}
START = 2.0
STATED = {"AdamW": 0.006, "SGD": 0.0}  # error of the rms along a path: AdamW's live start is first order
ENDS = (("linear", False), ("cosine", False), ("linear", True), ("cosine", True))  # shape of the fall, held decay
FALL_STEPS, FALL_LR = 1280, 0.1
LEFT_OUT = 0.45  # relative error of the closed forms over the rate per step, lr weight_decay: measured below 0.44


def scheduled_tasks(quick: bool) -> list[Task]:
    """Return the walks along schedules, and those that fall from equilibrium."""
    weights = 3000 if quick else 8000
    made = []
    for name in OPTIMIZERS:
        for schedule in ("cosine",) if quick else tuple(SCHEDULES):
            arguments = run_of(name)
            noise = {"n": 1.0, "lam": arguments.pop("weight_decay"), "eta": arguments.pop("lr")}
            walk = noise | arguments | {"steps": STEPS, "weights": weights, "schedule": SCHEDULES[schedule]}
            labels: dict[str, Any] = {"experiment": "way", "optimizer": name, "schedule": schedule}
            made.append(Task(labels, sim.walk, walk, 2e-8 * weights * STEPS, "schedules"))
    for fall, held in ENDS:
        for K in (3.0,) if quick else (0.5, 1.5, 5.0, 15.0, 40.0):
            factors = schedules.named(fall).factors(FALL_STEPS)
            decay = K / FALL_STEPS / FALL_LR
            walk = {
                "n": 1.0, "lam": decay, "eta": FALL_LR, "noise": 1.0, "steps": FALL_STEPS, "weights": 2 * weights,
                "start": _peak(K), "schedule": fall, "decay_schedule": 1 / factors if held else None,
            }  # fmt: skip
            labels = {"experiment": "end", "fall": fall, "held": held, "K": K}
            made.append(Task(labels, sim.walk, walk, 2e-8 * 2 * weights * FALL_STEPS, "schedules"))
    return made


def run_of(name: str) -> dict[str, Any]:
    """Return the settings of a run, its start from twice the equilibrium at the peak."""
    settings = OPTIMIZERS[name]
    return settings | {"start": START * float(theory.equilibrium(**settings).scale)}


def law_along(name: str, schedule: Any, **changed: Any) -> theory.Trajectory:
    """Return the predicted run."""
    return theory.trajectory(**run_of(name), steps=STEPS, schedule=schedule, **changed)


def ways(mine: Results, precision: float) -> list[tuple[str, str, xr.Dataset, list[Comparison]]]:
    """Compare every eighth recorded step of every run with the law: optimizer, schedule, walk, comparisons."""
    found = []
    for labels, walk in mine.where(experiment="way"):
        name, schedule = labels["optimizer"], labels["schedule"]
        law = law_along(name, SCHEDULES[schedule])
        found.append(
            (name, schedule, walk, [_at(walk, law.rms, at, name, schedule, precision) for at in range(8, 65, 8)])
        )
    return found


def _at(walk: xr.Dataset, rms: np.ndarray, at: int, name: str, schedule: str, precision: float) -> Comparison:
    step = int(walk.step[at])
    return Comparison(
        f"rms, {name}, {schedule}, after {step} steps", float(rms[step]), float(walk.rms[at]),
        float(walk.rms_error[at]), precision, STATED[name],
    )  # fmt: skip


def others(mine: Results, precision: float) -> list[Comparison]:
    """Return other laws for the end of AdamW's cosine run: each must differ."""
    walk, name, schedule = (
        mine.one(experiment="way", optimizer="AdamW", schedule="cosine"),
        "AdamW",
        SCHEDULES["cosine"],
    )
    law = law_along(name, schedule)
    wrong = {
        "the law of a held rate on a cosine run": law_along(name, None).rms,
        "the equilibrium of the moment on it": np.concatenate([[law.start], law.momentary]),
        "independent decay on it": law_along(name, schedule, independent=True).rms,
    }
    end = {"measured": float(walk.rms[-1]), "standard_error": float(walk.rms_error[-1])}
    return [
        Comparison(what, float(rms[-1]), **end, precision=precision, accuracy=STATED[name])
        for what, rms in wrong.items()
    ]


def ends(mine: Results, precision: float) -> list[tuple[str, bool, float, Comparison]]:
    """Compare the ends of the falls with the closed forms: fall, held decay, K, comparison of end over peak."""
    found = []
    for labels, walk in mine.where(experiment="end"):
        fall, held, K = labels["fall"], labels["held"], labels["K"]
        peak = _peak(K)
        c = Comparison(
            f"end over peak, {fall}, {'independent' if held else 'multiplied'} decay, K = {K:g}",
            ends_closed_form(fall, held, K), float(walk.rms[-1]) / peak, float(walk.rms_error[-1]) / peak,
            precision, LEFT_OUT * K / FALL_STEPS,
        )  # fmt: skip
        found.append((fall, held, K, c))
    return found


def scheduled_facts(
    runs: list[tuple[str, str, xr.Dataset, list[Comparison]]],
    found: list[tuple[str, bool, float, Comparison]],
    wrong: list[Comparison],
) -> dict[str, Any]:
    """Return what the words quote."""
    settings = {
        name: {key: OPTIMIZERS[name][key] for key in ("lr", "weight_decay")}
        | {"K": law_along(name, SCHEDULES["cosine"]).K}
        for name in OPTIMIZERS
    }
    settings["SGD"]["momentum"] = OPTIMIZERS["SGD"]["optimizer"].momentum
    K = 5
    return {
        "summary": z_summary([c for *_, compared in runs for c in compared]),
        "ends_summary": z_summary([c for *_, c in found]),
        "controls": [c.as_dict() for c in wrong],
        "optimizers": settings, "weights": runs[0][2].attrs["weights"],
        "steps": STEPS, "warmup": WARMUP, "cooldown": COOLDOWN, "end_steps": FALL_STEPS,
        "example": {
            "K": K, "multiplied": ends_closed_form("linear", False, K), "held": ends_closed_form("linear", True, K),
        },
    }  # fmt: skip


def ends_closed_form(fall: str, held: bool, K: float) -> float:
    """Return end over peak; with a decay that is held along a cosine there is none, and a long run is iterated."""
    if not held:
        return theory.end_over_peak(fall, K)
    if fall == "linear":
        return sqrt(_held_linear()(K))
    steps = 10_000
    settings: dict[str, Any] = {"lr": 1.0, "weight_decay": K / steps, "noise": 1.0}
    peak = float(theory.equilibrium(**settings).scale)
    run = theory.trajectory(**settings, steps=steps, start=peak, schedule=fall, independent=True)
    return float(run.rms[-1] / peak)


@lru_cache
def _held_linear() -> Any:
    import sympy as sp

    from theory.weight.derivations.schedules import K, derive_schedules

    return sp.lambdify(K, derive_schedules()["held decay"].rhs, "math")


def _peak(K: float) -> float:
    """Return the equilibrium at the peak."""
    return float(theory.equilibrium(lr=FALL_LR, weight_decay=K / FALL_STEPS / FALL_LR, noise=1.0).scale)
