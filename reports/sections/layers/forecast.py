"""When the balance knows where a layer will settle, and when the layer gets there."""

from __future__ import annotations

from typing import Any

import xarray as xr

import theory
from reports.document.section import Results
from reports.runs.balance import stationary_mean, stationary_part
from reports.sections.mnist_run.section import STARTS

__all__ = ["forecast_facts", "forecast_verdicts"]

CLOSE = 0.05  # a forecast has arrived when it is within this fraction of the final scale


def forecast_facts(mine: Results, lam: float) -> dict[str, Any]:
    """Return, layer by layer, when forecast and weights come within 5% of the final scale, from both starts."""
    out: dict[str, dict[str, Any]] = {init: {} for init in STARTS}
    for init in STARTS:
        run = mine.one(experiment="lam", lam=lam, init=init)
        for layer in run.layer.values.tolist():
            final = stationary_mean(stationary_part(run).rms.sel(layer=layer))[0]
            forecast, rms = _forecasts(run, layer), run.rms.sel(layer=layer).mean("replica").values[1:].tolist()
            out[init][str(layer)] = {
                "final": final, "forecast": forecast, "rms": rms, "none_until": forecast.count(None),
                "forecast_arrives": _arrival(forecast, final), "rms_arrives": _arrival(rms, final),
            }  # fmt: skip
    return out


def _forecasts(run: xr.Dataset, layer: int) -> list[float | None]:
    """Return the balance's rms from each epoch's statistics; None where they still shrink the layer without end."""
    at = run.sel(layer=layer).mean("replica").isel(epoch=slice(1, None))
    out: list[float | None] = []
    for grad_sq, alignment in zip(at.grad_sq.values, at.alignment.values, strict=True):
        try:
            balance = theory.norm_balance(
                run.attrs["n"], run.attrs["lam"], run.attrs["eta"], grad_sq=float(grad_sq), alignment=float(alignment)
            )
            out.append(float(balance.rms(int(run.layer_weights.sel(layer=layer)))))
        except theory.NoEquilibrium:
            out.append(None)
    return out


def _arrival(values: list[float | None], final: float) -> int | None:
    """Return the first epoch at which a value is within 5% of the final one; None if there is none."""
    return next((i for i, value in enumerate(values, 1) if value is not None and abs(value / final - 1) < CLOSE), None)


def forecast_verdicts(forecast: dict[str, Any]) -> dict[str, Any]:
    """Say whether the forecast comes first, by start and layer, and whether the large start leaves less time for it.

    Time is compared as a ratio, for layer 2: the epoch in which the rms arrives over that in which the forecast does.
    """

    def lead(init: str) -> float:
        at = forecast[init]["2"]
        return at["rms_arrives"] / at["forecast_arrives"] if at["forecast_arrives"] and at["rms_arrives"] else 0.0

    ahead = {
        init: {
            layer: bool(at["forecast_arrives"] and at["rms_arrives"] and at["forecast_arrives"] < at["rms_arrives"])
            for layer, at in layers.items()
        }
        for init, layers in forecast.items()
    }
    return {
        "ahead": ahead,
        "default_ahead": all(ahead["default"].values()),
        "less_from_large": lead("large") < lead("default"),
    }
