"""The report's nonlinear network: decay, equilibrium and scaling of a committee machine, with nothing fitted."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import xarray as xr

import theory
from reports.comparison import Comparison, z_summary
from reports.document.section import Picture, Section
from reports.sections.teacher_student.experiments import (
    BRANCHES,
    DECAYS,
    FAN_IN,
    REPLICAS,
    RULES,
    branch_lines,
    predicted_scaling,
    tasks,
)
from reports.sections.teacher_student.figures import decay_figure, scales_figure

__all__ = ["NAME", "measured_square", "overlap_scores", "predict", "report", "tasks"]

NAME = "teacher_student"

TABLE = (
    "K",
    "M",
    "fan_in",
    "eta",
    "gamma",
    "sigma",
    "limit",
    "predicted",
    "measured",
    "error",
    "z",
)  # of every equilibrium


def predict(result: xr.Dataset, alpha_min: float = 0.0) -> theory.TeacherStudent:
    """Return the prediction for the settings and the start of a measurement."""
    at = result.attrs
    rule = theory.OnlineRule(*(at[name] for name in ("eta", "gamma", "sigma", "batch_size")))
    gram, K = np.array(ast.literal_eval(at["start"])), result.sizes["student"]
    return theory.teacher_student(rule, theory.Overlaps(gram[:K, :K], gram[:K, K:], gram[K:, K:]), alpha_min=alpha_min)


def measured_square(result: xr.Dataset) -> tuple[float, float]:
    """Return the stationary squared norm of a unit, averaged over time, units and networks, and its standard error."""
    late = result.Q.sel(alpha=result.alpha > result.attrs["burn_in"]).values
    each = np.trace(late, axis1=2, axis2=3).mean(axis=1) / result.sizes["student"]
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))


def overlap_scores(result: xr.Dataset, network: theory.TeacherStudent) -> list[float]:
    """Return z of every distinct overlap, against the prediction at the run's fan-in."""
    at, upper = network.at_fan_in(result.attrs["fan_in"]), np.triu_indices(result.sizes["student"])
    z_Q = ((result.Q_mean - at.Q) / result.Q_mean_error).values[upper]
    z_R = ((result.R_mean - at.R) / result.R_mean_error).values
    return [float(z) for z in (*z_Q, *z_R.ravel())]


def _stationary(key: str, result: xr.Dataset) -> tuple[dict[str, Any], Comparison]:
    """Return one run's row of numbers and the comparison of its mean squared norm with the prediction at its N."""
    network, fan_in = predict(result), result.attrs["fan_in"]
    predicted = float(np.diag(network.at_fan_in(fan_in).Q).mean())
    rest = network.flow.gram(network.linear_noise.state)[: network.flow.K, : network.flow.K]
    measured, error = measured_square(result)
    name = (
        f"squared norm of a unit, {key}, N = {fan_in}, eta = {network.rule.eta:.3g}, gamma = {network.rule.gamma:.3g}"
    )
    comparison = Comparison(name, predicted, measured, error, 0.03)
    row = {name: result.attrs[name] for name in ("eta", "gamma", "sigma", "fan_in")} | {
        "K": result.sizes["student"], "M": result.sizes["teacher"], "predicted": predicted, "measured": measured,
        "error": error, "z": comparison.z, "limit": float(np.diag(rest).mean()),
        "scores": overlap_scores(result, network),
    }  # fmt: skip
    return row, comparison


def _decay(name: str, result: xr.Dataset) -> tuple[dict[str, Any], list[Comparison]]:
    """Return one decay as arrays for the figure, and its comparisons point by point."""
    rule, start, _ = DECAYS[name]
    alpha, Q = result.alpha.values, result.Q.values[:, :, 0, 0]
    mean, error = Q.mean(axis=0), Q.std(axis=0, ddof=1) / np.sqrt(len(Q))
    network, dense = theory.teacher_student(rule, start, alpha_min=alpha[-1]), np.linspace(0, alpha[-1], 400)
    predicted = network.at(alpha)[0][:, 0, 0]
    at, law, Q0 = network.at_fan_in(FAN_IN), theory.saturated_unit(rule, start), float(start.Q[0, 0])
    curves = {
        "alpha": alpha, "mean": mean, "error": error, "predicted": predicted, "dense": dense,
        "theory": network.at(dense)[0][:, 0, 0], "decay": Q0 * np.exp(-2 * rule.gamma * dense),
        "closed": law.Q(dense, Q0), "band": (at.Q[0, 0] - at.Q_sd[0, 0], at.Q[0, 0] + at.Q_sd[0, 0]),
        "crossover": law.crossover, "drive": law.drive, "rule": rule, "M": start.M,
    }  # fmt: skip
    rows = zip(alpha.tolist(), predicted.tolist(), mean.tolist(), error.tolist(), strict=True)
    return curves, [Comparison(f"Q at alpha = {a:g}, {name}", p, m, e, 0.05) for a, p, m, e in rows if a > 0]


