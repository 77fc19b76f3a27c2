"""Does the sum of all squared weights depend on the width, and with which power does the rms go?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from reports.sections.envelope.at_rest import AtRest, Quantity
from reports.sections.layers.which_n import HALF, PowerLaw, power_law

__all__ = ["SAME", "WIDE", "width_facts"]

SAME = 0.05  # the norm (the root of the sum) is the same over widths if it stays within this fraction
WIDE = 30  # hidden neurons from which a network counts as wide
NEAR = 0.025  # of an exponent: 5% in the norm over a factor of nine in the width are 0.022


def width_facts(points: Sequence[AtRest]) -> dict[str, Any]:
    """Return over the widths the norm and the rms of each layer and of all weights, their powers, and verdicts.

    Powers are in the number of all weights. `half`: that of the rms over all weights is the textbook's -1/2.
    Near -1/2 is within 0.025. `limit`: the norm of all weights stays within 5% from 30 hidden neurons on.
    `layers_half`: which layers have the power -1/2 by themselves.
    """
    ordered = sorted(points, key=lambda p: p.hidden)
    rows = [_row(p) for p in ordered]
    names = list(rows[0]["rms"])
    laws = {key: power_law([(row["weights"], row["rms"][key]["value"]) for row in rows]) for key in names}
    wide = [row["norm"]["value"] for row in rows if row["hidden"] >= WIDE]
    return {
        "lam": ordered[0].lam, "rows": rows, "laws": {key: asdict(law) for key, law in laws.items()},
        "spread": max(wide) / min(wide) - 1, "wide": WIDE, "same_percent": round(100 * SAME),
        "limit": max(wide) / min(wide) - 1 < SAME, "half": _is_half(laws["all"]),
        "layers_half": [key for key in names if key != "all" and _is_half(laws[key])],
        "near": NEAR,
    }  # fmt: skip


def _is_half(law: PowerLaw) -> bool:
    return abs(law.value - HALF) < NEAR


def _row(p: AtRest) -> dict[str, Any]:
    rms = {str(layer): _rms(norm, p.layer_weights[layer]) for layer, norm in p.layers.items()}
    return {
        "hidden": p.hidden, "weights": p.weights, "norm": asdict(p.norm_sq.root), "norm_sq": asdict(p.norm_sq),
        "layers": {str(layer): asdict(norm) for layer, norm in p.layers.items()},
        "rms": rms | {"all": _rms(p.norm_sq, p.weights)}, "share": p.share, "drift": p.drift,
    }  # fmt: skip


def _rms(norm_sq: Quantity, weights: int) -> dict[str, float]:
    root = norm_sq.root
    return {"value": root.value / math.sqrt(weights), "error": root.error / math.sqrt(weights)}
