r"""Adam whose gradient holds a pull on the weight, step by step: the mean of the denominator in an exact recursion.

.. math:: v' = b_2 v + (1 - b_2)(\sigma^2 + k^2 P_{ww}), \qquad P' = M P M^{\mathsf T} + B B^{\mathsf T}

for the second moments P of the weight and its averaged gradient; M and B hold the step's learning rate over the root of
v, bias corrected. Coupled decay, curvature, any start, any schedule. What the mean leaves out, that the second moment
follows every gradient, is put in as two factors from the stationary state: the pull moves the weight by A, and the
noise is scaled so that the run ends in the equilibrium of the optimizer's law. Both count as the noise's share in v.

`theory.weight.laws.coupled_path` holds what RMSprop, Adamax, Adadelta and Adagrad divide by, from means about one start
and with factors that fade as the square of that share. Put to Adam the two differ by up to 5% on the way past sigma/k
and 3% in the first steps, and agree to 0.1% in the end, so both stay: each with the errors measured for its rules.

Assumptions: white noise, epsilon far below it. Exact where nothing divides the step.

Error, measured for b_2 >= 0.9 and starts up to 10 sigma/k, under held rates and schedules that fall to zero: 5% of
E w^2 in the first 50 steps from zero, 7.5% while the weight passes sigma/k, 2.5% later; 0.2% while the pull dominates.
Where k rises (decay that does not fall with the learning rate) 6% while k w differs between weights by up to 0.3 sigma;
nothing is given beyond.

References
----------
Kingma and Ba, ICLR 2015 (arXiv:1412.6980), for the rule. The recursion is this package's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from theory.algebra.compiled import compiled
from theory.weight.laws.adam_steps import AdamSteps
from theory.weight.laws.coupled_path import refuse_spread
from theory.weight.laws.live_start import live_factor
from theory.weight.rates import Rates

__all__ = ["Pull", "mean_denominator_path"]

START, LONGEST_START = 20, 100_000  # memories of the moments, and steps, over which the start's fluctuations wear off


@dataclass(frozen=True)
class Pull:
    """What acts on the weight beside the noise, at every step, and the factors from the stationary state.

    Attributes
    ----------
    strength : ndarray, shape (T,)
        k: times w it is the gradient's own part.
    left : ndarray, shape (T,)
        a: what the decoupled decay leaves of the weight.
    response, noise : float
        Factors of the pull and, in the long run, of the noise's variance, where the noise is all there is in v.
    """

    strength: np.ndarray
    left: np.ndarray
    response: float = 1.0
    noise: float = 1.0


def mean_denominator_path(law: AdamSteps, pull: Pull, rates: Rates, start: float) -> np.ndarray:
    """Return E w^2 before the first and after every step of a run, shape (T + 1,).

    Parameters
    ----------
    law : AdamSteps
        With `betas` and `corrections`.
    pull : Pull
        On the weight.
    rates : Rates
        Their learning rates count.
    start : float
        The start weight, or its rms; both moments are empty.
    """
    made, out = law.corrections(rates.steps), np.empty(rates.steps + 1)
    out[0] = start**2
    arrays = [rates.lr, pull.strength, pull.left, made.average, made.newest, made.divided]
    arrays.append(_noise_factor(law, pull.noise, rates.steps) - 1)
    noise = float(law.problem.noise) ** 2
    known = (np.asarray(a, dtype=float) for a in arrays)
    refuse_spread(*compiled(_recursion)(*known, *law.betas, noise, pull.response - 1, out))
    return out


def _noise_factor(law: AdamSteps, late: float, steps: int) -> np.ndarray:
    """Return the factor of the noise's variance at every step: that of the live second moment, to `late` in the end."""
    factor = np.full(steps, late)
    start = int(min(steps, START / (1 - max(law.betas)), LONGEST_START))
    factor[:start] = live_factor(law, start) * late / float(law.steps.summed(1.0))
    return factor


def _recursion(  # noqa: PLR0913, PLR0917 - machine code takes arrays, not settings
    lr: np.ndarray,
    strength: np.ndarray,
    left: np.ndarray,
    average: np.ndarray,
    newest: np.ndarray,
    divided: np.ndarray,
    noise_excess: np.ndarray,
    b1: float,
    b2: float,
    noise: float,
    response_excess: float,
    out: np.ndarray,
) -> tuple[float, int]:
    """Fill `out` from its first entry on, return the largest spread of a rising k times w, and its step; compiled."""
    ww, wm, mm, v, forgotten = out[0], 0.0, 0.0, 0.0, 1.0
    w, m = math.sqrt(ww), 0.0  # the means from one start
    largest, least, at = 0.0, strength.min(), 0
    for t in range(lr.size):
        k, rate, share = strength[t], lr[t], 0.0
        own = k * k * ww
        v = b2 * v + (1 - b2) * (noise + own)
        forgotten *= b2
        if divided[t] > 0:
            rate *= math.sqrt((1 - forgotten) / v)
            share = noise / (noise + own)
            spread = k * k * (ww - w * w)
            if k > least and spread > largest:
                largest, at = spread, t + 1
        k *= 1 + response_excess * share
        q = noise * (1 + noise_excess[t] * share)
        now = rate * (average[t] * (1 - b1) + newest[t])  # of the newest gradient in the weight's step
        past = rate * average[t] * b1  # of the old average
        keep, new = left[t] - now * k, 1 - b1
        next_wm = keep * (new * k * ww + b1 * wm) - past * (new * k * wm + b1 * mm) - now * new * q
        next_mm = new * new * k * k * ww + 2 * new * k * b1 * wm + b1 * b1 * mm + new * new * q
        ww = keep * keep * ww - 2 * keep * past * wm + past * past * mm + now * now * q
        wm, mm = next_wm, next_mm
        w, m = keep * w - past * m, new * k * w + b1 * m
        out[t + 1] = ww
    return math.sqrt(largest / noise), at
