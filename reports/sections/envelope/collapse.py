"""The end of learning: which networks keep weights, beside the critical decay and the convex theory of the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from reports.comparison import SIGMAS
from reports.document.section import Results
from reports.sections.envelope.at_rest import AtRest

__all__ = ["alone_facts", "collapse_facts", "convex_facts", "convex_rows", "network_row"]

ABOVE = 0.01  # what the noise left in the weights may add to the accuracy of one answer to all
CLOSE = 0.05  # the convex theory holds where the rms is within this fraction of it


def network_row(end: AtRest, critical: float, chance: float) -> dict[str, Any]:
    """Return what a network settles at, and whether it has learnt more than one answer to all."""
    scatter = math.sqrt(chance * (1 - chance) / end.n)  # of the accuracy of a guess
    return {
        "hidden": end.hidden, "fraction": end.lam / critical, "lam": end.lam, "accuracy": end.accuracy.value,
        "learns": end.accuracy.value - chance > max(ABOVE, SIGMAS * scatter), "drift": end.drift, "noise": end.noise,
        "norm_sq": {str(i): {"value": norm.value, "error": norm.error} for i, norm in end.layers.items()},
        "total": end.norm_sq.value, "weights": end.weights,
    }  # fmt: skip


def collapse_facts(rows: Sequence[dict[str, Any]], critical: float, n: int, chance: float) -> dict[str, Any]:
    """Return the critical decay and what is seen just below and just above it.

    `sharp`: all networks below learn and none above does.
    """
    ordered = sorted(rows, key=lambda row: float(row["lam"]))
    below = [row for row in ordered if row["fraction"] < 1]
    above = [row for row in ordered if row["fraction"] > 1]
    return {
        "critical": critical, "singular_value": 4 * critical / n, "chance": chance,
        "below": below[-1], "above": above[0],
        "sharp": all(row["learns"] for row in below) and not any(row["learns"] for row in above),
    }  # fmt: skip


def alone_facts(points: Sequence[AtRest], critical: float) -> dict[str, Any] | None:
    """Return where the sum of all squared weights is 1, so that their rms is literally 1 over the root of their number.

    By a straight line in lambda between the neighbours, with the accuracy there; None if it is nowhere 1.
    """
    ordered = sorted(points, key=lambda p: p.lam)
    for a, b in pairwise(ordered):
        if a.norm_sq.value >= 1 > b.norm_sq.value:
            part = (a.norm_sq.value - 1) / (a.norm_sq.value - b.norm_sq.value)
            lam, accuracy = (
                (1 - part) * x + part * y for x, y in ((a.lam, b.lam), (a.accuracy.value, b.accuracy.value))
            )
            return {"lam": lam, "fraction": lam / critical, "accuracy": accuracy}
    return None


def convex_rows(solved: Results) -> list[dict[str, Any]]:
    """Return the convex problem's solutions, sorted by decay."""
    rows = [
        {"fraction": found.attrs["fraction"], "lam": found.attrs["lam"], "norm_sq": float(found.norm_sq),
         "rank": int(found["rank"]), "gap": float(found.duality_gap / found.cost)}
        for found in solved.datasets
    ]  # fmt: skip
    return sorted(rows, key=lambda row: row["lam"])


def convex_facts(convex: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Put each measured norm of both layers over the convex theory's, with nothing fitted, as a ratio of rms.

    `holds`: whether it is within 5% and 4 standard errors for the widest networks everywhere; `worst`: how far off.
    """
    at = {row["lam"]: row["norm_sq"] for row in convex}
    widest = max(row["hidden"] for row in rows)
    ratios = []
    for row in rows:
        predicted = at.get(row["lam"], 0.0)
        if predicted > 0:
            for layer, norm in row["norm_sq"].items():
                ratio = math.sqrt(norm["value"] / predicted)
                ratios.append({
                    "hidden": row["hidden"], "fraction": row["fraction"], "lam": row["lam"], "layer": int(layer),
                    "ratio": ratio, "error": ratio * norm["error"] / (2 * norm["value"]),
                })  # fmt: skip
    judged = [r for r in ratios if r["hidden"] == widest]
    worst = max(judged, key=lambda r: abs(r["ratio"] - 1))
    fractions = [r["fraction"] for r in judged]
    return {
        "ratios": ratios, "hidden": widest, "worst": worst, "close_percent": round(100 * CLOSE),
        "largest_gap": max(row["gap"] for row in convex), "from": min(fractions), "to": max(fractions),
        "holds": all(abs(r["ratio"] - 1) < CLOSE + SIGMAS * r["error"] and r["error"] < CLOSE for r in judged),
    }  # fmt: skip
