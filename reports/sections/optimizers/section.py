"""The report's optimizers: where each holds a weight, against its law; scale-invariant vectors; least squares."""

from __future__ import annotations

from dataclasses import asdict
from math import sqrt
from typing import Any

import numpy as np
import xarray as xr

import sim
import theory
from reports.cli.optimizer_choice import optimizer_of
from reports.comparison import Comparison, z_summary
from reports.document.section import Picture, Section, Task
from reports.sections.optimizers.figures import optimizer_figure
from reports.sections.random_walk.section import predict
from theory import SGD, Adam, AdamW, Lion

__all__ = ["NAME", "OPTIMIZERS", "report", "tasks"]

NAME = "optimizers"

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
    """Return the walks of table and figure, the vectors and the regressions."""
    del data  # random gradients
    rates = np.geomspace(*RATES, 2 if quick else 6)
    walks: list[Any] = [(f"line-{i}-{name}", name, rate, {}) for name in OPTIMIZERS for i, rate in enumerate(rates)]
    for name in OPTIMIZERS:
        walks += [(f"table-{key}-{name}", name, 0.0317, DRIVES[key]) for key in ("white", *TABLE.get(name, ()))]
    made = [Task(key, sim.walk, *_walk(OPTIMIZERS[name], rate, drive, quick), "optimizers")
            for key, name, rate, drive in walks]  # fmt: skip
    vectors = {"vectors": 20 if quick else 90, "steps": 1200 if quick else 2400, "grad_sq": SPHERE["dimension"] - 1.0}
    for name in ("plain SGD", "AdamW"):
        arguments = SPHERE | vectors | {"optimizer": OPTIMIZERS[name], "lags": LAGS}
        made.append(Task(f"sphere-{name}", sim.sphere, arguments, 0.4 if quick else 3.0, "scale-invariant vectors"))
    for name in REGRESSIONS[:1] if quick else REGRESSIONS:  # deriving the law with momentum takes seconds
        runs = {"runs": 300, "steps": 576} if quick else {"runs": 2000, "steps": 1088}
        arguments = LEAST_SQUARES | runs | {"optimizer": OPTIMIZERS[name]}
        made.append(Task(f"regression-{name}", sim.least_squares, arguments, 0.2 if quick else 2.0, "least squares"))
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


def report(results: dict[str, dict[str, xr.Dataset]], quick: bool) -> Section:
    """Compare every measurement with its law, and draw the scales."""
    mine = results[NAME]
    precision = 0.02 if quick else 0.005
    lines = {name: _of(mine, "line", name) for name in OPTIMIZERS}
    table = [(name, walk) for name in OPTIMIZERS for walk in _of(mine, "table", name)]
    rows = [(name, walk, scale_comparison(name, walk, precision)) for name, walk in table]
    points = [scale_comparison(name, walk, precision) for name, walks in lines.items() for walk in walks]
    sphere = [row for name in ("plain SGD", "AdamW") for row in _sphere(name, mine[f"sphere-{name}"], precision)]
    regressed = [name for name in REGRESSIONS if f"regression-{name}" in mine]
    regressions = [row for name in regressed for row in _regressed(name, mine[f"regression-{name}"], precision)]
    comparisons = [c for _, _, c in rows] + points + sphere + regressions
    beta1, sphere_rate = OPTIMIZERS["AdamW"].beta1, SPHERE["eta"] * SPHERE["lam"] / SPHERE["n"]
    facts = {
        "formulas": [_formula(name, optimizer) for name, optimizer in OPTIMIZERS.items()],
        "rows": [_row(name, walk, c) for name, walk, c in rows],
        "sphere": [c.as_dict() for c in sphere],
        "regressions": [c.as_dict() for c in regressions],
        "summary": z_summary(points + [c for _, _, c in rows]),
        "n": N, "eta": ETA, "noise": NOISE, "rate": 0.0317, "drive": DRIVES["both"],
        "weights": lines["AdamW"][0].attrs["weights"],
        "momentum": OPTIMIZERS["heavy ball, coupled"].momentum, "beta1": beta1, "beta2": OPTIMIZERS["AdamW"].beta2,
        "sphere_settings": SPHERE | {"lag": LAGS[1], "rate": sphere_rate},
        "step_angle": sqrt(2 * sphere_rate * (1 - beta1) / (1 + beta1)),
        "diffusive_angle": sqrt(2 * sphere_rate),
        "regression_settings": LEAST_SQUARES,
        "accuracy": max(predict(walk).accuracy for walk in lines["Adam, coupled"]),
    }  # fmt: skip
    picture = Picture(
        optimizer_figure(lines),
        "Scale of a weight over eta lambda / n for eight optimizers: simulated points on the predicted lines; below, "
        "the residuals in standard errors.",
    )
    measured = xr.concat([_record(name, walk) for name, walk in [*table, *_flat(lines)]], dim="point")
    return Section(NAME, facts, comparisons, {"scales": picture}, {"optimizers": measured})


