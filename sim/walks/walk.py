"""Many independent weights under decay and gradient noise, taken step by step.

    w <- a w - eta g,     a = 1 - eta (lam/n + curvature)

The noise g has standard deviation `noise` and autocorrelation `correlation`^k at lag k. No formula for the outcome is
used anywhere: this is what the theory is tested against. Other optimizers than plain SGD take their steps by the
written-out rules of `sim.optimizers`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count

import numpy as np
import xarray as xr

from sim.estimates.spread import mean_and_error
from sim.machinery.jit import announced
from sim.machinery.pool import Channel, run_all
from sim.walks import kernel
from sim.walks.settings import BLOCKS, PLAIN, WalkSettings
from sim.walks.steps import Noise, steps_of

__all__ = ["walk"]

CHUNK = 512  # weights that share a stream of random numbers; noise for 64 steps of so many fits the cache
WIDE_CHUNK = 4096  # the same where NumPy takes the steps: long arrays, so that its overhead per call counts for little


def walk(
    n: float,
    lam: float,
    eta: float,
    *,
    weights: int = 1000,
    steps: int = 10_000,
    noise: float | None = None,
    correlation: float = 0.0,
    curvature: float = 0.0,
    distribution: str = "gaussian",
    start: float = 0.0,
    burn_in: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    optimizer: object = PLAIN,
    schedule: object = None,
    decay_schedule: object = None,
    shape: tuple[int, ...] | None = None,
    average: bool = False,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Let independent weights walk, and measure their mean square in the stationary state or along a schedule.

    Parameters
    ----------
    n, lam, eta : float
        Number of training examples in the decay term, regularisation parameter, learning rate per step (under a
        schedule its peak's).
    weights : int
        How many independent weights, or matrices if they have a `shape`; their spread gives the standard error. At
        least 2.
    steps : int
        How many steps each takes. At least 64: the record has 64 blocks. Under a schedule a multiple of 64.
    noise : float, optional
        Standard deviation of the gradient noise per weight. Default 1/sqrt(n).
    correlation : float
        Autocorrelation of the noise from one step to the next, between -1 and 1.
    curvature : float
        Second derivative of the cost in the weight.
    distribution : {"gaussian", "sign"}
        Gaussian noise (AR(1)), or noise of +-`noise` that keeps its sign with probability (1 + correlation)/2.
    start : float
        Where every weight starts.
    burn_in : int, optional
        Steps left out of the average, rounded up to whole blocks; at most half of them. Default: chosen from the data.
    seed : int
        Seeds of the streams, one for every 512 weights (4096 beyond plain SGD at a held rate), are spawned from it.
    threads : int, optional
        How many chunks of weights walk at once. Default: one per core. The result does not depend on it.
    optimizer : theory.SGD, AdamW, Muon and the others, or any that is registered with `sim.rule_of`
        Whose step is taken. Default: SGD without momentum.
    schedule, decay_schedule : Schedule, str or array, optional
        Factors of eta, and of lam/n, at every step: one of `theory.schedules`, its name, or one number a step. Decay
        per step is their product.
    shape : (int, int), optional
        (rows, columns) of matrices, each of whose weights has the noise; (length,) of vectors. Muon and Adafactor need
        it: a weight's step depends on the others of its matrix. The record is the mean over each matrix, per weight.
    average : bool
        Record the average of the weights that the optimizer keeps (ASGD's ax, x of schedule-free).
    progress : callable, optional
        Called with the share of the work that is done, from 0 to 1.

    Returns
    -------
    Dataset
        `rms` and its standard error `rms_error` over `step` (64 block ends and the start), `block_mean_square` over
        `block`, and the scalars `variance`, `variance_error` (over independent weights), `burn_in` (steps). If the
        record never settles, and always under a schedule, these are NaN and the attribute `stationary` is 0. Under a
        schedule also `learning_rate` and `weight_decay` over `update`, the rates of every step.

    Raises
    ------
    InvalidArgument
        A setting out of range, an optimizer without an update, or weights that run away.

    Examples
    --------
    >>> result = walk(100, 50.0, 0.4, weights=2000, steps=640, seed=2)
    >>> print(f"{result.variance.item():.5f} +/- {result.variance_error.item():.5f}")
    0.00443 +/- 0.00001
    >>> result = walk(100, 50.0, 0.4, weights=2000, steps=640, seed=2, schedule="cosine")
    >>> print(f"{result.rms[-1].item():.4f} +/- {result.rms_error[-1].item():.4f}")
    0.0160 +/- 0.0003
    """
    settings = WalkSettings(
        n, lam, eta, weights=weights, steps=steps, noise=noise, correlation=correlation, curvature=curvature,
        distribution=distribution, start=start, burn_in=burn_in, seed=seed, optimizer=optimizer, schedule=schedule,
        decay_schedule=decay_schedule, shape=shape, average=average,
    )  # fmt: skip
    width = CHUNK if settings.compiled else max(1, WIDE_CHUNK // math.prod(settings.shape or ()))
    seeds = np.random.SeedSequence(seed).spawn(-(-weights // width))
    sizes = [min(width, weights - width * chunk) for chunk in range(len(seeds))]
    with announced("the random walk"):  # here and not in the threads, so that Ctrl-C is heard
        still = np.zeros(BLOCKS) if settings.scheduled else None
        trial = replace(settings, steps=BLOCKS, burn_in=None, schedule=still, decay_schedule=None)
        _walk_chunk(2, seeds[0], trial, Channel())
    chunks = zip(sizes, seeds, strict=True)
    done = count(1)

    def listen(_: object) -> None:
        if progress is not None:
            progress(next(done) / (BLOCKS * len(sizes)))

    walks = run_all([partial(_walk_chunk, *chunk, settings) for chunk in chunks], threads, listen)
    mean_square = np.concatenate([chunk[0] for chunk in walks], axis=1)
    return _dataset(_moments(np.array(sizes), np.array([chunk[1] for chunk in walks])), mean_square, settings)


def _walk_chunk(
    weights: int, seed: np.random.SeedSequence, settings: WalkSettings, channel: Channel
) -> tuple[np.ndarray, np.ndarray]:
    """Let some weights (or matrices) walk.

    Returns
    -------
    mean_square : ndarray, shape (blocks, weights)
        Of each weight (matrix) over each block: the memory does not grow with the steps.
    spread : ndarray, shape (blocks + 1, 2)
        At the start and at every block's end: the mean of w^2, and the sum of squares about it.
    """
    noise = Noise(settings, weights * math.prod(settings.shape or ()), seed)
    w = np.full((weights, *settings.shape) if settings.shape else noise.padded, float(settings.start))
    seen = w.copy() if settings.average else w
    take = steps_of(settings, w.shape, seen if settings.average else None)
    mean_square, spread = np.empty((BLOCKS, weights)), [kernel.spread(_size(seen)[:weights])]
    for block in range(BLOCKS):
        total = np.zeros(w.shape)
        for begin in range(0, settings.length, kernel.STEPS):
            channel.check()
            take(w, noise.next(settings.length - begin), total)
        mean_square[block] = _over_each(total)[:weights] / settings.length
        spread.append(kernel.spread(_size(seen)[:weights]))
        channel.tell(None)  # one more block is done
    return mean_square, np.array(spread)


def _over_each(values: np.ndarray) -> np.ndarray:
    """Return the mean over each matrix; of weights that form none, themselves."""
    return values if values.ndim == 1 else np.asarray(values.mean(axis=(1, 2)))


def _size(w: np.ndarray) -> np.ndarray:
    """Return the rms of each matrix; of weights that form none, themselves."""
    return w if w.ndim == 1 else np.sqrt(_over_each(w * w))


def _moments(sizes: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return the rms over all weights and its standard error, shape (blocks + 1, 2), from the spreads of the chunks."""
    weights, (means, about) = sizes.sum(), np.moveaxis(spread, -1, 0)
    mean = sizes @ means / weights
    variance = (about.sum(axis=0) + sizes @ (means - mean) ** 2) / (weights - 1)
    rms = np.sqrt(mean)
    error = np.divide(np.sqrt(variance / weights), 2 * rms, out=np.zeros_like(rms), where=rms > 0)
    return np.stack([rms, error], axis=1)


def _dataset(moments: np.ndarray, mean_square: np.ndarray, settings: WalkSettings) -> xr.Dataset:
    blocks, length = mean_square.mean(axis=1), settings.length
    left_out, variance, error = settings.left_out(blocks), np.nan, np.nan
    if left_out is not None:
        variance, error = mean_and_error(mean_square[left_out:].mean(axis=0))
    rates = {} if settings.rates is None else {
        "learning_rate": ("update", settings.rates.eta, {"long_name": "learning rate of this step"}),
        "weight_decay": ("update", settings.rates.decay, {"long_name": "lam/n of this step"}),
    }  # fmt: skip
    return xr.Dataset(
        {
            "rms": ("step", moments[:, 0], {"long_name": "rms over the weights at this step"}),
            "rms_error": ("step", moments[:, 1], {"long_name": "its standard error"}),
            "block_mean_square": ("block", blocks, {"long_name": "mean of w^2 over weights and the block's steps"}),
            "variance": ((), variance, {"long_name": "E w^2 after the burn-in"}),
            "variance_error": ((), error, {"long_name": "its standard error"}),
            "burn_in": ((), settings.burn_in_steps(left_out), {"long_name": "steps left out"}),
            **rates,
        },
        {"step": np.arange(BLOCKS + 1) * length, "block": np.arange(BLOCKS)},
        settings.attributes(left_out),
    )
