r"""The way of a weight whose decay is divided with the gradient: second moments with the mean of the denominator.

.. math:: P_{t+1} = M_t P_t M_t^{\mathsf T} + B_t B_t^{\mathsf T}, \qquad E G_t^2 = \sigma^2 + k_t^2 E w_t^2

M and B hold the step per unit of pull and the mean square of the step, both from means of what the denominator sums:
the mean square of the gradient, the weight's own share included. So a start of k w far above sigma walks down by about
the learning rate per step, and a long memory of large gradients makes E w^2 undershoot its equilibrium.

Where the noise rules the gradient, the averages of 1/denominator are not those of its mean. Two factors for every step
say so (`Corrections`); they fade with the square of the noise's share in what the denominator remembers.

Assumptions
-----------
1. The gradient is (lam/n + h) w + g, with white Gaussian noise g.
2. The denominator is independent of the weight but for the means (the corrections hold what is known beyond).

References
----------
The construction is this package's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.algebra.compiled import compiled

__all__ = [
    "AVERAGE",
    "CENTERED",
    "MAXIMUM",
    "STEPS",
    "SUM",
    "Corrections",
    "Denominator",
    "coupled_path",
    "refuse_spread",
]

AVERAGE, CENTERED, SUM, MAXIMUM, STEPS = range(5)
LARGEST_SPREAD = 0.3  # of what decay adds to the gradients, over the noise: beyond, each weight has its own denominator


@dataclass(frozen=True)
class Denominator:
    """What divides the gradient.

    Attributes
    ----------
    kind : int
        AVERAGE: the root of the fading mean square. CENTERED: of the fading variance. SUM: of the sum of squares.
        MAXIMUM: the fading largest size. STEPS: Adadelta's, AVERAGE over the root mean square of the steps.
    memory : float
        What it keeps per step.
    corrected : bool
        Whether the mean square is divided by 1 - memory^t.
    eps : float
        Added to both mean squares (STEPS only; elsewhere it is far below the noise).
    start : float
        The sum of squares before the first step (SUM only).
    """

    kind: int
    memory: float = 0.0
    corrected: bool = False
    eps: float = 0.0
    start: float = 0.0


@dataclass(frozen=True)
class Corrections:
    """What means leave out where the noise rules; arrays of shape (T,).

    Attributes
    ----------
    response : ndarray
        The mean step per unit of pull over that with the mean denominator.
    square : ndarray
        The mean square of the step over that with the mean denominator.
    """

    response: np.ndarray
    square: np.ndarray


def coupled_path(
    denominator: Denominator,
    corrections: Corrections,
    *,
    momentum: float = 0.0,
    inside: bool = False,
    lr: np.ndarray,
    pull: np.ndarray,
    noise: float,
    start: float,
) -> np.ndarray:
    """Return E w^2 before the first and after every step, shape (T + 1,).

    Parameters
    ----------
    denominator : Denominator
        What divides the gradient.
    corrections : Corrections
        Of its averages.
    momentum : float
        Memory per step of the first moment.
    inside : bool
        True: it averages gradients, bias corrected, and the average is divided (Adam). False: it sums steps that are
        divided already (RMSprop).
    lr, pull : ndarray, shape (T,)
        Learning rate, and lam/n + h: what multiplies the weight in the gradient.
    noise, start : float
        Standard deviation of the gradient noise; the start weight, the same for all.
    """
    steps = len(lr)
    t = np.arange(1, steps + 1)
    newest = np.full(steps, 1 - momentum if inside else 1.0)
    with np.errstate(under="ignore"):
        first_bias = 1 - momentum**t if inside else np.ones(steps)
        second_bias = 1 - denominator.memory**t
    known = np.stack([lr / first_bias, pull, newest, second_bias, corrections.response, corrections.square])
    out = np.empty(steps + 1)
    numbers = (momentum, inside, denominator.memory, denominator.corrected, denominator.eps, denominator.start)
    spread, at = compiled(_iterate)(known, denominator.kind, *numbers, float(noise), float(start), out)
    if denominator.kind in (AVERAGE, CENTERED):
        refuse_spread(spread, at)
    return out


def refuse_spread(largest: float, step: int) -> None:
    """Raise NotImplementedError where a decay that rises makes gradients differ by more than the noise can hide.

    Parameters
    ----------
    largest : float
        The largest standard deviation of (lam/n + h) w over that of the noise, where lam/n is above its least.
    step : int
        Where it was.
    """
    if largest > LARGEST_SPREAD:
        raise NotImplementedError(
            "the way of a weight whose decay is divided with the gradient is known where the decay in the gradient "
            f"differs between weights by at most {LARGEST_SPREAD:g} times the noise, got {largest:.3g} in step {step}: "
            "it grows where the decay does not fall with the learning rate. Give the schedule a higher floor, let the "
            "decay follow it, or take theory.AdamW."
        )


def _iterate(
    known: np.ndarray,
    kind: int,
    momentum: float,
    inside: bool,
    memory: float,
    corrected: bool,
    eps: float,
    accumulated: float,
    noise: float,
    start: float,
    out: np.ndarray,
) -> tuple[float, int]:
    """Write E w^2 into `out`; return the largest spread of a rising k times w over the noise, and its step.

    Means and covariance of weight w, first moment m and running mean g of the gradient.
    """
    w = start
    m = g = ww = wm = mm = wg = mg = gg = 0.0  # means beside w, and covariances
    white = noise * noise
    square = accumulated  # what the denominator sums, and of Adadelta the mean square of the steps
    steps_square = largest_pull = largest_noise = largest_spread = 0.0
    least, at = known[1].min(), 0
    out[0] = w * w
    for t in range(known.shape[1]):
        lr, k, newest, bias = known[0, t], known[1, t], known[2, t], known[3, t]
        response, step_square = known[4, t], known[5, t]
        spread = white + k * k * ww
        if k > least and spread > largest_spread:
            largest_spread, at = spread, t + 1
        gradient_square = spread + k * k * w * w
        if kind == 2:  # SUM
            square += gradient_square
            share = ((t + 1) * white + accumulated) / square
            average = square
        else:
            square = memory * square + (1 - memory) * gradient_square
            share = white * bias / square
            average = square / bias if corrected else square
        share = share * share  # the fluctuations of a mean of squares are those of the noise's, squared
        if kind == 1:  # CENTERED: the running mean of this step, its square off
            mean = memory * g + (1 - memory) * k * w
            var = memory * memory * gg + 2 * memory * (1 - memory) * k * wg
            var += (1 - memory) ** 2 * spread
            average -= mean * mean + var
        if kind == 3:  # MAXIMUM: of the mean's pull and of the spread about it
            largest_pull = max(memory * largest_pull, k * abs(w))
            largest_noise = max(memory * largest_noise, np.sqrt(spread))
            size = largest_pull + largest_noise / response
            share = (largest_noise / response / size) ** 2
            b = 1 / size
            ratio = 1 + (step_square / (response * response) - 1) * share
        elif kind == 4:  # STEPS
            scale = (steps_square + eps) / (average + eps)
            q = (1 + (step_square - 1) * share) * scale
            steps_square = memory * steps_square + (1 - memory) * q * gradient_square
            b = (1 + (response - 1) * share) * np.sqrt(scale)
            ratio = q / (b * b)
        else:
            b = (1 + (response - 1) * share) / np.sqrt(average)
            ratio = (1 + (step_square - 1) * share) / (average * b * b)
        if inside:  # the mean of noise stays what it is, divided by the rms of the denominator
            r, ck, kick = lr * b * np.sqrt(ratio), newest * k / np.sqrt(ratio), newest * noise
        else:
            r, ck, kick = lr, b * k, b * noise * np.sqrt(ratio)
        # m' = momentum m + c (k w + noise), w' = w - r m', g' = memory g + (1 - memory) (k w + noise)
        dk, stir = (1 - memory) * k, (1 - memory) * noise
        m_w = momentum * wm + ck * ww  # Cov(m', w)
        new_mm = momentum * momentum * mm + 2 * momentum * ck * wm + ck * ck * ww + kick * kick
        m_g = momentum * mg + ck * wg  # Cov(m', g)
        m_m = memory * m_g + dk * m_w + kick * stir  # Cov(m', g')
        w_g = memory * wg + dk * ww  # Cov(w, g')
        gg = memory * memory * gg + 2 * memory * dk * wg + dk * dk * ww + stir * stir
        wm, wg, mg = m_w - r * new_mm, w_g - r * m_m, m_m
        ww = ww - 2 * r * m_w + r * r * new_mm
        mm = new_mm
        g = memory * g + dk * w
        m = momentum * m + ck * w
        w = w - r * m
        out[t + 1] = ww + w * w
    return np.sqrt(max(largest_spread / white - 1, 0.0)), at
