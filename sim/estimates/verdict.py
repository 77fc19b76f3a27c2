"""What can be said of a record: whether it changes at all, whether it bends, whether it reaches its tail."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2 as chi2_distribution

from sim.estimates.decay_model import Record, constant, curves, least_squares, left_over, rates, unweighted
from sim.estimates.intervals import Posterior, log_likelihood, memories

__all__ = ["CENTRAL", "Verdict", "constant_verdict", "no_change", "verdict"]

NEAR_TAIL = 0.2  # the tail is seen where the fitted rms^2 ends within this fraction of it, and s is known as well
CHANGE = float(chi2_distribution.isf(1e-4, 2))  # gain of the curve on a constant from which on the rms changes
NO_BEND = 1e-2  # chance of such a gain on a straight line, and for a decay that is over within the first interval
TO_ZERO = 0.025  # chance of s^2 < 0, were it allowed, from which on a tail cannot be told from none
BELOW_ZERO = 0.9999  # and from which on the curve is not this one
SLOW = 0.1  # memory, as a part of the record, from which on noise is no longer told from change
RIVAL = 20.0  # % of the range left over a curve from which on slow noise about a constant or a line is its rival
CENTRAL = (0.15865525393145707, 0.8413447460685429)  # what one standard deviation means

EVERY = ("scale", "rate", "start")
STRAIGHT = (
    "no fit: the rms {way} along a straight line or faster, without slowing down beyond its noise: neither rate nor "
    "scale can be had. Take longer data"
)
SUDDEN = (
    "the rms has reached its tail by the second point: the scale is {seen}, no rate can be had. Record more often at "
    "the start"
)
SINKING = (
    "no fit: the rms heads below zero, as a straight line does and this curve does not. Look at the data (a "
    "schedule, a restart?) or fit a part of them"
)
WANDERS = (
    "no fit: the rms changes, but slow noise about a constant or a straight line would explain it as well as this "
    "curve: neither rate nor scale can be had. Look at the data (a schedule, a step?) or fit a part of them"
)
SHORT = (
    "converged, but the data are too short to show the tail: they span {times:.2g} time constants 1/(2k) of rms^2. "
    "Take at least {longer:g} times as long a run for the scale, which is extrapolated here"
)
TO_NOTHING = (
    "converged, but no tail is seen: the rms decays to zero as far as the data tell. Run on for the scale, of which "
    "only a bound is known"
)
UNSEEN = (
    "converged, but no tail is seen: the fitted rms^2 ends at {end:.3g} times its tail. Run on for the scale, which is "
    "extrapolated here and worth what the curve is"
)
VAGUE = (
    "converged, but no tail is seen: noise as slow as the data allow for moves the scale by more than a fifth. Run on, "
    "or average over replicas"
)
SEEN = "converged; the tail is seen"
CONSTANT = (
    "the rms does not change beyond its noise: the scale is {level:.6g} if this is its tail, no rate can be had from "
    "the data"
)


@dataclass(frozen=True)
class Verdict:
    """Which numbers a record tells, and the sentence that says so.

    Attributes
    ----------
    known : tuple of str
        Of "scale", "rate" and "start".
    converged, tail_seen : bool
    message : str
    to_zero : bool
        Whether the scale cannot be told from zero.
    """

    known: tuple[str, ...]
    converged: bool
    tail_seen: bool
    message: str
    to_zero: bool = False


def no_change(record: Record, curve: np.ndarray) -> bool:
    """Say whether a constant does as well as the best curve (mean squares), noise of any memory granted to both.

    Few points cannot tell a curve from slow noise about a constant. This is no rival of a curve that leaves little.
    """
    if _gain(record, memories(record)[0]) >= CHANGE:
        return False
    bends = least_squares(record)[2] > rates(record)[0]
    return not (bends and left_over(record, curve) < RIVAL and _gain(record, np.zeros(1)) > CHANGE)


def constant_verdict(record: Record, level: float, memory: float) -> Verdict:
    """Return what is said where a constant does as well: it is one, or slow noise is granted too much."""
    if memory > SLOW and _gain(record, np.zeros(1)) > CHANGE:
        straight = least_squares(record)[2] <= rates(record)[0]
        return Verdict((), False, False, STRAIGHT.format(way=_way(record)) if straight else WANDERS)
    return Verdict(("scale", "start"), False, False, CONSTANT.format(level=level))


def _way(record: Record) -> str:
    return "falls" if record.square[0] > record.square[-1] else "grows"


def _gain(record: Record, memory: np.ndarray) -> float:
    """Return twice the log of how much likelier the best curve makes the data than the best constant."""
    freedom, flat = len(record.time) - 3, unweighted(record)
    constants = [log_likelihood(flat, float(m), np.array(constant(flat, float(m))[2]), freedom) for m in memory]
    every = np.r_[rates(record), least_squares(record)[2]]
    weights = float(np.log(record.weight / flat.weight).sum())
    return 2 * float(_likelihood(record, every, memory).max() - np.max(constants) - weights)


def verdict(record: Record, posterior: Posterior, curve: np.ndarray, end: float, start: float, rate: float) -> Verdict:
    """Say what the data show of the decay and its tail, given the best curve, its s^2, r_0^2 and 2 k."""
    needed = chi2_distribution.isf(NO_BEND, 1) / 2
    extremes = rates(record)[[0, -1]]  # a straight line, and a decay over at once
    by_noise = posterior.likelihood.max() - _likelihood(record, extremes, posterior.memory) < needed
    best, *others = _likelihood(record, np.r_[rate, extremes], np.zeros(1))  # for noise of no memory
    by_any = best - np.array(others) < needed
    straight, sudden = by_noise & (by_any | (left_over(record, curve) > RIVAL))
    if straight:
        return Verdict((), False, False, STRAIGHT.format(way=_way(record)) if by_any[0] else WANDERS)
    low, high = (math.sqrt(posterior.quantile("scale", p)) for p in CENTRAL)
    vague = high - low > 2 * NEAR_TAIL * math.sqrt(end)
    if sudden:
        return Verdict(("scale", "start"), False, not vague, SUDDEN.format(seen="vague" if vague else "seen"))
    negative = posterior.negative()
    if negative > BELOW_ZERO:
        return Verdict(("start",), False, False, SINKING)
    if rate < 1:
        return Verdict(EVERY, True, False, SHORT.format(times=rate, longer=math.ceil(4 / rate)), negative > TO_ZERO)
    if end == 0 or negative > TO_ZERO:
        return Verdict(EVERY, True, False, TO_NOTHING, to_zero=True)
    left = (start - end) * math.exp(-rate) / end
    if vague:
        return Verdict(EVERY, True, False, VAGUE)
    if abs(left) > NEAR_TAIL:
        return Verdict(EVERY, True, False, UNSEEN.format(end=1 + left))
    return Verdict(EVERY, True, True, SEEN)


def _likelihood(record: Record, rate: np.ndarray, memory: np.ndarray) -> np.ndarray:
    """Return the log-likelihood of each rate under the memory that suits it best."""
    freedom = len(record.time) - 3
    every = [log_likelihood(record, float(m), curves(record, rate, float(m)).misfit, freedom) for m in memory]
    return np.max(every, axis=0)
