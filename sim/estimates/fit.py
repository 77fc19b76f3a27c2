r"""Fit an exponential approach to a tail: rms^2(t) = s^2 + (r_0^2 - s^2) exp(-2 k t).

This is the shape of any weight under decay and noise without memory; nothing is assumed about s, r_0 and k.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit
from scipy.stats import chi2 as chi2_distribution

from sim.errors import FitError
from sim.estimates.stationarity import autocorrelation_time

__all__ = ["DecayFit", "Estimate", "fit_decay"]

NEAR_TAIL = 0.2  # the tail is seen where the fitted rms^2 ends within this fraction of it
IMPROBABLE = 1e-3  # chance of a chi2 from which on the curve, and not the noise, is held responsible


class Estimate(NamedTuple):
    """A value and its standard error."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.6g} +/- {self.error:.2g}"


@dataclass(frozen=True)
class DecayFit:
    """The outcome of `fit_decay`.

    Attributes
    ----------
    scale, rate, start : Estimate
        s, k (per unit of time) and r_0 (the rms at the first time), each with its standard error.
    covariance : ndarray, shape (3, 3)
        Of (scale, rate, start). Widened by chi2/dof and the residuals' memory where the curve misses the data, and by
        the latter where no errors were given.
    chi2_per_dof : float or None
        None where no errors of the data were given: the residuals' scatter then sets the parameters' errors.
    points : int
    converged, tail_seen : bool
        Whether the fit converged, and whether the data reach far enough to show the scale.
    message : str
        A sentence that says so, and what to do if not.
    """

    scale: Estimate
    rate: Estimate
    start: Estimate
    covariance: np.ndarray
    chi2_per_dof: float | None
    points: int
    converged: bool
    tail_seen: bool
    message: str

    def rms(self, time: Any) -> Any:
        """Return the fitted rms at `time` (float or array)."""
        return np.sqrt(
            mean_square(np.asarray(time, dtype=float), *(p.value for p in (self.scale, self.rate, self.start)))
        )

    def __str__(self) -> str:
        chi2 = "no errors were given: errors from the scatter of the residuals"
        if self.chi2_per_dof is not None:
            chi2 = f"{self.chi2_per_dof:.3g} ({self.points - 3} degrees of freedom)"
        lines = [
            f"{name:8} {value}" for name, value in (("scale", self.scale), ("rate", self.rate), ("start", self.start))
        ]
        with np.errstate(invalid="ignore"):
            correlation = self.covariance[0, 1] / np.sqrt(self.covariance[0, 0] * self.covariance[1, 1])
        lines += [f"correlation of scale and rate {correlation:.3g}", f"chi2/dof {chi2}", self.message]
        return "\n".join(lines)


def mean_square(t: np.ndarray, s: float, k: float, r0: float) -> np.ndarray:
    """Return s^2 + (r0^2 - s^2) exp(-2 k t)."""
    return s**2 + (r0**2 - s**2) * np.exp(-2 * k * t)


def fit_decay(time: Any, rms: Any, error: Any = None) -> DecayFit:
    """Fit the approach of an rms to its tail.

    Parameters
    ----------
    time : array_like, shape (points,)
        In any unit; the rate is per that unit. At least 5 points, not all at one time.
    rms : array_like, shape (points,)
        Positive.
    error : array_like, shape (points,), optional
        Standard errors of `rms`.

    Returns
    -------
    DecayFit
        With `.converged`, `.tail_seen` and a `.message`; printing it gives the whole report.

    Raises
    ------
    FitError
        If the numbers cannot be fitted at all: too few, not finite, not positive, shapes that differ.

    Notes
    -----
    Least squares on rms^2 by SciPy's trust-region solver (`scipy.optimize.curve_fit`), all three parameters >= 0.

    Examples
    --------
    >>> t = np.arange(60.0)
    >>> fit = fit_decay(t, np.sqrt(0.04 + 0.96 * np.exp(-0.1 * t)))
    >>> print(f"{fit.scale.value:.4f} {fit.rate.value:.4f} {fit.start.value:.4f} {fit.tail_seen}")
    0.2000 0.0500 1.0000 True
    """
    t, y, sigma = _checked(time, rms, error)
    clock = t - t.min()
    guess = (y[-1], 1 / clock.max(), y[0])
    weight = None if sigma is None else 2 * y * sigma  # the error of rms^2
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", OptimizeWarning)  # a covariance that cannot be estimated
            best, covariance = curve_fit(
                mean_square, clock, y**2, guess, weight, sigma is not None, bounds=(0, np.inf),
                x_scale=guess, ftol=1e-14, xtol=1e-14, gtol=1e-14, max_nfev=10_000,
            )  # fmt: skip
    except (RuntimeError, OptimizeWarning) as problem:
        return _failed(len(t), str(problem).strip().rstrip("."))
    s, k, r0 = (float(p) for p in best)
    residuals = (y**2 - mean_square(clock, s, k, r0)) / (1.0 if weight is None else weight)
    chi2 = None if sigma is None else float((residuals**2).sum() / (len(t) - 3))
    seen, message = _tail(s, k, r0, float(clock.max()))
    covariance, misfit = _widened(covariance, residuals, chi2)
    errors = [float(e) for e in np.sqrt(np.diag(covariance))]
    scale, rate, start = (Estimate(*pair) for pair in zip((s, k, r0), errors, strict=True))
    return DecayFit(scale, rate, start, covariance, chi2, len(t), True, seen, message + misfit)


