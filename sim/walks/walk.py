"""Many independent weights under decay and gradient noise, taken step by step.

    w <- a w - eta g,     a = 1 - eta (lam/n + curvature)

The noise g has standard deviation `noise` and autocorrelation `correlation`^k at lag k. No formula for the outcome is
used anywhere: this is what the theory is tested against. Other optimizers than plain SGD take their steps by the
written-out rules of `sim.optimizers.rule`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from sim.estimates.stationarity import burn_in_blocks
from sim.machinery.jit import announced
from sim.machinery.pool import Channel, run_all
from sim.machinery.provenance import versions
from sim.walks import kernel
from sim.walks.steps import Steps, check_optimizer, described, is_plain, optimizer_steps, sphere_walk
from theory.settings import SGD, DecayRule, InvalidArgument, Optimizer, check_range, finite, positive, whole_number

__all__ = ["walk"]

DISTRIBUTIONS = {"gaussian": kernel.fill_gaussian, "sign": kernel.fill_sign}
BLOCKS = 64
CHUNK = 512  # weights that share a stream of random numbers; noise for 64 steps of so many fits the cache
WIDE_CHUNK = 4096  # the same where NumPy takes the steps: long arrays, so that its overhead per call counts for little
PLAIN = SGD()


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
    optimizer: Optimizer = PLAIN,
    geometry: str = "line",
    dimension: int = 60,
    lags: tuple[int, ...] = (1,),
) -> xr.Dataset:
    """Let independent weights walk, and measure their mean square in the stationary state.

    Parameters
    ----------
    n, lam, eta : float
        Number of training examples in the decay term, regularisation parameter, learning rate per step.
    weights : int
        How many independent weights; their spread gives the standard error. At least 2.
    steps : int
        How many steps each takes. At least 64: the record has 64 blocks.
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
        Seeds of the streams, one for every 512 weights (4096 beyond plain SGD), are spawned from it.
    threads : int, optional
        How many chunks of weights walk at once. Default: one per core. The result does not depend on it.
    optimizer : SGD, Adam or Lion
        Whose step is taken. Default: SGD without momentum.
    geometry : {"line", "sphere"}
        "sphere": scale-invariant vectors, as before a normalisation layer. `weights` is then how many vectors, `noise`
        the gradient's standard deviation per tangent direction at unit norm, `start` (positive) the norm they start
        from; the burn-in is half of the steps unless given.
    dimension : int
        Number of weights of a vector on the sphere.
    lags : tuple of int
        Steps over which the angle that a vector turns is measured on the sphere.

    Returns
    -------
    Dataset
        `rms` and its standard error `rms_error` over `step` (64 block ends and the start), `block_mean_square` over
        `block`, and the scalars `variance`, `variance_error` (over independent weights), `burn_in` (steps). If the
        record never settles these are NaN and the attribute `stationary` is 0. On the sphere: `norm_sq`, over `lag`
        `turn` (1 - cosine of the angle), and `variance` per weight, with their errors.

    Raises
    ------
    InvalidArgument
        A setting out of range, or weights that run away.

    Examples
    --------
    >>> result = walk(100, 50.0, 0.4, weights=2000, steps=640, seed=2)
    >>> print(f"{result.variance.item():.5f} +/- {result.variance_error.item():.5f}")
    0.00443 +/- 0.00001
    """
    check_optimizer(optimizer)
    settings = _checked(n, lam, eta, weights, steps, noise, correlation, curvature, distribution, start, burn_in, seed)
    if geometry == "sphere":
        return sphere_walk(optimizer, settings, dimension, lags)
    if geometry != "line":
        raise InvalidArgument(f"geometry must be 'line' or 'sphere', got {geometry!r}.")
    plain = is_plain(optimizer)
    if plain:
        _refuse_running_away(settings)
    width = CHUNK if plain else WIDE_CHUNK
    seeds = np.random.SeedSequence(seed).spawn(-(-weights // width))
    sizes = [min(width, weights - width * chunk) for chunk in range(len(seeds))]
    with announced("the random walk"):  # here and not in the threads, so that Ctrl-C is heard
        _walk_chunk(2, seeds[0], settings | {"steps": BLOCKS}, optimizer, Channel())
    chunks = zip(sizes, seeds, strict=True)
    walks = run_all([partial(_walk_chunk, *chunk, settings, optimizer) for chunk in chunks], threads)
    mean_square = np.concatenate([chunk[0] for chunk in walks], axis=1)
    extra = {} if plain else described(optimizer)
    return _dataset(_moments(np.array(sizes), np.array([chunk[1] for chunk in walks])), mean_square, settings | extra)


def _walk_chunk(
    weights: int, seed: np.random.SeedSequence, settings: dict[str, Any], optimizer: Optimizer, channel: Channel
) -> tuple[np.ndarray, np.ndarray]:
    """Let some weights walk.

    Returns
    -------
    mean_square : ndarray, shape (blocks, weights)
        Of each weight over each block: the memory does not grow with the steps.
    spread : ndarray, shape (blocks + 1, 2)
        At the start and at every block's end: the mean of w^2, and the sum of squares about it.
    """
    fill, rho = DISTRIBUTIONS[settings["distribution"]], float(settings["correlation"])
    state = seed.generate_state(4 * kernel.LANES, np.uint64).reshape(4, kernel.LANES)
    padded = -(-weights // kernel.LANES) * kernel.LANES
    words, noise, last = np.empty(padded, np.uint64), np.empty((kernel.STEPS, padded)), np.ones(padded)
    fill(state, words, 0.0, last, noise[:1])
    last[:] = noise[0]  # the noise has been running for ever when the walk starts
    w = np.full(padded, float(settings["start"]))
    take = _plain_steps(settings) if is_plain(optimizer) else optimizer_steps(optimizer, settings, w.shape)
    length = settings["steps"] // BLOCKS
    mean_square, spread = np.empty((BLOCKS, weights)), [kernel.spread(w[:weights])]
    for block in range(BLOCKS):
        total = np.zeros(padded)
        for begin in range(0, length, kernel.STEPS):
            channel.check()
            part = noise[: length - begin]
            fill(state, words, rho, last, part)
            take(w, part, total)
        mean_square[block] = total[:weights] / length
        spread.append(kernel.spread(w[:weights]))
    return mean_square, np.array(spread)


def _plain_steps(settings: dict[str, Any]) -> Steps:
    """Return a function that takes one compiled step for every row of unit noise, adding up w^2."""
    rate, kick = _rate(settings), settings["eta"] * settings["noise"]
    return lambda w, noise, total: kernel.sgd_steps(w, noise, 1 - rate, kick, total)


def _rate(settings: dict[str, Any]) -> float:
    return float(settings["eta"] * (settings["lam"] / settings["n"] + settings["curvature"]))


def _refuse_running_away(settings: dict[str, Any]) -> None:
    rate = _rate(settings)
    if abs(1 - rate) > 1:
        raise InvalidArgument(
            f"the weights would run away: eta (lam/n + curvature) must be between 0 and 2, got {rate:g}."
        )


def _checked(
    n: float, lam: float, eta: float, weights: int, steps: int, noise: float | None, correlation: float,
    curvature: float, distribution: str, start: float, burn_in: int | None, seed: int,
) -> dict[str, Any]:  # fmt: skip
    """Refuse bad settings; return them all, the default noise filled in, for the result's attributes."""
    DecayRule(n, lam, eta)
    whole_number("weights", weights, least=2)
    whole_number("steps", steps, least=BLOCKS)
    whole_number("seed", seed, least=0)
    noise = n**-0.5 if noise is None else noise
    positive("noise", noise)
    check_range("correlation", correlation, -1, 1)
    finite("curvature", curvature)
    finite("start", start)
    if distribution not in DISTRIBUTIONS:
        raise InvalidArgument(f"distribution must be one of {', '.join(DISTRIBUTIONS)}, got {distribution!r}.")
    if burn_in is not None:
        check_range("burn_in", whole_number("burn_in", burn_in, least=0), 0, steps / 2, ends=(True, True))
    return {
        "n": n, "lam": lam, "eta": eta, "weights": weights, "steps": steps - steps % BLOCKS, "noise": noise,
        "correlation": correlation, "curvature": curvature, "distribution": distribution, "start": start,
        "given_burn_in": -1 if burn_in is None else burn_in, "seed": seed,
    }  # fmt: skip


