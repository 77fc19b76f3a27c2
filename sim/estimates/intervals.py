r"""What a record says of scale, rate and start: their probabilities under noise whose memory is unknown too.

The noise about the curve is taken to be an Ornstein-Uhlenbeck process, whose correlation falls as
exp(-interval/memory): AR(1) where the points are evenly spaced. Memory and rate are integrated over on a grid. The two
mean squares, in which the curve is linear, and the size of the noise are integrated over in closed form, so that each
pair of rate and memory leaves a Student t for s^2 and for r_0^2. The prior of rate and mean squares is Jeffreys' for
independent noise (it is proper where the data know nothing of the rate). The memory's is flat in a power of 1 - rho,
with rho the correlation of neighbours, and has a share for no memory at all. The two constants in it were chosen so
that intervals cover, in simulation, what they promise.

References
----------
Jeffreys, "Theory of Probability", Oxford 1961, section 3.10; Berger, de Oliveira and Sanso, "Objective Bayesian
analysis of spatially correlated data", J. Am. Stat. Assoc. 96 (2001) 1361-1374.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from scipy.special import ndtr, stdtr

from sim.estimates.decay_model import Curves, Record, constant, curves, grip, kept, least_squares, rates

__all__ = ["Posterior", "Quantiles", "constant_posterior", "log_likelihood", "memories", "posterior_of"]

MEMORIES = 16  # on the grid, besides none
EXPONENT = 0.3  # of the memory's prior, (1 - rho)^-EXPONENT
MEMORYLESS = 0.4  # weight of no memory, against 1 for all others
RATES = 64  # on the final grid
CUT = 16.0  # rates less likely by exp(-CUT) are left out
NEGLIGIBLE = 1e-7  # of the likeliest cell
ROUNDING = 1e-12  # noise below this part of the largest rms is rounding: no smaller error is claimed


@dataclass(frozen=True)
class Posterior:
    """Probabilities on a grid of memories and rates, with a Student t in each cell.

    Attributes
    ----------
    memory : ndarray, shape (memories,)
    rate : ndarray, shape (rates,)
    log_weight : ndarray, shape (memories, rates)
        Logarithm of the cell's probability, before the mean squares are known to be positive.
    means, deviations : dict of str to ndarray, shape (memories, rates)
        Of "scale" and "start", as mean squares.
    likelihood : ndarray, shape (rates,)
        Logarithm of the likelihood of each rate, under the memory and the mean squares that suit it best.
    freedom : float
        Degrees of freedom of the Student t; infinite where the size of the noise is known.
    """

    memory: np.ndarray
    rate: np.ndarray
    log_weight: np.ndarray
    means: dict[str, np.ndarray]
    deviations: dict[str, np.ndarray]
    likelihood: np.ndarray
    freedom: float

    def likeliest_memory(self) -> float:
        """Return the memory with the largest probability."""
        return float(self.memory[np.argmax(_normal(self.log_weight).sum(axis=1))])

    def negative(self) -> float:
        """Return the probability that s^2 falls below zero, were it allowed to: small where the record shows a tail."""
        weight, mean, deviation = self._cells("scale")
        return float(weight @ self._above(0.0, -mean, deviation))

    def quantile(self, name: str, probability: float) -> float:
        """Return a quantile of "scale" or "start" (as mean squares) or "rate" (2 k), in the record's units."""
        if name == "rate":
            return self._rate(probability)
        weight, mean, deviation = self._cells(name)
        total = float(weight @ self._above(0.0, mean, deviation))
        if total == 0:
            return 0.0  # no positive mean square is likely at all

        def excess(value: float) -> float:
            return 1 - probability - float(weight @ self._above(value, mean, deviation)) / total

        high = float(max((mean + 4 * deviation).max(), deviation.max()))
        low = max(0.0, float((mean - 4 * deviation).min()))
        while excess(high) < 0:
            high *= 2
        while low > 0 and excess(low) > 0:
            low = low / 2 if low > 1e-300 else 0.0
        return float(brentq(excess, low, high, xtol=1e-300, rtol=1e-13, maxiter=500))

    def _rate(self, probability: float) -> float:
        above_zero = self._above(0.0, self.means["scale"], self.deviations["scale"])
        positive = self.log_weight + np.log(np.maximum(above_zero, 1e-300))
        density = _normal(positive).sum(0) / np.gradient(self.rate)
        steps = np.diff(self.rate) * (density[1:] + density[:-1]) / 2
        below = np.r_[0.0, np.cumsum(steps)] / steps.sum()
        inside = np.r_[True, np.diff(below) > 1e-15]  # strictly increasing
        return float(PchipInterpolator(below[inside], self.rate[inside])(probability))

    def _cells(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return probability, mean and deviation of the cells that matter."""
        weight = _normal(self.log_weight)
        matter = weight > NEGLIGIBLE * weight.max()
        return weight[matter], self.means[name][matter], self.deviations[name][matter]

    def _above(self, value: float, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return the probability that the mean square is above `value`, in each cell."""
        z = (mean - value) / deviation
        return ndtr(z) if np.isinf(self.freedom) else stdtr(self.freedom, z)


@dataclass(frozen=True)
class Quantiles:
    """The quantiles of a posterior in the units of the data: called with a name and a probability."""

    posterior: Posterior
    span: float
    size: float

    def __call__(self, name: str, probability: float) -> float:
        """Return one quantile."""
        found = self.posterior.quantile(name, probability)
        return found / (2 * self.span) if name == "rate" else self.size * float(np.sqrt(found))


def memories(record: Record) -> tuple[np.ndarray, np.ndarray]:
    """Return the grid of memories (0 first) and the logarithm of the prior probability of each, up to a constant."""
    share = (np.arange(MEMORIES) + 0.5) / MEMORIES
    neighbours = -np.expm1(np.log1p(-share) / (1 - EXPONENT))  # the correlation over the median interval
    memory = -float(np.median(np.diff(record.time))) / np.log(neighbours)
    return np.r_[0.0, memory], np.log(np.r_[MEMORYLESS, np.full(MEMORIES, 1 / MEMORIES)])


def log_likelihood(record: Record, memory: float, misfit: np.ndarray, freedom: float) -> np.ndarray:
    """Return the log of the likelihood of a misfit, integrated over the noise's size where that is unknown."""
    determinant = float(np.log1p(-(kept(record, memory) ** 2)).sum()) / 2
    if record.known:
        return -misfit / 2 - determinant
    return -freedom / 2 * np.log(misfit + len(record.time) * ROUNDING**2) - determinant


def posterior_of(record: Record) -> Posterior:
    """Return the probabilities of the curve's three numbers, given the record."""
    memory, prior = memories(record)
    freedom = len(record.time) - 2
    rate = _likely_rates(record, memory[:: len(memory) // 4], freedom)
    reference = curves(record, rate, 0.0)
    information = np.maximum(grip(record, rate, reference), 1e-300) * np.sqrt(reference.spread)
    jeffreys = np.log(information) + np.log(np.gradient(rate))
    rows, best_of_all = [], np.full(len(rate), -np.inf)
    means: dict[str, list[np.ndarray]] = {"scale": [], "start": []}
    deviations: dict[str, list[np.ndarray]] = {"scale": [], "start": []}
    for m, p in zip(memory, prior, strict=True):
        best = curves(record, rate, float(m))
        rows.append(p + jeffreys + _evidence(record, float(m), best, freedom))
        likely = log_likelihood(record, float(m), best.misfit, freedom - 1)
        best_of_all = np.maximum(best_of_all, likely)
        noise = 1.0 if record.known else (best.misfit + len(record.time) * ROUNDING**2) / freedom
        for name, mean, variance in (
            ("scale", best.end, best.end_variance), ("start", best.start, best.start_variance),
        ):  # fmt: skip
            means[name].append(mean)
            deviations[name].append(np.sqrt(variance * noise))
    return Posterior(
        memory,
        rate,
        np.array(rows),
        {name: np.array(values) for name, values in means.items()},
        {name: np.array(values) for name, values in deviations.items()},
        best_of_all,
        np.inf if record.known else freedom,
    )


def constant_posterior(record: Record) -> Posterior:
    """Return the probabilities of a constant mean square, which is both scale and start."""
    freedom = len(record.time) - 1
    memory, prior = memories(record)
    rows, mean, deviation = [], [], []  # one cell for each memory
    for m, p in zip(memory, prior, strict=True):
        level, information, misfit = constant(record, float(m))
        noise = 1.0 if record.known else (misfit + len(record.time) * ROUNDING**2) / freedom
        likely = log_likelihood(record, float(m), np.array(misfit), freedom)
        rows.append([p + float(likely) - np.log(information) / 2])
        mean.append([level])
        deviation.append([np.sqrt(noise / information)])
    return Posterior(
        memory,
        np.ones(1),
        np.array(rows),
        dict.fromkeys(("scale", "start"), np.array(mean)),
        dict.fromkeys(("scale", "start"), np.array(deviation)),
        np.zeros(1),
        np.inf if record.known else freedom,
    )


def _evidence(record: Record, memory: float, best: Curves, freedom: float) -> np.ndarray:
    """Return the log likelihood of each rate, integrated over the two mean squares."""
    return log_likelihood(record, memory, best.misfit, freedom) - np.log(best.spread) / 2


def _likely_rates(record: Record, memory: np.ndarray, freedom: float) -> np.ndarray:
    """Return a grid of rates over all that are likely under any of the memories; it closes in from the whole range."""
    rate, centre = rates(record), least_squares(record)[2]
    while True:  # the range shrinks each time, or is final
        rate = np.unique(np.r_[rate, np.clip(centre, rate[0], rate[-1])])  # the peak may lie between two of the grid
        best = [_evidence(record, float(m), curves(record, rate, float(m)), freedom) for m in memory]
        height = np.max(best, axis=0)
        likely = np.flatnonzero(height > height.max() - CUT)
        low, high = rate[max(likely[0] - 1, 0)], rate[min(likely[-1] + 1, len(rate) - 1)]
        shrinks = np.log(high / low) < 0.9 * np.log(rate[-1] / rate[0]) and high - low > 1e-13 * centre
        if len(likely) > RATES // 4 or not shrinks:
            return np.geomspace(low, high, RATES)
        rate = np.geomspace(low, high, RATES // 2)


def _normal(log_weight: np.ndarray) -> np.ndarray:
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()