def _widened(covariance: np.ndarray, residuals: np.ndarray, chi2: float | None) -> tuple[np.ndarray, str]:
    """Widen the errors where the curve misses the data: by their scatter about it, and by that scatter's memory.

    The errors of the data say nothing of how far a wrong curve is off. Runs of residuals of one sign count as one.
    """
    memory = autocorrelation_time(residuals[None])
    if chi2 is None:
        return covariance * memory, ""
    if chi2_distribution.sf(chi2 * (len(residuals) - 3), len(residuals) - 3) > IMPROBABLE:
        return covariance, ""
    return covariance * (chi2 * memory), (
        f"; the curve misses the data by more than their errors (chi2/dof {chi2:.3g}): these are widened"
    )


def _checked(time: Any, rms: Any, error: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    try:
        t, y = np.asarray(time, dtype=float), np.asarray(rms, dtype=float)
        sigma = None if error is None else np.asarray(error, dtype=float)
    except (TypeError, ValueError) as problem:
        raise FitError(f"time, rms and error must be lists of numbers: {problem}.") from problem
    if t.ndim != 1 or t.shape != y.shape or (sigma is not None and sigma.shape != t.shape):
        raise FitError(f"time, rms and error must be lists of one length, got shapes {t.shape}, {y.shape}"
                       + (f", {sigma.shape}." if sigma is not None else "."))  # fmt: skip
    if len(t) < 5:
        raise FitError(f"a fit of three parameters needs at least 5 points, got {len(t)}.")
    for name, values, low in (("time", t, -np.inf), ("rms", y, 0.0), ("error", sigma, 0.0)):
        if values is not None and not (np.isfinite(values).all() and (values > low).all()):
            where = int(np.flatnonzero(~(np.isfinite(values) & (values > low)))[0])
            raise FitError(
                f"{name} must be finite{' and positive' if low == 0 else ''}, got {values[where]} at index {where}."
            )
    if np.ptp(t) == 0:
        raise FitError(f"time must span an interval, got {t[0]:g} at every point.")
    return t, y, sigma


def _failed(points: int, why: str) -> DecayFit:
    nothing = Estimate(np.nan, np.inf)
    message = f"no fit: {why}. The data do not determine the three parameters; take more or longer data."
    return DecayFit(nothing, nothing, nothing, np.full((3, 3), np.inf), None, points, False, False, message)


def _tail(s: float, k: float, r0: float, span: float) -> tuple[bool, str]:
    """Say whether the data reach the tail: at least a time constant of rms^2, and little of the decay is left."""
    if abs(r0**2 - s**2) < 1e-9 * s**2:
        return False, f"converged, but the rms does not change: the scale is {s:.6g}, no rate can be had from the data"
    times = 2 * k * span
    if times < 1:
        return False, (
            f"converged, but the data are too short to show the tail: they span {times:.2g} time constants 1/(2k) of "
            f"rms^2. Take at least {np.ceil(4 / max(times, 1e-3)):g} times as long a run for the scale."
        )
    left = (r0**2 - s**2) * np.exp(-times) / s**2
    if abs(left) > NEAR_TAIL:
        return False, (
            f"converged, but no tail is seen: the fitted rms^2 ends at {1 + left:.3g} times its tail. Run on for the "
            "scale, which is extrapolated here"
        )
    return True, "converged; the tail is seen"
