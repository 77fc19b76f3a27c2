"""The report's optimizers: where each holds a weight, against its law; scale-invariant vectors; least squares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import sqrt
from typing import Any

import numpy as np
import xarray as xr

import theory
from reports.comparison import Comparison, z_summary
from reports.document.section import Chapter, Picture, Results, Section, SectionSpec
from reports.runs.walks import optimizer_of, predict, scale_comparison
from reports.sections.optimizers.catalogue import BETAS, STEPS
from reports.sections.optimizers.every import controls, every_facts, every_rows
from reports.sections.optimizers.every_figure import every_figure
from reports.sections.optimizers.experiments import (
    DRIVES,
    ETA,
    LAGS,
    LEAST_SQUARES,
    NOISE,
    OPTIMIZERS,
    SPHERE,
    SPHERES,
    TABLE_RATE,
    N,
    tasks,
)
from reports.sections.optimizers.figures import optimizer_figure
from reports.sections.optimizers.formulas import formula
from reports.sections.optimizers.remember import remember_facts
from reports.sections.optimizers.scheduled import ends, others, scheduled_facts, ways
from reports.sections.optimizers.scheduled_figure import ends_figure, scheduled_figure

__all__ = ["EVERY_OPTIMIZER"]

SAME = 0.05  # laws that differ by less lie on each other in the figure, within the size of a point
COUPLED, DECOUPLED, NESTEROV = "heavy ball, coupled", "heavy ball, decoupled (SGDW)", "Nesterov, decoupled"

Rows = list[tuple[str, xr.Dataset, Comparison]]


def report(results: Mapping[str, Results], quick: bool) -> Section:
    """Compare every measurement with its law, and draw the scales."""
    mine = results[EVERY_OPTIMIZER.name]
    precision = 0.02 if quick else 0.005
    lines = {name: mine.where(experiment="line", optimizer=name).datasets for name in OPTIMIZERS}
    rows, points = _compared(mine, "table", precision), _compared(mine, "line", precision)
    rotations = {name: _rotation(name) for name in SPHERES}
    sphere = [
        c
        for name in SPHERES
        for c in _sphere(name, mine.one(experiment="sphere", optimizer=name), rotations[name], precision)
    ]
    regressed = mine.where(experiment="regression")
    regressions = [c for labels, run in regressed for c in _regressed(labels["optimizer"], run, precision)]
    scales = [c for *_, c in (*points, *rows)]
    blunter = 2 * precision  # of an rms at one moment, which no average over time sharpens
    every, along, falls = every_rows(mine, blunter), ways(mine, blunter), ends(mine, blunter)
    facts = {
        "quick": quick, "remember": remember_facts(),
        "every": {
            "rows": every_facts(every), "summary": z_summary([c for _, c in every]), "steps": STEPS, "betas": BETAS,
            "controls": [c.as_dict() for c in controls(mine, blunter)],
        },
        "schedules": scheduled_facts(along, falls, others(mine, blunter)),
        "formulas": [formula(name, optimizer) for name, optimizer in OPTIMIZERS.items()],
        "rows": [_row(*row) for row in rows],
        "sphere": [c.as_dict() for c in sphere],
        "sphere_summary": z_summary(sphere),
        "regressions": [c.as_dict() for c in regressions],
        "regression_summary": z_summary(regressions),
        "summary": z_summary(scales),
        "n": N, "eta": ETA, "noise": NOISE, "rate": TABLE_RATE, "drive": DRIVES["both"],
        "weights": lines["AdamW"][0].attrs["weights"],
        "momentum": OPTIMIZERS[COUPLED].momentum,
        "beta1": OPTIMIZERS["AdamW"].beta1, "beta2": OPTIMIZERS["AdamW"].beta2,
        "sphere_settings": SPHERE | {"lag": LAGS[1], "rate": rotations["AdamW"].rate},
        "step_angle": rotations["AdamW"].angle,
        "diffusive_angle": rotations["AdamW"].diffusive_angle,
        "regression_settings": LEAST_SQUARES,
        "accuracy": max(predict(walk).accuracy for walk in lines["Adam, coupled"]),
        "decoupling": _decoupling(rows),
        "verdicts": {"decoupled_coincide": _coincide(lines[DECOUPLED], lines[NESTEROV])},
    }  # fmt: skip
    picture = Picture(
        optimizer_figure(lines),
        f"Scale of a weight over eta lambda / n for {len(lines)} optimizers: simulated points beside the predicted "
        "lines; below, the residuals in standard errors.",
    )
    measured = xr.concat([_record(name, walk) for name, walk, _ in (*rows, *points)], dim="point")
    comparisons = [c for *_, c in (*rows, *points)] + sphere + regressions
    comparisons += [c for _, c in every] + [c for *_, cs in along for c in cs] + [c for *_, c in falls]
    pictures = {"scales": picture} | _pictures(every, along, falls)
    return Section(EVERY_OPTIMIZER.name, facts, comparisons, pictures, {"optimizers": measured})


def _pictures(every: Any, along: Any, falls: Any) -> dict[str, Picture]:
    """Draw every optimizer, the runs along schedules, and the ends of the falls."""
    return {
        "every": Picture(
            every_figure(every), f"Simulated rms over the predicted one for {len(every)} optimizers, in percent."
        ),
        "schedules": Picture(
            scheduled_figure(along),
            "Learning rate, rms and residuals along runs under schedules, AdamW on the left and SGD on the right: "
            "simulated points on the predicted lines.",
        ),
        "ends": Picture(
            ends_figure(falls),
            "The rms at the end of a fall of the learning rate over the peak's equilibrium, against the fall's length "
            "in memories of decay; the decay multiplied by the schedule on the left, independent of it on the right.",
        ),
    }


def _compared(mine: Results, experiment: str, precision: float) -> Rows:
    """Compare the measured scale of every walk of an experiment with the law of its optimizer."""
    rows: Rows = []
    for optimizer in OPTIMIZERS:
        for walk in mine.where(experiment=experiment, optimizer=optimizer).datasets:
            at = walk.attrs
            rate = at["eta"] * at["lam"] / at["n"]
            name = f"scale, {optimizer}, eta lam/n = {rate:.4g}, r = {at['correlation']:g}, h = {at['curvature']:g}"
            rows.append((optimizer, walk, scale_comparison(walk, precision, name)))
    return rows


def _row(name: str, walk: xr.Dataset, comparison: Comparison) -> dict[str, Any]:
    at = walk.attrs
    return comparison.as_dict() | {"optimizer": name, "r": at["correlation"], "h": at["curvature"]}


def _decoupling(rows: Rows) -> dict[str, float]:
    """Return the scale of SGDW over that of the coupled heavy ball, predicted and measured, under white noise."""
    white = {name: c for name, walk, c in rows if walk.attrs["correlation"] == 0 == walk.attrs["curvature"]}
    pair = white[DECOUPLED], white[COUPLED]
    return {"predicted": pair[0].predicted / pair[1].predicted, "measured": pair[0].measured / pair[1].measured}


def _coincide(first: list[xr.Dataset], second: list[xr.Dataset]) -> bool:
    """Say whether two laws lie on each other at all the rates of the figure."""
    pairs = zip(first, second, strict=True)
    return max(abs(predict(one).scale / predict(other).scale - 1) for one, other in pairs) < SAME


def _rotation(name: str) -> theory.Rotation:
    """Return the predicted rotation under the settings of the report."""
    at = SPHERE
    return theory.rotation(
        at["n"], at["lam"], at["eta"], dimension=at["dimension"], grad_sq=(at["dimension"] - 1) * NOISE**2,
        optimizer=OPTIMIZERS[name],
    )  # fmt: skip


def _sphere(name: str, walk: xr.Dataset, law: theory.Rotation, precision: float) -> list[Comparison]:
    """Compare norm, angle of one step and angle over a lag of scale-invariant vectors."""
    norm = sqrt(walk.norm_sq)
    found = [Comparison(f"{name}: norm", sqrt(law.norm_sq), norm, float(walk.norm_sq_error) / (2 * norm), precision)]
    for lag, turn, error in zip(walk.lag.values, walk.turn.values, walk.turn_error.values, strict=True):
        predicted = law.turned(int(lag))
        angle = 2 * np.arcsin(np.sqrt(turn / 2))
        label = f"{name}: angle of {'one step' if lag == 1 else f'{lag} steps'}"
        found.append(
            Comparison(label, 2 * float(np.arcsin(np.sqrt(predicted / 2))), angle, error / np.sin(angle), precision)
        )
    return found


def _regressed(name: str, run: xr.Dataset, precision: float) -> list[Comparison]:
    """Compare the mean squared norms of weights and gradient in minibatch least squares."""
    law = theory.linear_regression(**LEAST_SQUARES, optimizer=OPTIMIZERS[name])
    labels = {"weight_sq": "mean squared norm of w", "grad_sq": "mean squared norm of g"}
    return [
        Comparison(f"{name}: {label}", getattr(law, key), run[key].item(), run[f"{key}_error"].item(), precision)
        for key, label in labels.items()
    ]


def _record(name: str, walk: xr.Dataset) -> xr.Dataset:
    """Return one walk as a row of a table: its settings as variables."""
    names = ("n", "lam", "eta", "noise", "correlation", "curvature", "weights", "steps", "seed")
    settings = {key: walk.attrs[key] for key in names} | {"optimizer": f"{name}: {asdict(optimizer_of(walk))}"}
    return walk[["variance", "variance_error", "burn_in"]].assign(settings)


EVERY_OPTIMIZER = SectionSpec(
    name="optimizers",
    words=(Chapter("Every optimizer", "sec-optimizers", "optimizers.typ"),),
    tasks=tasks,
    report=report,
)
