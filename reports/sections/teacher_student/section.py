"""The report's nonlinear network: decay, equilibrium and scaling of a committee machine, with nothing fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

import theory
from reports.comparison import SIGMAS, Comparison, z_summary
from reports.document.section import Chapter, Picture, Results, Section, SectionSpec
from reports.runs.committee import PRECISION, REPLICAS, measured_square, overlap_scores, predict
from reports.sections.teacher_student.experiments import (
    BRANCHES,
    DECAYS,
    FAN_IN,
    RULES,
    SMALLER,
    branch_lines,
    predicted_scaling,
    tasks,
)
from reports.sections.teacher_student.figures import decay_figure, scales_figure
from sim.estimates.spread import mean_and_error

__all__ = ["TEACHER_STUDENT", "next_order"]

TABLE = ("K", "M", "fan_in", "eta", "gamma", "sigma", "limit", "predicted", "measured", "error", "z")
LIMITS = {"scaled": -1 / 2, "per_step": 0.0, "diffusive": theory.diffusive_exponent(1, 1)}  # of the power of N
LESS = 0.9  # an order left out explains a scatter if without it so much of it, or less, is left
CLOSE = 0.05  # a power is near its limit if it is so close


@dataclass(frozen=True)
class Row:
    """One stationary network: its settings, the prediction at its fan-in, and the measurement."""

    key: str
    labels: Mapping[str, Any]
    numbers: dict[str, Any]
    comparison: Comparison


def _stationary(labels: Mapping[str, Any], result: xr.Dataset) -> Row:
    """Compare one run's mean squared norm with the prediction at its N."""
    key = "-".join(f"{v:03}" if name == "fan_in" else str(v) for name, v in labels.items())
    network, fan_in = predict(result), result.attrs["fan_in"]
    predicted = float(np.diag(network.at_fan_in(fan_in).Q).mean())
    rest = network.flow.gram(network.linear_noise.state)[: network.flow.K, : network.flow.K]
    measured, error = measured_square(result)
    name = (
        f"squared norm of a unit, {key}, N = {fan_in}, eta = {network.rule.eta:.3g}, gamma = {network.rule.gamma:.3g}"
    )
    comparison = Comparison(name, predicted, measured, error, PRECISION)
    numbers = {name: result.attrs[name] for name in ("eta", "gamma", "sigma", "fan_in")} | {
        "K": result.sizes["student"], "M": result.sizes["teacher"], "predicted": predicted, "measured": measured,
        "error": error, "z": comparison.z, "limit": float(np.diag(rest).mean()),
        "scores": overlap_scores(result, network),
    }  # fmt: skip
    return Row(key, labels, numbers, comparison)


def _decay(name: str, result: xr.Dataset) -> tuple[dict[str, Any], list[Comparison]]:
    """Return one decay as arrays for the figure, and its comparisons point by point."""
    rule, start, _ = DECAYS[name]
    alpha, (mean, error) = result.alpha.values, mean_and_error(result.Q.values[:, :, 0, 0])
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


