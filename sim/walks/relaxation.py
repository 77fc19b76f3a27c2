"""How fast independent weights and scale-invariant vectors forget: their start, their past, and a kick."""

from __future__ import annotations

import copy

import numpy as np
import xarray as xr

from sim.estimates.spread import mean_and_error
from sim.walks import kernel
from sim.walks.settings import SphereSettings, WalkSettings
from sim.walks.sphere import Vectors, norm_sq, step
from sim.walks.steps import Noise, steps_of
from theory.settings import InvalidArgument, finite, whole_number

__all__ = ["autocorrelation", "forgetting", "kick"]


class Walkers:
    """Independent weights `w` in one stream of noise, to be looked at between steps."""

    def __init__(self, settings: WalkSettings) -> None:
        if settings.scheduled or settings.shape or settings.average:
            raise InvalidArgument(
                "settings must be of single weights at held rates for a relaxation time: leave out "
                "schedule, decay_schedule, shape and average."
            )
        self.noise = Noise(settings, settings.weights, np.random.SeedSequence(settings.seed))
        self.all = np.full(self.noise.padded, float(settings.start))
        self.w = self.all[: settings.weights]
        self.take = steps_of(settings, self.all.shape)
        self.total = np.zeros(self.noise.padded)

    def walk(self, steps: int) -> None:
        """Take `steps` steps."""
        for begin in range(0, steps, kernel.STEPS):
            self.take(self.all, self.noise.next(min(kernel.STEPS, steps - begin)), self.total)


def forgetting(settings: WalkSettings, *, first: int, last: int) -> xr.Dataset:
    """Start all weights at `settings.start` and measure how fast their mean falls between two steps.

    Parameters
    ----------
    settings : WalkSettings
        `start` far above the scale at which they settle: the mean is then seen for many relaxation times.
    first, last : int
        The steps between which the fall is measured; before the first, faster modes die out.

    Returns
    -------
    Dataset
        `relaxation_time`, in which the mean falls by e, and its standard error from the spread over weights.

    Raises
    ------
    InvalidArgument
        If the steps are not in order.

    Examples
    --------
    >>> found = forgetting(WalkSettings(100, 20.0, 0.5, start=1e4), first=10, last=40)
    >>> print(f"{found.relaxation_time.item():.2f}")
    9.49
    """
    whole_number("first", first, least=0)
    if whole_number("last", last) <= first:
        raise InvalidArgument(f"last must be above first = {first}, got {last}.")
    walkers = Walkers(settings)
    walkers.walk(first)
    early = walkers.w.copy()
    walkers.walk(last - first)
    return _times(*_fall(early, walkers.w, last - first), settings, {"first": first, "last": last})


def autocorrelation(settings: WalkSettings, *, lag: int) -> xr.Dataset:
    """Let weights walk and measure how fast the autocorrelation of each falls between `lag` and 2 `lag` steps.

    Parameters
    ----------
    settings : WalkSettings
        The weights' mean square at every `lag`-th step must settle.
    lag : int
        So long that faster modes have died out; at most a hundredth of the steps.

    Returns
    -------
    Dataset
        `relaxation_time` and its standard error from the spread over weights; NaN, and the attribute `stationary` 0,
        if the weights never settle.

    Raises
    ------
    InvalidArgument
        If the lag is out of range.
    """
    if whole_number("lag", lag) > settings.steps // 100:
        raise InvalidArgument(f"lag must be at most a hundredth of the {settings.steps} steps, got {lag}.")
    walkers = Walkers(settings)
    w = np.empty((settings.steps // lag, settings.weights))
    for row in w:
        walkers.walk(lag)
        row[:] = walkers.w
    blocks = np.array([(part**2).mean() for part in np.array_split(w, 64)])
    left_out = settings.left_out(blocks)
    if left_out is None:
        return _times(np.nan, np.nan, settings, {"lag": lag, "stationary": 0})
    w = w[len(w) * left_out // 64 :]
    one, two = (w[1:] * w[:-1]).mean(axis=0), (w[2:] * w[:-2]).mean(axis=0)
    return _times(*_fall(one, two, lag), settings, {"lag": lag})


def kick(settings: SphereSettings, *, steps: int = 200, by: float = 0.05) -> xr.Dataset:
    """Let vectors settle, lengthen them by the fraction `by`, and compare them with twins under the same noise.

    Parameters
    ----------
    settings : SphereSettings
        Of the run before the kick.
    steps : int
        Steps after the kick.
    by : float
        Small, so that the response is linear.

    Returns
    -------
    Dataset
        Over `step` since the kick, `response` and `response_error`: mean over vectors of ln ||w||^2 (kicked) - ln
        ||w||^2 (not); and `relaxation_time` with its error, from the response's fall over the second half.

    Raises
    ------
    InvalidArgument
        If the norms had not settled before the kick.
    """
    finite("by", by)
    whole_number("steps", steps, least=2)
    many = Vectors(settings)
    if settings.left_out(many.record(settings).norms[1].mean(axis=1) / settings.length) is None:
        raise InvalidArgument(f"steps must be more: the norms had not settled after {settings.steps} of them.")
    twin, rule = many.w * (1 + by), copy.deepcopy(many.rule)
    response = np.empty((steps + 1, settings.vectors))
    for row in response:
        row[:] = np.log(norm_sq(twin) / norm_sq(many.w))
        noise = many.noise()
        step(many.rule, many.w, noise)
        step(rule, twin, noise)
    half = steps // 2
    found = _times(*_fall(response[half], response[-1], steps - half), settings, {"by": by})
    mean, error = mean_and_error(response, axis=1)
    return found.assign_coords(step=np.arange(steps + 1)).assign(
        response=("step", mean, {"long_name": "mean of ln ||w||^2, kicked less not"}),
        response_error=("step", error, {"long_name": "its standard error"}),
    )


def _fall(early: np.ndarray, late: np.ndarray, steps: int) -> tuple[float, float]:
    """Return the time in which a mean over samples falls by e, seen `steps` apart, and its standard error."""
    fall = np.log(early.mean() / late.mean())
    _, error = mean_and_error(late / late.mean() - early / early.mean())
    tau = steps / fall
    return float(tau), float(tau / fall * error)


def _times(tau: float, error: float, settings: WalkSettings | SphereSettings, more: dict[str, float]) -> xr.Dataset:
    return xr.Dataset(
        {
            "relaxation_time": ((), tau, {"long_name": "steps in which it falls by e"}),
            "relaxation_time_error": ((), error, {"long_name": "its standard error"}),
        },
        attrs=settings.attributes(0) | more,
    )
