"""What the residuals leave of a verdict: a record that the curve does not describe is refused, or its misfit said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.estimates.decay_model import Record, left_over
from sim.estimates.misfit import FEW, SPIKE, no_noise
from sim.estimates.verdict import Verdict

__all__ = ["examined", "spiked"]

NAMED = 3  # spikes named in a message
NO_TAIL = 10.0  # % of the rms by which the last fifth of the record leaves the curve: from here on it is no tail
SMALL = 1.0  # % of the rms at the end, or of the range of rms^2: a smaller misfit is not mentioned
LARGE = 10.0  # % of the range of rms^2: the rms of the residuals from which on the curve is refused
LEVEL = 5.0  # the same for a constant, of its square
TURN = 1.2  # of the mean square of a fifth of the record: so much higher, it has turned

SPIKED = (
    "no fit: {which} from the neighbours by more than {sigmas:g} standard deviations of the scatter. Look at the "
    "data (a restart?), leave such points out (or mask them) and fit again"
)
MISSES = (
    "no fit: the curve does not describe the record: it leaves {size:.3g}% of the {of} as a slow or regular course, "
    "which is no noise{turn}. Look at the data (a schedule, a restart, a divergence?) or fit a part of them"
)
DRIFTS = (
    "{converged}, but the tail drifts: the last fifth of the record lies {size:.2g}% {side} the curve, and not by "
    "noise. The scale is the curve's, not where the run will end: run on"
)
COURSE = "; the curve leaves {size:.2g}% of the {of} as a slow or regular course, which is no noise{so}"
TOO_FEW = "; {points} points are too few to show whether the curve describes them, so no tail counts as seen"


def spiked(which: np.ndarray, time: np.ndarray, rms: np.ndarray) -> Verdict:
    """Return what is said where points (indices) leave the others; time and rms in the unit of the data."""
    named = ", ".join(f"time {time[i]:.6g} (rms {rms[i]:.3g})" for i in which[:NAMED])
    more = f" and {len(which) - NAMED} more" if len(which) > NAMED else ""
    verb = "differs" if len(which) == 1 else "differ"
    points = "point" if len(which) == 1 else "points"
    return Verdict((), False, False, SPIKED.format(which=f"the {points} at {named}{more} {verb}", sigmas=SPIKE))


def examined(told: Verdict, record: Record, slopes: np.ndarray, curve: np.ndarray) -> Verdict:
    """Return what is left of a verdict once the residuals of its curve are looked at (as in `no_noise`)."""
    points = len(record.time)
    if "scale" not in told.known or (points < FEW and record.known):
        return told
    if points < FEW:
        return replace(told, tail_seen=False, message=told.message + TOO_FEW.format(points=points))
    if not no_noise(record, slopes, curve):
        return told
    decays = "rate" in told.known
    size = left_over(record, curve) * (1.0 if decays else float(np.ptp(record.square) / curve.mean()))
    of, so = ("range of rms^2", ": its rate is an average") if decays else ("mean square", "")
    last = slice(-max(points // 5, 2), None)
    above = 100 * float(np.mean(np.sqrt(record.square[last] / curve[last])) - 1) if told.tail_seen else 0.0
    if size > (LARGE if decays else LEVEL) or abs(above) > NO_TAIL:
        return Verdict((), False, False, MISSES.format(size=size, of=of, turn=_turn(record)))
    course = COURSE.format(size=size, of=of, so=so) if size > SMALL else ""
    if abs(above) > SMALL:
        side, what = "above" if above > 0 else "below", "converged" if told.converged else "no rate can be had"
        told = replace(told, tail_seen=False, message=DRIFTS.format(converged=what, size=abs(above), side=side))
    return replace(told, message=told.message + course)


def _turn(record: Record) -> str:
    """Say how the rms turns, if it does so between the fifths of the record."""
    start, *middle, end = (float(np.mean(part)) for part in np.array_split(record.square, 5))
    low, high = min(middle), max(middle)
    if end > max(TURN * low, high):
        return ": the rms falls and then grows" if start > TURN * low else ": the rms grows to its end"
    return ""
