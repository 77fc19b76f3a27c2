"""What becomes of every layer of a recorded run: from its drive, or where settings are unknown from a fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

import sim
from reports.runs.laws_of_run import LawOfNoise, law_of_layer
from reports.runs.recorded import Plan, ahead_of, record_of, series_of
from theory import Forecast, forecast
from theory.run.record import LEAST_ROWS

__all__ = ["LayerForecast", "forecasts_of"]

# Of ln norm, about a fit's own curve: chosen with theory.run.calibration's constants, on the same runs.
FIT_SCATTER, FIT_DRIFT = 0.04, 0.12
FIT_WIDEST = 0.3


@dataclass(frozen=True)
class LayerForecast:
    """What is said of one layer.

    Attributes
    ----------
    name : str
    now : float or None
        ||w||^2 at the end of the record (or the mean square, of a table without norms).
    norm_sq : tuple of float, or None
        After the steps ahead: value, low, high.
    equilibrium : float or None
        At the present drive and rates.
    invariant : bool or None
    knows : bool
    reason : str
    forecast : Forecast, optional
        Where it is by the drive.
    law : LawOfNoise, optional
        Held against it.
    """

    name: str
    now: float | None
    norm_sq: tuple[float, float, float] | None
    equilibrium: float | None
    invariant: bool | None
    knows: bool
    reason: str
    forecast: Forecast | None = None
    law: LawOfNoise | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        value, low, high = self.norm_sq or (None, None, None)
        found: dict[str, Any] = {
            "name": self.name, "now": self.now, "norm_sq": {"value": value, "low": low, "high": high},
            "equilibrium": self.equilibrium, "invariant": self.invariant, "knows": self.knows, "reason": self.reason,
        }  # fmt: skip
        if self.forecast is not None:
            drive = self.forecast.drive
            parts = {"total": drive.total, "noise": drive.noise, "signal": drive.signal}
            found["drive"] = {name: float(part) if np.isfinite(part) else None for name, part in parts.items()}
            found["settles_after"] = self.forecast.settles_after
            low, high = self.forecast.norm_with_half_the_decay
            found["norm_with_half_the_decay"] = {"times_at_least": low, "times_at_most": high}
        if self.law is not None:
            found["law_of_noise"] = {"of": self.law.name, "rms": self.law.predicted, "measured": self.law.measured}
        return found


def forecasts_of(run: xr.Dataset, plan: Plan) -> list[LayerForecast]:
    """Return the forecast of each layer.

    Parameters
    ----------
    run : Dataset
        Of `sim.read_trace`.
    plan : Plan
        The steps ahead.
    """
    return [_of_layer(run, str(layer), plan) for layer in run.layer.values]


def _of_layer(run: xr.Dataset, layer: str, plan: Plan) -> LayerForecast:
    own = series_of(run, layer)
    squares = own.norm_sq.values if "norm_sq" in own else own.rms.values**2
    if len(squares) and (gap := _ends_early(run, own)):
        return LayerForecast(layer, float(squares[-1]), None, None, None, False, gap)
    if len(squares) < LEAST_ROWS:
        why = str(record_of(run, layer))
        return LayerForecast(layer, float(squares[-1]) if len(squares) else None, None, None, None, False, why)
    record = record_of(run, layer, plan.invariant)
    if isinstance(record, str):
        return _by_fit(layer, own.step.values.astype(float), squares, plan.steps, record)
    if not record.clock[-1] > record.clock[-2]:
        return _by_fit(layer, own.step.values.astype(float), squares, plan.steps, "its decay has come to rest")
    found = forecast(record, ahead_of(run, layer, record, plan))
    band = (found.norm_sq, found.low, found.high)
    return LayerForecast(
        layer, float(squares[-1]), band, found.equilibrium, found.invariant, found.knows, found.reason, found,
        law_of_layer(run, layer, record, found),
    )  # fmt: skip


def _ends_early(run: xr.Dataset, own: xr.Dataset) -> str:
    """Say if a layer's norm is missing, or 0, at the end; a layer may be logged more rarely than others."""
    last, end = float(own.step[-1]), float(run.step.max())
    usual = float(np.diff(own.step.values).max(initial=1.0))
    if end - last <= 2 * usual:
        return ""
    return f"cannot know: from step {last:,.0f} on its norm is missing or 0, and the record goes on to step {end:,.0f}"


def _by_fit(layer: str, step: np.ndarray, squares: np.ndarray, steps: int, why: str) -> LayerForecast:
    """Forecast by a fitted exponential; where there is none, by the norm as it is, in a band that claims nothing."""
    now = float(np.sqrt(squares[-1]))
    end, tail, reason = now, None, f"cannot know: {why}, and no decay can be fitted"
    ahead = np.log1p(steps / max(float(step[-1]), 1.0))
    half = 2 * np.hypot(FIT_SCATTER, FIT_DRIFT * ahead)
    knows = False
    try:
        fit = sim.fit_decay(step, np.sqrt(squares))
    except sim.FitError:
        fit = None
    if fit is not None and np.isfinite(fit.scale.value):
        rate = fit.rate.value if np.isfinite(fit.rate.value) else 0.0
        left = np.exp(-2 * rate * steps) if rate > 0 else 1.0
        tail = float(fit.scale.value) ** 2
        end = float(np.sqrt(tail + (squares[-1] - tail) * left))
        knows = bool(half <= FIT_WIDEST and fit.converged)
        reason = f"{why}: from an exponential fitted to the norm, which knows neither schedule nor drive"
        if not knows:
            reason = f"cannot know: {reason}"
    if fit is None or not np.isfinite(fit.scale.value):
        half = 2 * half
    half = max(half, abs(np.log(end / now)) / 2)
    band = (end**2, end**2 * float(np.exp(-2 * half)), end**2 * float(np.exp(2 * half)))
    return LayerForecast(layer, now**2, band, tail, None, knows, reason)
