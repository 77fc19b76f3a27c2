r"""Signs of a direction that the weight itself pulls: statistical linearisation in closed loop.

.. math:: \mathrm{sign}(c) = R c + \xi, \qquad R = \sqrt{2/\pi} / \mathrm{sd}(c)

with the rest xi uncorrelated with c (Bussgang) and of autocovariance (2 / pi)(arcsin rho_s - rho_s), rho_s the
correlation of c. The gradient is g + h w with white g, so on z = e^(i omega), with F the filter from gradient to
direction, a the decoupled factor and D = z - a + eta R F h,

.. math:: \Phi_c = \frac{|F|^2 (|z - a|^2 \sigma^2 + \eta^2 h^2 \Phi_\xi)}{|D|^2}, \qquad
   \Phi_w = \frac{\eta^2 (R^2 |F|^2 \sigma^2 + \Phi_\xi)}{|D|^2}

From the open loop's correlations rho_s, sd(c) and R are iterated until they agree with themselves. Approximate: xi is
taken to be independent of the noise that drives the loop.

Where the loop is much slower than the memory the grid would have to be long. V over its leading order is smooth in the
rate, 1 plus a multiple of it, so it is found at a larger rate and continued linearly.

References
----------
Bussgang, "Crosscorrelation functions of amplitude-distorted Gaussian signals", MIT RLE report 216 (1952).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from theory.weight.laws.directed import direction_correlation, filtered_square
from theory.weight.laws.signs import sign_sum

__all__ = ["LONGEST_MEMORY", "Loop", "closed_loop", "open_rate"]

DECAYED = 16.0  # memories of the loop that the grid lasts
LEAST_RATE = 0.02  # of the loop, over 1 - b2: slower ones are continued linearly from there
ROUNDS, AGREED = 60, 1e-10
LONGEST_MEMORY = 2001.0  # steps; 1/(1 - b2)


@dataclass(frozen=True)
class Loop:
    """The weight in closed loop.

    Attributes
    ----------
    variance : float
        E w^2 in units of eta^2.
    gap : float
        One minus the factor per step of the loop's slowest mode.
    """

    variance: float
    gap: float

    @property
    def slowest(self) -> float:
        """Factor per step of the loop's slowest mode."""
        return 1 - self.gap

    @property
    def forgetting(self) -> float:
        """By which power of e that mode falls in a step."""
        return -math.log1p(-self.gap)


def gain(beta1: float, beta2: float) -> float:
    """Return R of the open loop, in units of one over the noise."""
    return math.sqrt(2 / math.pi / filtered_square(beta1, beta2))


def open_rate(beta1: float, beta2: float, decay: float, pull: float) -> float:
    """Return the rate x = y + eta h R / sigma at which the loop forgets, to leading order."""
    return decay + pull * gain(beta1, beta2)


@lru_cache(maxsize=4096)
def closed_loop(beta1: float, beta2: float, decay: float, pull: float) -> Loop:
    """Return the loop's variance and slowest mode.

    Parameters
    ----------
    beta1, beta2 : float
        Of the direction.
    decay : float
        y = eta lam/n where decoupled, else 0.
    pull : float
        eta h / sigma, h curvature and coupled decay.
    """
    rate = open_rate(beta1, beta2, decay, pull)
    leading = sign_sum(1.0, beta1, beta2) / 2
    larger = max(1.0, LEAST_RATE * (1 - beta2) / rate)
    at_larger, R = _solved(beta1, beta2, decay * larger, pull * larger)
    if larger > 1:
        over_leading = 1 + (at_larger * rate * larger / leading - 1) / larger
        R = gain(beta1, beta2) + (R - gain(beta1, beta2)) / larger
        return Loop(leading / rate * over_leading, _gap(beta1, beta2, decay, pull * R))
    return Loop(at_larger, _gap(beta1, beta2, decay, pull * R))


def _gap(beta1: float, beta2: float, decay: float, drift: float) -> float:
    """Return one minus the largest modulus of a root of (z - b2) D(z), without cancellation."""
    # in e = 1 - z: e^2 - (1 - b2 + y + (1 - b1) d) e + y (1 - b2) + d (1 - b2), d = eta R h
    middle = (1 - beta2 + decay + (1 - beta1) * drift) / 2
    product = (decay + drift) * (1 - beta2)
    inside = middle**2 - product
    if inside < 0:
        return 1 - math.sqrt((1 - middle) ** 2 - inside)
    return min(product / (middle + math.sqrt(inside)), 1 - abs(1 - middle - math.sqrt(inside)))


def _solved(beta1: float, beta2: float, decay: float, pull: float) -> tuple[float, float]:
    """Return E w^2 and R of the loop, iterated to agreement, on a grid of frequencies; eta and sigma are 1."""
    slowest = _gap(beta1, beta2, decay, pull * gain(beta1, beta2))
    size = 2 ** max(10, math.ceil(math.log2(DECAYED / slowest)))
    z = np.exp(2j * np.pi * np.arange(size // 2 + 1) / size)
    F = 1 - beta1 + beta1 * (1 - beta2) / (z - beta2)
    free, filtered = z - 1 + decay, np.abs(F) ** 2
    driven = filtered * np.abs(free) ** 2
    lags = np.minimum(np.arange(size // 2 + 1), size - np.arange(size // 2 + 1))
    rho = direction_correlation(beta1, beta2) * float(beta2) ** (np.maximum(lags, 1) - 1)
    rho[0], R = 1.0, gain(beta1, beta2)
    variance = 0.0
    for _ in range(ROUNDS):
        rest = _spectrum(2 / np.pi * (np.arcsin(rho) - rho))
        loop = np.abs(free + R * pull * F) ** 2
        before, variance = variance, _covariance((R**2 * filtered + rest) / loop)[0]
        if abs(variance - before) < AGREED * variance:
            break
        directions = _covariance((driven + pull**2 * filtered * rest) / loop)
        R, rho = math.sqrt(2 / math.pi / directions[0]), np.clip(directions / directions[0], -1, 1)
    return float(variance), R


def _spectrum(covariance: np.ndarray) -> np.ndarray:
    """Return the spectrum of an even, periodic autocovariance given at lags 0 to half the period."""
    return np.asarray(np.fft.rfft(np.concatenate([covariance, covariance[-2:0:-1]])).real)


def _covariance(spectrum: np.ndarray) -> np.ndarray:
    """Return the autocovariance at lags 0 to half the period."""
    return np.asarray(np.fft.irfft(spectrum)[: len(spectrum)])
