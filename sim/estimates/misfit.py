r"""Does the curve describe the record? Tests of what is left over it against what noise can do.

The noise is granted any memory up to a quarter of the record. Three things it cannot do:

- Leave single points far from the running median of five, on the linear and on the logarithmic scale (Tukey 1977):
  *spikes*. A smooth or stepping record is left as it is by such a median.
- Follow a *course*: a sum of the lowest 2, 4, ... 32 cosines, added to the curve, explains so much more that Fisher's F
  refuses every memory that suits the residuals (by restricted likelihood). At the true memory F is exact but for the
  curve being made linear in its rate, so a false alarm is as rare as the test says.
- Reach further than the median of its differences allows. So a jump shows (a restart, a step), which has the spectrum
  of slow noise.

References
----------
Tukey, "Exploratory data analysis", 1977, chapter 7; Harville, "Maximum likelihood approaches to variance component
estimation and to related problems", J. Am. Stat. Assoc. 72 (1977) 320-338 (restricted likelihood).
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.stats import f as fisher

from sim.estimates.decay_model import Record, kept, white
from sim.estimates.intervals import ROUNDING

__all__ = ["FEW", "SPIKE", "no_noise", "spikes"]

FEW = 8  # points below which no test can tell
SPIKE = 8.0  # standard deviations, robust ones, from which on a point is no noise
LEAST = 1e-3  # of the rms: a smaller scatter is rounding, and a smaller spike is let through
BEGINNING = 3  # points of which a spike must be a factor 2: fast transients bend there
AN_END = 3.0  # a last point must also leave by more than this many of the largest steps before it
GRANTED = 0.25  # memory of the noise, as a part of the record
MEMORIES = 12  # up to that, besides none
UNLIKELY = 6.0  # a memory less likely by exp(-UNLIKELY) does not suit the residuals
CHANCE = 1e-3  # of a false alarm of a course
COSINES = (2, 4, 8, 16, 32)
MOST = 0.6  # cosines for each point
MEANS = 60  # into which a record is averaged before its reach is looked at
BEYOND = 5.0  # standard deviations of the granted noise from which on a mean is no noise
NORMAL = 1.4826  # standard deviation of a Gaussian over its median absolute deviation


def spikes(rms: np.ndarray) -> np.ndarray:
    """Return the indices of the points that leave their neighbours, the first point never among them.

    Examples
    --------
    >>> record = 0.2 + np.exp(-np.arange(40.0) / 9)
    >>> record[12] *= 50
    >>> spikes(record)
    array([12])
    """
    if len(rms) < FEW:
        return np.array([], dtype=int)
    far = np.ones(len(rms), dtype=bool)
    for values, floor in ((rms, LEAST * float(np.median(rms))), (np.log(rms), LEAST)):
        off = values - _median_of_neighbours(values)
        steps = np.abs(np.diff(values))
        scatter = NORMAL * max(float(np.median(np.abs(off))), float(np.median(steps)) / np.sqrt(2))
        far &= np.abs(off) > SPIKE * max(scatter, floor)
        far[-1] &= steps[-1] > AN_END * steps[-4:-1].max()
        far[:BEGINNING] &= np.abs(off[:BEGINNING]) > np.log(2) * (values is not rms)
    far[0] = False  # a fast decay starts so
    return np.flatnonzero(far) if far.sum() <= len(rms) / 10 else np.array([], dtype=int)


def no_noise(record: Record, slopes: np.ndarray, curve: np.ndarray) -> bool:
    """Say whether a curve leaves what noise of the granted memory does not do.

    Parameters
    ----------
    record : Record
    slopes : ndarray, shape (parameters, points)
        Of the mean square along each parameter of the curve.
    curve : ndarray, shape (points,)
        Its mean squares.

    Examples
    --------
    >>> t = np.linspace(0, 1, 60)
    >>> noise = 0.1 * np.random.default_rng(0).standard_normal(60)
    >>> records = [Record(t, 1 + part, np.ones(60), False) for part in (noise, noise + np.sin(9 * t))]
    >>> [no_noise(record, np.ones((1, 60)), np.ones(60)) for record in records]
    [False, True]
    """
    return len(curve) >= FEW and (_course(record, slopes, curve) or _reach(record, curve))


def _course(record: Record, slopes: np.ndarray, curve: np.ndarray) -> bool:
    slopes = slopes[slopes.any(axis=1)]  # of a decay over at once its rate has none
    points, parameters = len(curve), len(slopes)
    counts = [count for count in COSINES if count <= MOST * points]
    cosines = np.cos(np.pi * np.outer(np.arange(1, counts[-1] + 1), np.arange(points) + 0.5) / points)
    basis = np.r_[slopes, cosines * record.weight]
    memory = np.r_[0.0, np.geomspace(float(np.median(np.diff(record.time))) / 3, GRANTED, MEMORIES)]
    ratio, likelihood = np.empty((2, len(counts), len(memory)))
    for j, m in enumerate(memory):
        q, r = np.linalg.qr(white(basis, record, float(m)).T)
        y = white(record.square - curve, record, float(m))
        along, scale = q.T @ y, np.log(np.abs(np.diag(r)))
        determinant = np.log1p(-(kept(record, float(m)) ** 2)).sum() / 2
        for i, count in enumerate(counts):
            used, free = parameters + count, points - parameters - count
            rest = float(((y - q[:, :used] @ along[:used]) ** 2).sum()) + points * ROUNDING**2
            ratio[i, j] = (along[parameters:used] ** 2).sum() / count / (rest / free)
            likelihood[i, j] = -free / 2 * np.log(rest) - determinant - scale[:used].sum()
    for i, count in enumerate(counts):
        suits = likelihood[i] > likelihood[i].max() - UNLIKELY
        limit = fisher.isf(CHANCE / len(counts), count, points - parameters - count)
        if (ratio[i, suits] > limit).all():
            return True
    return False


def _reach(record: Record, curve: np.ndarray) -> bool:
    residual = (record.square - curve) / record.weight
    count = min(MEANS, len(residual))
    at, means = (np.array([part.mean() for part in np.array_split(x, count)]) for x in (record.time, residual))
    lost = -np.expm1(-np.diff(at) / GRANTED)  # 1 - rho
    deviation = NORMAL * float(np.median(np.abs(np.diff(means)) / np.sqrt(2 * lost)))
    return bool((np.abs(means) > BEYOND * deviation).any())


def _median_of_neighbours(values: np.ndarray) -> np.ndarray:
    """Return the running median of five; of three next to the ends, and of the last or first three at them."""
    middle = np.median(sliding_window_view(values, 5), axis=-1)
    three = [np.median(values[:3])] * 2, [np.median(values[-3:])] * 2
    return np.r_[three[0], middle, three[1]]
