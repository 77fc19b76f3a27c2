r"""The step of Adamax under white Gaussian noise: a mean of gradients over the largest one, which fades.

With unit noise, :math:`\Phi(y) = P(|g| < y)` and :math:`T(y) = E(g^2; |g| < y)`, the fading maximum
:math:`u = \max_j b_2^j |g_{t-j}|` has the distribution

.. math:: P(y) = \prod_{j \ge 0} \Phi(y b_2^{-j})

and weighted by the square of a gradient i steps old :math:`P_i = P T/\Phi` with :math:`T/\Phi` at :math:`y b_2^{-i}`.
An average of 1/u follows by parts, :math:`E X/u = \int E(X; u < y) y^{-2} dy`; over a lag s the fresh gradients have
the distribution :math:`P(z)/P(z b_2^{-s})`. On a grid of ln y whose spacing divides :math:`-\ln b_2` every power of b_2
is a shift, and every sum over the past a recursion.

Assumptions
-----------
1. The gradient is white Gaussian noise; epsilon is far below it. Unlike Adam's, the law depends on the noise's tails.

Range: 0.5 <= b_2 <= 0.9999. Error: 1e-5 (halving the spacing changes no more).

References
----------
Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015 (arXiv:1412.6980), section 7.1, for the rule. The
derivation is this package's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

__all__ = ["LARGEST_BETA2", "LEAST_BETA2", "FadingMaximum", "fading_maximum"]

LEAST_BETA2, LARGEST_BETA2 = 0.5, 0.9999
SPACING = 0.005  # of ln y, at most
LOWEST, HIGHEST = -9.0, 2.4  # of ln y: abs(g) is rarely below 1e-4, and never above 11
CUT = 1e-12  # lags with b1^s below it are left out
LEAST_LOG_P = -60.0  # below it the largest gradient is never
EVERY = 48  # lags and steps up to this one are computed one by one; later ones are interpolated
MEMORIES = 40  # how many 1/(1 - b2) the autocorrelation of 1/u is followed


@dataclass(frozen=True)
class FadingMaximum:
    """Averages over Adamax's step under unit white Gaussian noise.

    Parameters
    ----------
    beta1, beta2 : float
        Memory of the mean of the gradients and of the largest one.
    """

    beta1: float
    beta2: float

    @cached_property
    def per_factor(self) -> int:
        """Grid points between y and y / b2."""
        return max(1, math.ceil(-math.log(self.beta2) / SPACING))

    @cached_property
    def spacing(self) -> float:
        """Of the grid in ln y."""
        return -math.log(self.beta2) / self.per_factor

    @cached_property
    def y(self) -> np.ndarray:
        """The grid; its length is a multiple of `per_factor`."""
        count = math.ceil((HIGHEST - LOWEST) / self.spacing / self.per_factor) * self.per_factor
        return np.exp(LOWEST + self.spacing * np.arange(count))

    @cached_property
    def _one(self) -> tuple[np.ndarray, np.ndarray]:
        """ln Phi and T / Phi."""
        from scipy.special import erf

        phi = erf(self.y / math.sqrt(2))
        inside = phi - math.sqrt(2 / math.pi) * self.y * np.exp(-(self.y**2) / 2)
        small = self.y < 0.02
        return np.log(phi), np.where(small, self.y**2 / 3, inside / phi)  # the difference cancels below

    def _past(self, term: np.ndarray, factor: float, beyond: float) -> np.ndarray:
        """Return the sum over j of factor^j term(y b2^-j); above the grid it is `beyond`."""
        from scipy.signal import lfilter

        rows = term.reshape(-1, self.per_factor)[::-1]
        start = np.full((1, self.per_factor), factor * beyond)
        return lfilter([1], [1, -factor], rows, axis=0, zi=start)[0][::-1].ravel()

    @cached_property
    def log_p(self) -> np.ndarray:
        """ln P."""
        return self._past(self._one[0], 1.0, 0.0)

    @cached_property
    def _means(self) -> tuple[np.ndarray, np.ndarray]:
        """Sums over i of b1^i and of b1^2i times T/Phi at y b2^-i."""
        b1 = self.beta1
        return self._past(self._one[1], b1, 1 / (1 - b1)), self._past(self._one[1], b1**2, 1 / (1 - b1**2))

    def _later(self, values: np.ndarray, steps: int, beyond: float) -> np.ndarray:
        """Return the values at y b2^-steps."""
        shift = min(steps * self.per_factor, len(values))
        return np.concatenate([values[shift:], np.full(shift, beyond)])

    def _earlier(self, values: np.ndarray, steps: int, below: float) -> np.ndarray:
        """Return the values at y b2^steps."""
        shift = min(steps * self.per_factor, len(values))
        return np.concatenate([np.full(shift, below), values[: len(values) - shift]])

    def _integral(self, density: np.ndarray, above: float) -> float:
        """Return the integral over ln y of a density whose integral above the grid is known."""
        return float(self.spacing * (np.sum(density) - density[-1] / 2) + above)

    def inverse_power(self, power: int) -> float:
        """Return E u^-power."""
        return self._integral(power * np.exp(self.log_p) * self.y**-power, self.y[-1] ** -power)

    @cached_property
    def response(self) -> float:
        """A = sum over i of (1 - b1) b1^i E[g_(t-i)^2 / u]: the mean step per unit of drift (Stein's lemma)."""
        density = (1 - self.beta1) * np.exp(self.log_p) * self._means[0] / self.y
        return self._integral(density, 1 / self.y[-1])

    @cached_property
    def _bulk(self) -> tuple[slice, np.ndarray, np.ndarray, np.ndarray]:
        """Where u can be at all, and y, ln P and P there."""
        where = slice(int(np.argmax(self.log_p > LEAST_LOG_P)), None)
        return where, self.y[where], self.log_p[where], np.exp(self.log_p[where])

    def overlap(self, weight: np.ndarray, lag: int) -> float:
        """Return E[X / (u_t u_(t+lag))] for X of the times up to t with E(X; u < y) = weight(y) P(y)."""
        where, y, log_p, P = self._bulk
        weight = weight[where]
        if lag == 0:
            return self._integral(2 * P * weight / y**2, weight[-1] / y[-1] ** 2)
        q = self.beta2**lag
        fresh = np.exp(log_p - self._later(log_p, lag, 0.0)) / y
        tail = self.spacing * (np.cumsum(fresh[::-1])[::-1] - (fresh + fresh[-1]) / 2) + 1 / y[-1]
        tail = self._earlier(tail, lag, tail[0])
        inside = P * tail / y + (self._earlier(P, lag, 0.0) / (q * y**2) if q > 0 else 0.0)
        return self._integral(weight * inside, weight[-1] * tail[-1] / y[-1])

    def _over_lags(self, weight: np.ndarray, count: int) -> np.ndarray:
        """Return the overlaps at lags 0 ... count - 1; beyond the first few they are interpolated."""
        lags = _sampled(count)
        found = np.array([self.overlap(weight, int(lag)) for lag in lags])
        return _filled(lags, found, count)

    @cached_property
    def covariances(self) -> np.ndarray:
        """C_s = E of steps s apart, until b1^s vanishes."""
        count = 1 if self.beta1 == 0 else math.ceil(math.log(CUT) / math.log(self.beta1))
        lags = np.arange(count)
        return (1 - self.beta1) ** 2 * self.beta1**lags * self._over_lags(self._means[1], count)

    @cached_property
    def summed(self) -> float:
        """S = C_0 + 2 sum of C_s."""
        return float(2 * self.covariances.sum() - self.covariances[0])

    @cached_property
    def spread(self) -> float:
        """s_2: the relative variance of 1/u."""
        return self.inverse_power(2) / self.inverse_power(1) ** 2 - 1

    @cached_property
    def memory(self) -> float:
        """Correlation time of 1/u in steps: the sum of its autocorrelation over lags from zero on."""
        mean, square = self.inverse_power(1), self.inverse_power(2)
        away = self._over_lags(np.ones_like(self.y), math.ceil(MEMORIES / (1 - self.beta2))) - mean**2
        return float(away.sum() / (square - mean**2))

    def from_zero(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the response and the mean square of the bias-corrected step after 1 ... `steps` steps from nothing.

        The memory of the largest gradient begins empty; both tend to `response` and C_0.
        """
        settled = math.ceil(MEMORIES / (1 - max(self.beta1, self.beta2)))
        count = min(steps, settled) + 1
        sampled = _sampled(count)[1:]
        found = np.array([self._after(int(t)) for t in sampled]).T
        both = []
        for values, limit in zip(found, (self.response, self.covariances[0]), strict=True):
            path = _filled(np.log(sampled), values, np.log(np.arange(1, count)))
            both.append(np.concatenate([path, np.full(max(0, steps - settled), limit)]))
        return both[0], both[1]

    def _after(self, steps: int) -> tuple[float, float]:
        b1 = self.beta1
        P = np.exp(self.log_p - self._later(self.log_p, steps, 0.0))
        found = []
        for power, (sums, factor) in enumerate(zip(self._means, (b1, b1**2), strict=True), start=1):
            recent = sums - factor**steps * self._later(sums, steps, 1 / (1 - factor))
            weight = ((1 - b1) / (1 - b1**steps)) ** power
            above = weight * recent[-1] / self.y[-1] ** power
            found.append(self._integral(weight * power * P * recent / self.y**power, above))
        return found[0], found[1]


@lru_cache(maxsize=8)
def fading_maximum(beta1: float, beta2: float) -> FadingMaximum:
    """Return the averages of Adamax's step, computed on first use and kept.

    Raises
    ------
    NotImplementedError
        If beta2 is below 0.5 or above 0.9999.

    Examples
    --------
    >>> step = fading_maximum(0.9, 0.999)
    >>> print(f"{step.summed:.5f} {step.response:.5f}")
    0.13510 0.36517
    """
    if not LEAST_BETA2 <= beta2 <= LARGEST_BETA2:
        raise NotImplementedError(
            f"Adamax is known for beta2 from {LEAST_BETA2} to {LARGEST_BETA2}, got {beta2}. The grid that holds its "
            "largest gradients grows as 1/(1 - beta2)."
        )
    return FadingMaximum(beta1, beta2)


def _sampled(count: int) -> np.ndarray:
    """Return 0 ... 48, and fewer and fewer of the numbers up to count - 1."""
    if count <= EVERY:
        return np.arange(count)
    later = np.geomspace(EVERY, count - 1, max(2, math.ceil(40 * math.log10(count / EVERY)) + 2))
    return np.unique(np.concatenate([np.arange(EVERY), later.astype(int), [count - 1]]))


def _filled(at: np.ndarray, values: np.ndarray, wanted: np.ndarray | int) -> np.ndarray:
    """Return the values interpolated to `wanted`, or to 0 ... wanted - 1."""
    from scipy.interpolate import CubicSpline

    points = np.arange(wanted) if isinstance(wanted, int) else wanted
    return np.asarray(values if len(values) == len(points) else CubicSpline(at, values)(points))
