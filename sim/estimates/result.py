"""What a fit found: three numbers with their errors and intervals, and how far they can be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.errors import FitError
from sim.estimates.decay_model import mean_square
from theory.settings.axes import axes_or_current
from theory.settings.notebook import InNotebook

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DecayFit", "Estimate", "reached"]

DECADES = 5.0  # the vertical axis of a figure is logarithmic from this ratio on
NAMES = ("scale", "rate", "start")


class Estimate(NamedTuple):
    """A value and its standard error; nan and inf where the data do not tell."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.6g} +/- {self.error:.2g}" if math.isfinite(self.value) else "unknown"


def reached(end: float, estimate: Estimate, side: int) -> float:
    """Return an interval's upper (`side` 1) or lower (-1) end, an error beyond an estimate that it leaves out.

    Least squares knows no memory, the interval does. Where the curve misses the data the two may disagree.
    """
    if side * (end - estimate.value) > 0:
        return end
    return max(estimate.value + side * estimate.error, 0.0)


@dataclass(frozen=True)
class DecayFit(InNotebook, answer=("scale", "rate")):
    """The outcome of `fit_decay`.

    Attributes
    ----------
    scale, rate, start : Estimate
        s, k (per unit of time) and r_0 (the rms at the first time). Value: of the least-squares curve. Error: to the
        farther end of the central 68% interval. Unknown ones are nan +/- inf.
    covariance : ndarray, shape (3, 3)
        Of (scale, rate, start): these errors, with the correlations of the linearised fit. Where no rate is known, nan.
    chi2_per_dof : float or None
        Of the least-squares curve. None where no errors of the data were given.
    points : int
        Points at different times, or blocks of them where a long record was averaged.
    converged : bool
        Whether the data determine a rate. Not so for a constant, a straight line, a decay over within one interval, or
        where the curve does not describe the record.
    tail_seen : bool
        Whether the data reach the tail and stay at it: the scale is then measured, not extrapolated.
    message : str
        A sentence that says so, and what to do if not.
    scale_bound : float or None
        Where no tail is seen: what the scale is below with 95% probability, if the curve holds; inf if unknown.
    memory : float
        The most likely correlation time of the noise about the curve, in the unit of time; 0 for independent points.
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
    scale_bound: float | None = None
    memory: float = 0.0
    _to_zero: bool = field(default=False, repr=False)  # a scale of zero cannot be told from the one found
    _quantile: Callable[[str, float], float] | None = field(default=None, repr=False, compare=False)

    def rms(self, time: Any) -> Any:
        """Return the fitted rms at `time` (float or array), counted from the first time."""
        t = np.asarray(time, dtype=float)
        if math.isnan(self.rate.value):
            return np.full_like(t, self.scale.value)[()]
        return np.sqrt(mean_square(t, self.scale.value, self.rate.value, self.start.value))

    def interval(self, confidence: float = 0.95, of: str = "scale") -> tuple[float, float]:
        """Return the central interval of "scale", "rate" or "start"; from 0 on where the scale may be zero.

        Parameters
        ----------
        confidence : float
            Between 0 and 1.
        of : str

        Returns
        -------
        low, high : float
            (0, inf) for what the data do not tell. It covers what it promises where the curve holds and the noise
            about it is as `fit_decay` describes; where no tail is seen it extrapolates, and is worth what the curve is.

        Raises
        ------
        FitError
            If `confidence` or `of` is something else.
        """
        if of not in NAMES:
            raise FitError(f"of must be one of {', '.join(NAMES)}; got {of!r}.")
        if not 0 < confidence < 1:
            raise FitError(f"confidence must lie between 0 and 1, got {confidence}.")
        if self._quantile is None or math.isnan(getattr(self, of).value):
            return 0.0, math.inf
        found = getattr(self, of)
        if of == "scale" and self._to_zero:
            return 0.0, reached(self._quantile(of, confidence), found, 1)
        low, high = (reached(self._quantile(of, (1 + side * confidence) / 2), found, side) for side in (-1, 1))
        return low, high

    def plot(self, time: Any, rms: Any, error: Any = None, *, axes: Axes | None = None, **points: Any) -> Axes:
        """Draw the record that was fitted as points, the curve as a line, and the scale with its 95% interval or bound.

        Parameters
        ----------
        time, rms, error : array_like, shape (points,)
            What went into `fit_decay`.
        axes : Axes, optional
            Of Matplotlib. Default: the current ones.
        **points
            Passed on to `Axes.errorbar`.

        Returns
        -------
        Axes
        """
        time, rms = np.asarray(time, dtype=float), np.asarray(rms, dtype=float)
        axes = axes_or_current(axes)
        axes.errorbar(time, rms, error, **({"fmt": "o", "mfc": "white", "label": "data"} | points))
        if rms.max() > DECADES * rms.min() > 0:
            axes.set_yscale("log")
        if math.isfinite(self.scale.value):
            dense = np.linspace(0, np.ptp(time), 400)
            label = "fitted curve" if self.converged else "no change beyond the noise"
            axes.plot(time.min() + dense, self.rms(dense), color="black", linewidth=1.0, label=label)
            self._plot_tail(axes)
        axes.set(xlabel="time", ylabel="rms of the weights")
        return axes

    def _plot_tail(self, axes: Axes) -> None:
        """Draw the scale and its 95% interval where it is seen, its bound where not."""
        low, high = self.interval(0.95)
        ends = axes.get_ylim()
        if self.tail_seen:
            axes.axhspan(low, high, color="#eeeeee", zorder=0)
            axes.axhline(self.scale.value, color="0.5", linewidth=0.8, linestyle=":", label="scale, 95%")
        elif self.converged and self.scale_bound is not None and self.scale_bound > ends[0]:
            label = "bound of the scale, 95%"
            axes.axhline(self.scale_bound, color="0.5", linewidth=0.8, linestyle="--", label=label)
        axes.set_ylim(ends)

    def as_dict(self) -> dict[str, Any]:
        """Return all but the covariance as plain numbers, with None for what is unknown: for JSON."""
        content: dict[str, Any] = {
            name: {key: _finite(number) for key, number in getattr(self, name)._asdict().items()}
            | {"interval95": [_finite(end) for end in self.interval(0.95, name)]}
            for name in NAMES
        }
        bound = None if self.scale_bound is None else _finite(self.scale_bound)
        return content | {
            "scale_bound": bound, "memory": self.memory, "chi2_per_dof": self.chi2_per_dof, "points": self.points,
            "message": self.message, "converged": self.converged, "tail_seen": self.tail_seen,
        }  # fmt: skip

    def __str__(self) -> str:
        lines = []
        for name in NAMES:
            low, high = self.interval(0.95, name)
            between = f"  (95%: {low:.6g} to {high:.6g})" if math.isfinite(high) else ""
            lines.append(f"{name:8} {getattr(self, name)}{between}")
        if self.converged and self.scale_bound is not None:
            lines.append(f"no tail is seen: the scale is below {self.scale_bound:.3g} (95%) if the curve holds")
        correlation = self.covariance[0, 1] / (self.scale.error * self.rate.error) if self.converged else math.nan
        if math.isfinite(correlation):
            lines.append(f"correlation of scale and rate {correlation:.3g}")
        chi2 = "no errors were given: errors from the scatter of the residuals"
        if self.chi2_per_dof is not None:
            chi2 = f"{self.chi2_per_dof:.3g} ({self.points - 3} degrees of freedom)"
        return "\n".join([*lines, f"chi2/dof {chi2}", self.message])


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