def report(results: Mapping[str, Results], quick: bool) -> Section:
    """Compare every network with its prediction and draw them."""
    mine = results[TEACHER_STUDENT.name]
    decays = {name: _decay(name, mine.one(experiment="decay", name=name)) for name in DECAYS}
    settled = [_stationary(labels, run) for labels, run in mine if labels["experiment"] != "decay"]

    def rows(**labels: str) -> list[dict[str, Any]]:
        return [row.numbers for row in settled if labels.items() <= row.labels.items()]

    scalings = {name: (predicted_scaling(name, quick), rows(experiment="scaling", name=name)) for name in RULES}
    branches = {name: (branch_lines(name, quick), rows(experiment="branch", name=name)) for name in BRANCHES}
    along, drawn = [c for _, found in decays.values() for c in found], rows(experiment="random")
    comparisons = [row.comparison for row in settled if row.labels["experiment"] != "smaller"]
    facts = {
        "quick": quick, "replicas": REPLICAS, "fan_in": FAN_IN,
        "decays": {name: _decay_facts(curves) for name, (curves, _) in decays.items()},
        "decay_summary": z_summary(along), "summary": z_summary(comparisons),
        "scaling": {name: _scaling_facts(name, law, points) for name, (law, points) in scalings.items()},
        "branches": {name: _branch_facts(points) for name, (_, points) in branches.items()},
        "rows": drawn, "next_order": next_order(drawn, rows(experiment="smaller")),
        "row_scores": _rms([z for row in drawn for z in row["scores"]]),
        "equations": _typeset(),
    }  # fmt: skip
    pictures = {
        "decay": Picture(
            decay_figure({name: curves for name, (curves, _) in decays.items()}),
            f"Squared norm of a saturated unit over time from {DECAYS['pulled'][1].Q[0, 0]:.0f}: simulated points "
            "beside the predicted line, with pure exponential decay and the closed form; residuals below.",
        ),
        "scales": Picture(
            scales_figure(scalings, branches),
            "Left: rms of the weights against the fan-in for three rules. Right: stationary squared norm against gamma "
            "for two branches and a cancelling pair. Residuals below.",
        ),
    }
    table = xr.Dataset(
        {name: ("run", [row.numbers[name] for row in settled]) for name in TABLE}, {"run": [row.key for row in settled]}
    )
    return Section(TEACHER_STUDENT.name, facts, along + comparisons, pictures, {"teacher-student": table})


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


def _power(x: np.ndarray, y: np.ndarray, relative_error: np.ndarray) -> tuple[float, float]:
    """Return the slope of ln y over ln x, every point weighted by its measured error, and its standard error."""
    weight = relative_error**-2.0
    away = np.log(x) - np.average(np.log(x), weights=weight)
    spread = (weight * away**2).sum()
    return float((weight * away * np.log(y)).sum() / spread), float(spread**-0.5)


def _scaling_facts(name: str, law: theory.Scaling, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the power of N in w_rms, predicted and measured, and whether it is near its limit for large N."""
    rule, _ = RULES[name]
    N, predicted, measured, error = (
        np.array([r[k] for r in rows]) for k in ("fan_in", "predicted", "measured", "error")
    )
    relative = error / (2 * measured)
    slope, slope_error = _power(N, np.sqrt(measured / N), relative)
    expected = _power(N, np.sqrt(predicted / N), relative)[0]
    return {
        "eta": rule.eta, "gamma": rule.gamma, "sizes": [int(N) for N in law.fan_in],
        "predicted": expected, "measured": {"value": slope, "error": slope_error},
        "agrees": abs(slope - expected) < SIGMAS * slope_error, "limit": LIMITS[name],
        "near_limit": abs(slope - LIMITS[name]) < CLOSE,
    }  # fmt: skip


def _branch_facts(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the power of gamma in Q* that was measured between the lowest and the highest gamma."""
    gamma, measured, error = (np.array([row[key] for row in rows]) for key in ("gamma", "measured", "error"))
    value, slope_error = _power(gamma, measured, error / measured)
    return {"value": value, "error": slope_error, "from": float(gamma.min()), "to": float(gamma.max())}


def next_order(rows: list[dict[str, Any]], smaller: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the rms of z with and without the terms of order 1/N^2, as they are measured at a smaller N.

    `largest`: the largest of them at the rows' N, in standard errors. None where no smaller networks were run.
    """
    if not smaller:
        return None
    left_out = [(s["measured"] - s["predicted"]) / SMALLER**2 for s in smaller]
    without = [
        (row["measured"] - row["predicted"] - extra) / float(np.hypot(row["error"], s["error"] / SMALLER**2))
        for row, s, extra in zip(rows, smaller, left_out, strict=True)
    ]
    before, after = _rms([row["z"] for row in rows])["rms"], _rms(without)["rms"]
    return {
        "fan_in": smaller[0]["fan_in"], "rms": before, "without": after, "explains": after < LESS * before,
        "largest": max(abs(extra) / row["error"] for row, extra in zip(rows, left_out, strict=True)),
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


TEACHER_STUDENT = SectionSpec(
    name="teacher_student",
    words=(Chapter("A nonlinear network without a fitted number", "sec-teacher", "teacher_student.typ"),),
    tasks=tasks,
    report=report,
)
