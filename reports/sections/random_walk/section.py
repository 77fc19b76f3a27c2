"""The report's random walk: simulated weights against the closed form, over lam, eta and the noise's memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

import sim
import theory
from reports.comparison import Comparison, z_summary
from reports.document.section import Chapter, Picture, Results, Section, SectionSpec, Task
from reports.runs.walks import predict, scale_comparison
from reports.sections.random_walk.figures import transient_figure, walk_figure

__all__ = ["RANDOM_WALK"]

N = 100  # small, so that the rates span three decades while the walks stay short; the law knows n only through lam/n
TRANSIENTS = {"white": 0.0, "correlated": 0.9}
STARTS = {"above": 3.0, "below": 0.0}


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
    walks: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"experiment": "grid"} | point, _grid_walk(point, quick)) for point in grid
    ]
    for noise, correlation in TRANSIENTS.items():
        for side, start in STARTS.items():
            walks.append((
                {"experiment": "transient", "noise": noise, "side": side},
                {"n": N, "lam": 4.0, "eta": 0.5, "correlation": correlation, "start": start,
                 "weights": 2_000 if quick else 20_000, "steps": 320, "burn_in": 160},
            ))  # fmt: skip
    children = np.random.SeedSequence(seed).generate_state(len(walks))
    return [
        Task(labels, sim.walk, walk | {"seed": int(child)}, 4e-9 * walk["weights"] * walk["steps"], "random walks")
        for (labels, walk), child in zip(walks, children, strict=True)
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


def report(results: Mapping[str, Results], quick: bool) -> Section:
    """Compare every walk with the prediction and draw them."""
    mine = results[RANDOM_WALK.name]
    grid = mine.where(experiment="grid").datasets
    transients = {
        noise: {side: mine.one(experiment="transient", noise=noise, side=side) for side in STARTS}
        for noise in TRANSIENTS
    }
    along = [c for sides in transients.values() for walk in sides.values() for c in _along(walk)]
    precision = 0.02 if quick else 0.01
    comparisons = [scale_comparison(walk, precision) for walk in grid]
    example = transients["white"]["above"].attrs
    facts = {
        "n": N,
        "weights": grid[0].attrs["weights"],
        "lam_of_memory": next(walk.attrs["lam"] for walk in grid if walk.attrs["correlation"] != 0),
        "precision_percent": round(100 * precision),
        "seed_of_first": grid[0].attrs["seed"],
        "summary": z_summary(comparisons),
        "derivation": _derivation(),
        "transient": {name: example[name] for name in ("lam", "eta", "start", "weights")}
        | {"correlation": TRANSIENTS["correlated"]},
        "transient_summary": z_summary(along),
    }
    pictures = {
        "walk": Picture(
            walk_figure(grid),
            "Scale of a weight against lambda, and against the memory of the noise: simulated points beside the "
            "predicted lines; below, the residuals in standard errors.",
        ),
        "transient": Picture(
            transient_figure(transients),
            "Root mean square of the weights against steps from a start above equilibrium and one below, for white and "
            "for correlated noise: simulated points beside the predicted lines.",
        ),
    }
    table = xr.concat([_row(walk) for walk in grid], dim="point")
    return Section(RANDOM_WALK.name, facts, comparisons, pictures, {"walks": table})


def _along(walk: xr.Dataset) -> list[Comparison]:
    """Compare the rms at every recorded step after the start."""
    predicted = predict(walk).rms(walk.step.values, walk.attrs["start"])
    rows = zip(walk.step.values, predicted, walk.rms.values, walk.rms_error.values, strict=True)
    return [Comparison(f"rms at step {s}", float(p), float(m), float(e), 0.05) for s, p, m, e in rows if s > 0]


def _row(walk: xr.Dataset) -> xr.Dataset:
    """Return one walk as a row of a table: its settings as variables."""
    names = ("n", "lam", "eta", "noise", "correlation", "curvature", "weights", "steps", "seed", "distribution")
    return walk[["variance", "variance_error", "burn_in"]].assign({name: walk.attrs[name] for name in names})


def _derivation() -> list[dict[str, str]]:
    """Return every step of the derivation: its name, its reason, its equation as Typst mathematics."""
    from theory.algebra.typst_math import typst_math

    steps = theory.derive(correlated=True).steps
    return [{"name": s.name, "reason": s.reason, "equation": typst_math(s.equation.doit())} for s in steps]


RANDOM_WALK = SectionSpec(
    name="random_walk",
    words=(
        Chapter("Derivation", "sec-derivation", "derivation.typ"),
        Chapter("The random walk against theory", "sec-walk", "random_walk.typ"),
    ),
    tasks=tasks,
    report=report,
)
