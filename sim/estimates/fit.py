r"""Fit an exponential approach to a tail: rms^2(t) = s^2 + (r_0^2 - s^2) exp(-2 k t).

This is the shape of any weight under decay and noise without memory; nothing is assumed about s, r_0 and k.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import chi2 as chi2_distribution

from sim.estimates.decay_model import Record, constant, correlations, least_squares, with_weights
from sim.estimates.intervals import Posterior, Quantiles, constant_posterior, posterior_of
from sim.estimates.readings import Readings, readings
from sim.estimates.result import DecayFit, Estimate
from sim.estimates.verdict import CENTRAL, Verdict, constant_verdict, no_change, verdict

__all__ = ["fit_decay"]

IMPROBABLE = 1e-3  # chance of a chi2 from which on the curve, and not the noise, is held responsible
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
    Time and rms are fitted in units of their own, so that their units do not matter.

    What an interval is worth. In simulations over 8 time constants 1/(2k) of rms^2, with noise of no memory up to a
    memory of 2 of them, 95% intervals of the scale cover 93 to 97%. Slower noise cannot be told from a drift of the
    tail: 92% at a memory of 3. Where no tail is seen the scale is extrapolated: 85% over 3 time constants with noise of
    a memory of 1, although the curve holds there. On a real run it need not: the drive moves, and what the rms tends
    to moves with it; then such an interval says what the curve makes of the data, not where the run will end. The
    error alone, taken as Gaussian (1.96 of it), covers less than the interval: down to 86% under slow noise. Noise
    below 1e-12 of the largest rms counts as rounding: no smaller error is claimed.

    Examples
    --------
    >>> t = np.arange(60.0)
    >>> fit = fit_decay(t, np.sqrt(0.04 + 0.96 * np.exp(-0.1 * t)))
    >>> print(f"{fit.scale.value:.4f} {fit.rate.value:.4f} {fit.start.value:.4f} {fit.tail_seen}")
    0.2000 0.0500 1.0000 True
    >>> fit_decay(t, np.full(60, 0.25)).converged
    False
    """
    data = readings(time, rms, error)
    record = with_weights(data.time, data.rms, data.error)
    chi2, notes = None, data.notes
    if record.known:
        freedom = len(record.time) - 3
        chi2 = least_squares(record)[3] / freedom
        if chi2_distribution.sf(chi2 * freedom, freedom) < IMPROBABLE:
            record = replace(record, known=False)
            notes += f"; the curve misses the data by more than their errors (chi2/dof {chi2:.3g}): these are widened"
    if no_change(record):
        posterior = constant_posterior(record)
        memory = posterior.likeliest_memory()
        level = math.sqrt(max(constant(record, memory)[0], 0.0))
        told, best = constant_verdict(record, data.size * level, memory), (level, math.nan, level)
    else:
        posterior = posterior_of(record)
        end, start, rate, _ = least_squares(record)
        told, best = verdict(record, posterior, end, start, rate), (math.sqrt(end), rate / 2, math.sqrt(start))
    told = replace(told, message=told.message + notes)
    return _result(data, record, posterior, best, told, chi2)


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
    bound = None if told.tail_seen else quantile("scale", 0.95) if "scale" in told.known else math.inf
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
