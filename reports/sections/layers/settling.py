"""Are the layers of the runs to stationarity at rest, and at one scale from both starts?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr

from reports.comparison import SIGMAS, Comparison
from reports.document.section import Results
from reports.runs.balance import stationary_mean, stationary_part
from reports.sections.mnist_run.section import STARTS
from sim.estimates.stationarity import drift

__all__ = ["DOUBT", "Drift", "EndGap", "common_drifts", "end_gaps", "rest_of", "same_ends"]

DOUBT = 2.0  # standard errors from which a drift or a gap is no longer nothing


@dataclass(frozen=True)
class Drift:
    """Change of a layer's ||w||^2 over the last third of all runs at one lam, relative, with its standard error."""

    lam: float
    layer: int
    change: float
    error: float

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers, for JSON."""
        return asdict(self) | {"sigma": self.change / self.error}


@dataclass(frozen=True)
class EndGap:
    """By how much the rms from the large start ends above that from the default start, relative.

    `gap` is of the last third of the run; `earlier` of the third before it.
    """

    lam: float
    layer: int
    gap: float
    error: float
    earlier: float

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers and whether the starts end at one scale, for JSON."""
        name = f"large start over default start, layer {self.layer}, lam = {self.lam:g}"
        ratio = Comparison(name, 1.0, 1 + self.gap, self.error, precision=0.02)
        return asdict(self) | {"sigma": ratio.z, "verdict": ratio.verdict}


def common_drifts(runs: Results) -> list[Drift]:
    """Test each lam and layer for drift of ||w||^2 over the last third, the replicas of both starts taken together."""
    out = []
    for lam in sorted({run.attrs["lam"] for run in runs.datasets}):
        parts = [stationary_part(run).rms ** 2 for run in runs.where(lam=lam).datasets]
        for layer in parts[0].layer.values:
            series = np.concatenate([p.sel(layer=layer).transpose("replica", "epoch").values for p in parts])
            out.append(Drift(lam, int(layer), *drift(series / series.mean(axis=1, keepdims=True))))
    return out


def end_gaps(runs: Results) -> list[EndGap]:
    """Compare the rms at which the two starts end, for each lam and layer, and what the gap was before."""
    out = []
    for lam in sorted({run.attrs["lam"] for run in runs.datasets}):
        pair = [runs.one(lam=lam, init=init) for init in STARTS]
        for layer in pair[0].layer.values:
            ends = [stationary_mean(stationary_part(run).rms.sel(layer=layer)) for run in pair]
            before = [float(_third_before(run).rms.sel(layer=layer).mean()) for run in pair]
            ratio = ends[0][0] / ends[1][0]
            error = ratio * math.hypot(*(error / value for value, error in ends))
            out.append(EndGap(lam, int(layer), ratio - 1, error, before[0] / before[1] - 1))
    return out


def _third_before(run: xr.Dataset) -> xr.Dataset:
    length = run.sizes["epoch"] // 3
    return run.isel(epoch=slice(-2 * length, -length))


def rest_of(drift: Drift, gap: EndGap) -> str:
    """Say whether a layer is at rest at one scale: "settled", "in doubt", or "not settled".

    It is not settled if its norm drifts by 4 standard errors or the two starts end at different scales; it is in doubt
    if the norm drifts by 2, or the starts are 2 standard errors apart.
    """
    sigmas = abs(drift.change / drift.error), abs(gap.gap / gap.error)
    if sigmas[0] >= SIGMAS or sigmas[1] >= SIGMAS:
        return "not settled"
    return "in doubt" if max(sigmas) >= DOUBT else "settled"


def same_ends(gaps: Sequence[EndGap]) -> dict[str, str]:
    """Say of each layer whether the two starts end at one scale; "differs" if at one lam they do not."""
    out: dict[str, str] = {}
    for layer in sorted({gap.layer for gap in gaps}):
        found = {gap.as_dict()["verdict"] for gap in gaps if gap.layer == layer}
        out[str(layer)] = next(word for word in ("differs", "undecided", "agrees") if word in found)
    return out
