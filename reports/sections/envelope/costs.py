"""The sum of all squared weights from costs alone, beside the weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

import theory
from reports.sections.envelope.at_rest import AtRest
from reports.sections.layers.which_n import power_law

__all__ = ["APART", "cost_facts", "scaling_facts", "slope_facts"]

APART = 0.1  # of ln lambda: nearer decays would make a slope out of noise
WITHIN = 0.05  # the costs tell the norm if it is within this fraction, and its error is no larger
SURE = 3.0  # standard errors
POWER = 0.015  # of an exponent


def cost_facts(points: Sequence[AtRest], critical: float) -> dict[str, Any]:
    """Return, over the decay, cost, share and norm, the norm that the costs predict, and how well.

    Judged is where the slope has neighbours on both sides and weights survive: below the critical decay. `within` says
    whether the costs tell the sum of all squared weights there.
    """
    kept = _apart(points)
    lam = [p.lam for p in kept]
    costs = theory.norm_from_costs(lam, [p.cost.value for p in kept], kept[0].n, cost_se=[p.cost.error for p in kept])
    rows = []
    for i, p in enumerate(kept):
        predicted, error = float(costs.norm_sq[i]), float(costs.norm_sq_se[i])
        ratio = predicted / p.norm_sq.value
        relative = math.hypot(error / p.norm_sq.value, ratio * p.norm_sq.relative)
        rows.append({
            "lam": p.lam, "fraction": p.lam / critical, "cost": p.cost.value, "cost_error": p.cost.error,
            "share": p.share, "slope": float(costs.share[i]), "norm_sq": p.norm_sq.value,
            "norm_sq_error": p.norm_sq.error, "predicted": predicted, "predicted_error": error,
            "ratio": ratio, "ratio_error": relative, "judged": 0 < i < len(kept) - 1 and p.lam < critical,
            "below_chord": bool(costs.not_concave[i]),
        })  # fmt: skip
    judged = [row for row in rows if row["judged"]]
    return {"rows": rows} | _judge(judged)


def _apart(points: Sequence[AtRest]) -> list[AtRest]:
    """Sort the points by decay, and leave out those that are too near to the one before."""
    kept: list[AtRest] = []
    for point in sorted(points, key=lambda p: p.lam):
        if not kept or math.log(point.lam / kept[-1].lam) > APART:
            kept.append(point)
    return kept


def _judge(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Say whether the costs tell the norm, and where they are furthest from it."""
    sharp = [row for row in rows if row["ratio_error"] < WITHIN]
    worst = max(sharp, key=lambda row: abs(row["ratio"] - 1), default=None)
    falls = all(
        b["norm_sq"] - a["norm_sq"] < SURE * math.hypot(a["norm_sq_error"], b["norm_sq_error"])
        for a, b in pairwise(rows)
    )
    return {
        "count": len(rows), "sharp": len(sharp), "worst": worst, "within_percent": round(100 * WITHIN),
        "within": bool(sharp) and all(abs(row["ratio"] - 1) < WITHIN + SURE * row["ratio_error"] for row in sharp),
        "falls": falls, "concave": not any(row["below_chord"] for row in rows),
    }  # fmt: skip


def slope_facts(points: Sequence[AtRest], critical: float) -> dict[str, Any] | None:
    """Return the mean logarithmic slope of the cost below the critical decay, beside the mean share and its rivals.

    The share's mean over ln lambda is taken along its spline. Rivals are the share of layer 2 alone, and 1/3.
    """
    from scipy.interpolate import CubicSpline

    alive = [p for p in points if p.lam < critical]
    if len(alive) < 4:
        return None
    at = np.log([p.lam for p in alive])
    length = at[-1] - at[0]

    def mean(shares: list[float]) -> float:
        return float(CubicSpline(at, shares).integrate(at[0], at[-1]) / length)

    first, last = alive[0].cost, alive[-1].cost
    slope, error = math.log(last.value / first.value) / length, math.hypot(first.relative, last.relative) / length
    share = mean([p.share for p in alive])
    return {
        "from": alive[0].lam, "to": alive[-1].lam, "value": slope, "error": error, "share": share,
        "off": slope / share - 1, "layer_2": mean([p.share_of(2) for p in alive]) / slope - 1,
        "third": 1 / 3 / slope - 1,
    }  # fmt: skip


def scaling_facts(points: Sequence[AtRest], critical: float) -> dict[str, Any] | None:
    """Return the power of lambda in the rms of all weights: from the penalty's share and its slope, and measured.

    Only where weights survive; None if that is at fewer than three decays.
    """
    points = [p for p in points if p.lam < critical]
    if len(points) < 3:
        return None
    shares = [p.share for p in points]
    mean = float(np.mean(shares))
    slope = power_law([(p.lam, p.share) for p in points]).value
    measured = power_law([(p.lam, math.sqrt(p.norm_sq.value)) for p in points])
    predicted = theory.exponent_of_lam(mean, slope)
    return {
        "from": points[0].lam, "to": points[-1].lam, "share": mean, "lowest": min(shares), "highest": max(shares),
        "predicted": predicted, "value": measured.value, "error": measured.error,
        "agrees": abs(measured.value - predicted) < POWER, "is_power": measured.error < POWER,
    }  # fmt: skip
