r"""Fit an exponential approach to a tail: rms^2(t) = s^2 + (r_0^2 - s^2) exp(-2 k t).

This is the shape of any weight under decay and noise without memory; nothing is assumed about s, r_0 and k.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import chi2 as chi2_distribution

from sim.estimates.decay_model import (
    Record,
    constant,
    correlations,
    curve,
    least_squares,
    slopes,
    unweighted,
    with_weights,
)
from sim.estimates.doubts import examined, spiked
from sim.estimates.intervals import Posterior, Quantiles, constant_posterior, posterior_of
from sim.estimates.misfit import spikes
from sim.estimates.readings import Readings, in_blocks, readings
from sim.estimates.result import DecayFit, Estimate, reached
from sim.estimates.verdict import CENTRAL, Verdict, constant_verdict, no_change, verdict

__all__ = ["fit_decay"]

IMPROBABLE = 1e-3  # chance of a chi2 from which on the curve, and not the noise, is held responsible
BLOCKS = 2000  # into which a long record is averaged
RESOLVED = 0.05  # 2 k times a block's length: the curve's bend within a block is then below 1e-4 of it
UNKNOWN = Estimate(math.nan, math.inf)


def fit_decay(time: Any, rms: Any, error: Any = None) -> DecayFit:
    """Fit the approach of an rms to its tail.

    Parameters
    ----------
    time : array_like, shape (points,)
        In any unit and order; the rate is per that unit. At least 5 different times; points at one time are averaged.
    rms : array_like, shape (points,)
        Positive, in any unit. Masked points (`numpy.ma`) are left out, and the message says so.
    error : array_like, shape (points,), optional
        Standard errors of `rms`. Without them the noise of the rms is taken to be the same everywhere, or proportional
        to the rms, whichever makes the data more likely; its size comes from the residuals.

    Returns
    -------
    DecayFit
        With `.converged`, `.tail_seen`, `.interval(0.95)` and a `.message`; printing it gives the whole report.

    Raises
    ------
    FitError
        If the numbers cannot be fitted at all: too few, not real, not finite, not positive, shapes that differ.

    Notes
    -----
    Weighted least squares on rms^2 over every rate that the record can show, s^2 and r_0^2 >= 0, for noise whose
    correlation falls exponentially with the interval; see `sim.estimates.intervals` for how its memory is dealt with.
    Time and rms are fitted in units of their own, so that their units do not matter. From 4000 points on the means of
    blocks are fitted, short enough that the curve is straight within one.

    Where the curve misses the data by more than the errors given, these are left aside, and the message says so.

    Before a number is given the residuals are examined (`sim.estimates.misfit`). Spikes, or a course over 10% of the
    range of rms^2 that is no noise, refuse the fit. A smaller one is said; where the end of the record leaves the curve
    by over 1%, no tail counts as seen. Of 1500 simulated records of such a curve (15 to 200 points over 8 time
    constants 1/(2k) of rms^2, noise of 0.2 to 10% with a memory up to 2 of them) 1 was doubted. A course that noise
    with a memory of a quarter of the record would explain is not found: the interval allows for it.

    What an interval is worth. In simulations over 8 time constants, with noise of no memory up to a memory of 2 of
    them, 95% intervals of the scale cover 95.5 to 97.2% (600 records of each of six noises, +- 0.8), those of the rate
    89 to 96%, of the start 90 to 98%. Slower noise cannot be told from a drift of the tail: 92% of the scale at a
    memory of 3. Where no tail is seen the scale is extrapolated: 90% over 3 time constants with noise of a memory of 1,
    although the curve holds there. On a real run it need not: the drive moves, and what the rms tends to moves with it.
    The interval then says what the curve makes of the data, not where the run will end: in one study of 40 fits to the
    first third of runs of the textbook's network (lam 5 to 160; no test repeats it) 33 held what the rms came to, and
    of the 29 whose tail counted as seen 22.

    The error alone, taken as Gaussian (1.96 of it), covers less than the interval: down to 80% under noise of a memory
    of 3. Noise below 1e-12 of the largest rms counts as rounding: no smaller error is claimed.

    Examples
    --------
    >>> t = np.arange(60.0)
    >>> fit = fit_decay(t, np.sqrt(0.04 + 0.96 * np.exp(-0.1 * t)))
    >>> print(f"{fit.scale.value:.4f} {fit.rate.value:.4f} {fit.start.value:.4f} {fit.tail_seen}")
    0.2000 0.0500 1.0000 True
    >>> fit_decay(t, np.full(60, 0.25)).converged
    False
    """
    every = readings(time, rms, error)
    data, record = _blocks(every)
    chi2, notes = None, data.notes
    if record.known:
        freedom = len(record.time) - 3
        chi2 = least_squares(record)[3] / freedom
        if chi2_distribution.sf(chi2 * freedom, freedom) < IMPROBABLE:
            record = with_weights(data.time, data.rms, None)
            notes += (
                f"; the curve misses the data by more than their errors (chi2/dof {chi2:.3g}): these are left aside"
            )
    posterior, best, told = _told(every, data, record)
    told = replace(told, message=told.message + notes)
    return _result(data, record, posterior, best, told, chi2)


def _blocks(every: Readings) -> tuple[Readings, Record]:
    """Return a long record as block means, each short against the decay."""
    data = in_blocks(every, BLOCKS)
    record = with_weights(data.time, data.rms, data.error)
    if len(data.time) < len(every.time):
        rate = least_squares(record)[2]
        if rate > RESOLVED * BLOCKS:
            data = in_blocks(every, math.ceil(rate / RESOLVED))
            record = with_weights(data.time, data.rms, data.error)
    return data, record


def _told(every: Readings, data: Readings, record: Record) -> tuple[Posterior, tuple[float, float, float], Verdict]:
    """Return the probabilities, the best (s, k, r_0) in the record's units, and what may be said of them."""
    off = spikes(every.rms)
    end, start, rate, _ = least_squares(record)
    fitted = curve(record.time, end, start, rate)
    if not off.size and not no_change(record, fitted):
        posterior = posterior_of(record)
        told = verdict(record, posterior, fitted, end, start, rate)
        told = examined(told, record, slopes(record.time, end, start, rate), fitted)
        return posterior, (math.sqrt(end), rate / 2, math.sqrt(start)), told
    flat = unweighted(record)
    posterior = constant_posterior(flat)
    memory = posterior.likeliest_memory()
    level = next(at for at in (constant(flat, m)[0] for m in (memory, 0.0)) if at > 0)  # below 0 for odd errors
    root = math.sqrt(level)
    if off.size:
        told = spiked(off, every.origin + every.span * every.time, every.size * every.rms)
    else:
        told = constant_verdict(record, data.size * root, memory)
        told = examined(told, flat, np.ones((1, len(flat.time))), np.full_like(flat.square, level))
    return posterior, (root, math.nan, root), told


