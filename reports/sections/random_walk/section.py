"""The report's random walk: simulated weights against the closed form, over lam, eta and the noise's memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

import sim
import theory
from reports.cli.optimizer_choice import optimizer_of
from reports.comparison import Comparison, z_summary
from reports.document.section import Picture, Section, Task
from reports.sections.figures import transient_figure, walk_figure

__all__ = ["NAME", "report", "tasks"]

NAME = "random_walk"

N = 100  # small, so that the rates span three decades while the walks stay short; the law knows n only through lam/n
TRANSIENTS = {"white": 0.0, "correlated": 0.9}


def tasks(quick: bool, seed: int, data: sim.Data) -> list[Task]:
    """Return the walks to be run: two grids, and transients from above and below."""
    del data  # random gradients
    points = 4 if quick else 9
    grid = [
        {"lam": float(lam), "eta": eta, "correlation": 0.0}
        for eta in (0.05, 0.3, 1.5)
        for lam in np.geomspace(2.0, 120.0, points)
    ]
    grid += [
        {"lam": 20.0, "eta": eta, "correlation": float(1 - gap)}
        for eta in (0.05, 0.5, 4.0)
        for gap in np.geomspace(0.003, 1.9, points)
    ]
    arguments = [_grid_walk(point, quick) for point in grid]
    keys = [f"grid-{i:02}" for i in range(len(grid))]
    for name, correlation in TRANSIENTS.items():
        for side, start in (("above", 3.0), ("below", 0.0)):
            keys.append(f"transient-{name}-{side}")
            arguments.append({
                "n": N, "lam": 4.0, "eta": 0.5, "correlation": correlation, "start": start,
                "weights": 2_000 if quick else 20_000, "steps": 320, "burn_in": 160,
            })  # fmt: skip
    children = np.random.SeedSequence(seed).generate_state(len(keys))
    return [
        Task(key, sim.walk, kwargs | {"seed": int(child)}, 4e-9 * kwargs["weights"] * kwargs["steps"], "random walks")
        for key, kwargs, child in zip(keys, arguments, children, strict=True)
    ]


def _grid_walk(point: dict[str, float], quick: bool) -> dict[str, Any]:
    """Give a grid point enough weights and steps for a scale to 0.3% (quick: 1%), and alternate the noise."""
    rate = point["eta"] * point["lam"] / N
    slowest = min(rate, 2 - rate, 1 - abs(point["correlation"]))
    steps = int(max(1280, (40 if quick else 80) / slowest))
    return point | {
        "n": N, "weights": 400 if quick else 1600, "steps": steps,
        "distribution": "sign" if point["eta"] == 0.3 or point["eta"] == 0.5 else "gaussian",
    }  # fmt: skip


def report(results: dict[str, dict[str, xr.Dataset]], quick: bool) -> Section:
    """Compare every walk with the prediction and draw them."""
    mine = results[NAME]
    grid = [walk for key, walk in mine.items() if key.startswith("grid")]
    transients = {key: walk for key, walk in mine.items() if key.startswith("transient")}
    comparisons = [scale_comparison(walk, precision=0.02 if quick else 0.01) for walk in grid]
    facts = {
        "n": N,
        "weights": grid[0].attrs["weights"],
        "seed_of_first": grid[0].attrs["seed"],
        "summary": z_summary(comparisons),
        "derivation": [
            {"name": step.name, "reason": step.reason, "equation": equation}
            for step, equation in zip(*_typeset(), strict=True)
        ],
        "transient": {
            name: transients["transient-white-above"].attrs[name] for name in ("lam", "eta", "start", "weights")
        },
        "transient_summary": z_summary([c for walk in transients.values() for c in _along(walk)]),
    }
    pictures = {
        "walk": Picture(
            walk_figure(grid),
            "Scale of a weight against lambda, and against the memory of the noise: simulated points on the predicted "
            "lines; below, the residuals in standard errors.",
        ),
        "transient": Picture(
            transient_figure(transients),
            "Root mean square of the weights against steps, falling from above and rising from below to one "
            "equilibrium, for white and for correlated noise.",
        ),
    }
    table = xr.concat([_row(walk) for walk in grid], dim="point")
    return Section(NAME, facts, comparisons, pictures, {"walks": table})


def scale_comparison(walk: xr.Dataset, precision: float = 0.01) -> Comparison:
    """Compare the measured scale of one walk with the prediction for its settings."""
    predicted = predict(walk).scale
    measured = float(np.sqrt(walk.variance))
    error = float(walk.variance_error) / (2 * measured)
    at = walk.attrs
    name = f"scale of a weight, lam = {at['lam']:.4g}, eta = {at['eta']:g}, r = {at['correlation']:.4g}"
    return Comparison(name, predicted, measured, error, precision)


def predict(walk: xr.Dataset) -> theory.Equilibrium:
    """Return the prediction for a walk's settings."""
    names = ("noise", "correlation", "curvature")
    numbers = (walk.attrs[k] for k in ("n", "lam", "eta"))
    return theory.equilibrium(*numbers, optimizer=optimizer_of(walk), **{k: walk.attrs[k] for k in names})


def _along(walk: xr.Dataset) -> list[Comparison]:
    """Compare the rms at every recorded step after the start."""
    predicted = predict(walk).rms(walk.step.values, walk.attrs["start"])
    rows = zip(walk.step.values, predicted, walk.rms.values, walk.rms_error.values, strict=True)
    return [Comparison(f"rms at step {s}", float(p), float(m), float(e), 0.05) for s, p, m, e in rows if s > 0]


def _row(walk: xr.Dataset) -> xr.Dataset:
    """Return one walk as a row of a table: its settings as variables."""
    names = ("n", "lam", "eta", "noise", "correlation", "curvature", "weights", "steps", "seed", "distribution")
    return walk[["variance", "variance_error", "burn_in"]].assign({name: walk.attrs[name] for name in names})


def _typeset() -> tuple[Any, list[str]]:
    from theory.algebra.typst_math import typst_math

    steps = theory.derive(correlated=True).steps
    return steps, [typst_math(step.equation.doit()) for step in steps]