def _moments(sizes: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return the rms over all weights and its standard error, shape (blocks + 1, 2), from the spreads of the chunks."""
    weights, (means, about) = sizes.sum(), np.moveaxis(spread, -1, 0)
    mean = sizes @ means / weights
    variance = (about.sum(axis=0) + sizes @ (means - mean) ** 2) / (weights - 1)
    rms = np.sqrt(mean)
    error = np.divide(np.sqrt(variance / weights), 2 * rms, out=np.zeros_like(rms), where=rms > 0)
    return np.stack([rms, error], axis=1)


def _dataset(moments: np.ndarray, mean_square: np.ndarray, settings: dict[str, Any]) -> xr.Dataset:
    length = settings["steps"] // BLOCKS
    blocks = mean_square.mean(axis=1)
    given = settings.pop("given_burn_in")
    left_out = burn_in_blocks(blocks) if given < 0 else -(-given // length)
    stationary = left_out is not None
    per_weight = mean_square[left_out:].mean(axis=0) if stationary else np.full(2, np.nan)
    error = per_weight.std(ddof=1) / np.sqrt(settings["weights"])
    return xr.Dataset(
        {
            "rms": ("step", moments[:, 0], {"long_name": "rms over the weights at this step"}),
            "rms_error": ("step", moments[:, 1], {"long_name": "its standard error"}),
            "block_mean_square": ("block", blocks, {"long_name": "mean of w^2 over weights and the block's steps"}),
            "variance": ((), per_weight.mean(), {"long_name": "E w^2 after the burn-in"}),
            "variance_error": ((), error, {"long_name": "its standard error"}),
            "burn_in": ((), left_out * length if stationary else np.nan, {"long_name": "steps left out"}),
        },
        {"step": np.arange(BLOCKS + 1) * length, "block": np.arange(BLOCKS)},
        settings | {"stationary": int(stationary), "burn_in_chosen": "from the data" if given < 0 else "given",
                    "versions": versions()},
    )  # fmt: skip
