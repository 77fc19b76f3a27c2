"""The constants of the forecasts: how a drive goes on, and how far it strays; chosen on training runs, not derived."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CALIBRATED", "Calibration"]


@dataclass(frozen=True)
class Calibration:
    """How the drive of a real layer goes on after its record. ln E is followed over ln t, t the steps made.

    Attributes
    ----------
    made_on : str
        What the constants were chosen on, in words.
    memory : float
        In ln t: a trend of the drive dies out over it.
    trend_prior : float
        Standard deviation of the trends that are expected, per ln t: it shrinks what a short record shows.
    scatter : float
        How far the drive of now may stray from what the record says, in its logarithm.
    wander, trend_doubt : float
        How fast it strays from the path ahead, per ln t; the second in shares of the trend seen.
    fading : float
        How fast drives fall in the long run, per ln t, whatever the trend: training errors become smaller. Of a drive
        that scatters less than `scatter`, as much less: one that is seen to stay stays.
    from_noise : float
        What share of a fall of the learning rate reaches the drive's noise: in stiff directions signal undoes noise.
    width : float
        Of the band, in these standard deviations.
    base : float
        Of the norm itself: a part of the band that does not wait for the clock, in units of width * scatter.
    widest : float
        Half the band over the norm (not its square), from which on nothing is claimed to be known.
    """

    made_on: str
    memory: float
    trend_prior: float
    scatter: float
    wander: float
    trend_doubt: float
    fading: float
    from_noise: float
    width: float
    base: float
    widest: float


CALIBRATED = Calibration(
    made_on="22 short runs of small networks",  # the CALIBRATION of benchmarks.forecast_runs
    memory=0.3, trend_prior=0.3, scatter=0.05, wander=0.15, trend_doubt=0.15, fading=0.1, from_noise=0.5, width=2.0,
    base=0.1, widest=0.5,
)  # fmt: skip