def _of(results: dict[str, xr.Dataset], kind: str, name: str) -> list[xr.Dataset]:
    return [walk for key, walk in results.items() if key.startswith(f"{kind}-") and key.split("-", 2)[2] == name]


def _flat(lines: dict[str, list[xr.Dataset]]) -> list[tuple[str, xr.Dataset]]:
    return [(name, walk) for name, walks in lines.items() for walk in walks]


def scale_comparison(name: str, walk: xr.Dataset, precision: float) -> Comparison:
    """Compare the measured scale of one walk with the law of its optimizer."""
    measured = sqrt(walk.variance)
    at = walk.attrs
    label = f"scale, {name}, eta lam/n = {at['eta'] * at['lam'] / at['n']:.4g}, r = {at['correlation']:g}, "
    error = float(walk.variance_error) / (2 * measured)
    return Comparison(f"{label}h = {at['curvature']:g}", predict(walk).scale, measured, error, precision)


def _formula(name: str, optimizer: Any) -> dict[str, str]:
    """Return E w^2 under white noise as Typst mathematics, and how it is evaluated."""
    from theory.algebra.typst_math import typst_math
    from theory.symbols import h, mu, x, y
    from theory.weight.laws.linear import momentum_optimizer

    eq = theory.equilibrium(N, 0.1 * N, ETA, optimizer=optimizer, noise=NOISE)
    if isinstance(optimizer, SGD):
        coupled = optimizer.momentum == 0 or not optimizer.decoupled
        law = momentum_optimizer(optimizer).moments(correlated=False).variance.subs(y if coupled else x, 0)
        expression = _positive(law if optimizer.momentum else law.subs(mu, 0))
    else:
        expression = (eq.expression**2).subs(h, 0)
    how = "series" if isinstance(optimizer, Lion) else eq.method
    return {"name": name, "formula": typst_math(expression), "method": how}


def _positive(law: Any) -> Any:
    """Write a positive fraction with every bracket positive at small rates, as people do."""
    import sympy as sp

    from theory.symbols import mu, x, y

    def product(expression: Any) -> Any:
        factors = sp.Mul.make_args(sp.factor(expression))
        small = {mu: 0.5, x: 0.01, y: 0.01}
        return sp.Mul(*(-f if f.subs(small).could_extract_minus_sign() else f for f in factors))

    top, bottom = (product(part) for part in sp.fraction(sp.factor(law)))
    return top / bottom


def _row(name: str, walk: xr.Dataset, comparison: Comparison) -> dict[str, Any]:
    at = walk.attrs
    return comparison.as_dict() | {"optimizer": name, "r": at["correlation"], "h": at["curvature"]}


def _sphere(name: str, walk: xr.Dataset, precision: float) -> list[Comparison]:
    """Compare norm, angle of one step and angle over a lag of scale-invariant vectors."""
    at = walk.attrs
    law = theory.rotation(
        at["n"], at["lam"], at["eta"], dimension=at["dimension"], grad_sq=at["grad_sq"], optimizer=OPTIMIZERS[name],
    )  # fmt: skip
    norm = sqrt(walk.norm_sq)
    found = [Comparison(f"{name}: norm", sqrt(law.norm_sq), norm, float(walk.norm_sq_error) / (2 * norm), precision)]
    for lag, turn, error in zip(walk.lag.values, walk.turn.values, walk.turn_error.values, strict=True):
        predicted = law.turn if lag == 1 else 1 - law.cosine(int(lag))
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