def _slope(rows: list[dict[str, Any]], what: str) -> tuple[float, float]:
    """Return the slope of ln w_rms over ln N, every point weighted by its measured error, and its standard error."""
    x = np.log([row["fan_in"] for row in rows])
    y = np.log([row[what] / row["fan_in"] for row in rows]) / 2
    weight = np.array([(2 * row["measured"] / row["error"]) ** 2 for row in rows])
    away = x - np.average(x, weights=weight)
    spread = (weight * away**2).sum()
    return float((weight * away * y).sum() / spread), float(spread**-0.5)


def report(results: dict[str, dict[str, xr.Dataset]], quick: bool) -> Section:
    """Compare every network with its prediction and draw them."""
    mine = results[NAME]
    decays = {name: _decay(name, mine[f"decay-{name}"]) for name in DECAYS}
    settled = {key: _stationary(key, run) for key, run in mine.items() if not key.startswith("decay")}

    def rows(prefix: str) -> list[dict[str, Any]]:
        return [row for key, (row, _) in settled.items() if key.startswith(prefix)]

    scalings = {name: (predicted_scaling(name, quick), rows(f"scaling-{name}-")) for name in RULES}
    branches = {name: (branch_lines(name, quick), rows(f"branch-{name}-")) for name in BRANCHES}
    along = [c for _, comparisons in decays.values() for c in comparisons]
    comparisons = [comparison for _, comparison in settled.values()]
    facts = {
        "quick": quick, "replicas": REPLICAS, "fan_in": FAN_IN,
        "decays": {name: _decay_facts(curves) for name, (curves, _) in decays.items()},
        "decay_summary": z_summary(along), "summary": z_summary(comparisons),
        "scaling": {name: _scaling_facts(name, law, points) for name, (law, points) in scalings.items()},
        "rows": rows("random"), "row_scores": _rms([z for row in rows("random") for z in row["scores"]]),
        "equations": _typeset(),
    }  # fmt: skip
    pictures = {
        "decay": Picture(
            decay_figure({name: curves for name, (curves, _) in decays.items()}),
            "Squared norm of a saturated unit falling from 400 to equilibrium: simulated points on the predicted line, "
            "with pure exponential decay and the closed form beside it; residuals in standard errors below.",
        ),
        "scales": Picture(
            scales_figure(scalings, branches),
            "Left: rms of the weights against the fan-in for three rules, with slopes -1/2, 0 and -1/6. Right: "
            "stationary squared norm against gamma for two branches and a cancelling pair. Residuals below.",
        ),
    }
    table = xr.Dataset(
        {name: ("run", [row[name] for row, _ in settled.values()]) for name in TABLE}, {"run": [*settled]}
    )
    return Section(NAME, facts, along + comparisons, pictures, {"teacher-student": table})


def _decay_facts(curves: dict[str, Any]) -> dict[str, Any]:
    rule = curves["rule"]
    names = ("crossover", "drive", "M")
    low, high = curves["band"]
    end = {"value": float(low + high) / 2, "error": float(high - low) / 2}
    return (
        {"end": end}
        | {name: curves[name] for name in names}
        | {name: getattr(rule, name) for name in ("eta", "gamma", "sigma")}
    )


def _scaling_facts(name: str, law: theory.Scaling, rows: list[dict[str, Any]]) -> dict[str, Any]:
    rule, _ = RULES[name]
    slope, error = _slope(rows, "measured")
    return {
        "eta": rule.eta, "gamma": rule.gamma, "sizes": [int(N) for N in law.fan_in],
        "predicted": _slope(rows, "predicted")[0],
        "measured": {"value": slope, "error": error},
    }  # fmt: skip


def _rms(values: list[float]) -> dict[str, float]:
    z = np.array(values)
    return {"count": len(z), "rms": float(np.sqrt(np.mean(z**2))), "max": float(abs(z).max())}


def _typeset() -> dict[str, str]:
    """Return the average of two units' outputs as the theory evaluates it."""
    import sympy as sp

    from theory.algebra.typst_math import typst_math
    from theory.committee.gaussian_integrals import statement

    expression, symbols = statement("I2")
    names = {symbol: sp.Symbol(f"C_{symbol.name[1:]}") for symbol in symbols}
    return {"I2": typst_math(expression.subs(names))}