def _result(
    data: Readings,
    record: Record,
    posterior: Posterior,
    best: tuple[float, float, float],
    told: Verdict,
    chi2: float | None,
) -> DecayFit:
    """Take values, errors and covariance to the units of the data; `best` is (s, k, r_0) in the record's."""
    units = np.array([data.size, 1 / data.span, data.size])
    quantile, memory = Quantiles(posterior, data.span, data.size), posterior.likeliest_memory()
    found = {}
    for name, value in zip(("scale", "rate", "start"), (float(v) for v in units * best), strict=True):
        found[name] = UNKNOWN
        if name in told.known:
            low, high = (quantile(name, p) for p in CENTRAL)
            found[name] = Estimate(value, max(high - value, value - low))
    covariance = np.full((3, 3), math.nan)
    if told.converged:
        errors = [estimate.error for estimate in found.values()]
        correlation = correlations(record, memory, best[0] ** 2, best[2] ** 2, 2 * best[1])
        with np.errstate(over="ignore", under="ignore"):  # the square of an error of 1e160 is no number
            covariance = correlation * np.outer(errors, errors)
    bound = None if told.tail_seen else math.inf
    if "scale" in told.known and not told.tail_seen:
        bound = reached(quantile("scale", 0.95), found["scale"], 1)
    return DecayFit(
        **found,
        covariance=covariance,
        chi2_per_dof=chi2,
        points=len(record.time),
        converged=told.converged,
        tail_seen=told.tail_seen,
        message=told.message,
        scale_bound=bound,
        memory=memory * data.span,
        _to_zero=told.to_zero,
        _quantile=quantile,
    )
