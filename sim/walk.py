"""Many independent weights under decay and gradient noise, taken step by step.

    w <- a w - eta g,     a = 1 - eta (lam/n + curvature)

The noise g has standard deviation `noise` and autocorrelation `correlation`^k at lag k. No formula for the outcome is
used anywhere: this is what the theory is tested against.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from sim.provenance import versions
from sim.stationarity import burn_in_blocks
from theory.settings import DecayRule, InvalidArgument, check_range, finite, positive, whole_number

__all__ = ["walk"]

DISTRIBUTIONS = ("gaussian", "sign")
BLOCKS = 64


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
        Seed of the generator.

    Returns
    -------
    Dataset
        `rms` and its standard error `rms_error` over `step` (64 block ends and the start), `block_mean_square` over
        `block`, and the scalars `variance`, `variance_error` (over independent weights), `burn_in` (steps). If the
        record never settles these are NaN and the attribute `stationary` is 0.

    Raises
    ------
    InvalidArgument
        A setting out of range.

    Examples
    --------
    >>> result = walk(100, 50.0, 0.4, weights=2000, steps=640, seed=1)
    >>> print(f"{result.variance.item():.4f} +/- {result.variance_error.item():.4f}")
    0.0044 +/- 0.0000
    """
    settings = _checked(n, lam, eta, weights, steps, noise, correlation, curvature, distribution, start, burn_in, seed)
    shrink = 1 - eta * (lam / n + curvature)
    draws = _noise(settings["noise"], correlation, distribution, weights, np.random.default_rng(seed))
    length = steps // BLOCKS
    w = np.full(weights, float(start))
    mean_square = np.empty((BLOCKS, weights))  # of each weight over each block: the memory does not grow with steps
    moments = [_moments(w)]
    for block in range(BLOCKS):
        total = np.zeros(weights)
        for _ in range(length):
            w *= shrink
            w -= eta * next(draws)
            total += w**2
        mean_square[block] = total / length
        moments.append(_moments(w))
    return _dataset(np.array(moments), mean_square, settings)


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
    rate = eta * (lam / n + curvature)
    if abs(1 - rate) > 1:
        raise InvalidArgument(
            f"the weights would run away: eta (lam/n + curvature) must be between 0 and 2, got {rate:g}."
        )
    if burn_in is not None:
        check_range("burn_in", whole_number("burn_in", burn_in, least=0), 0, steps / 2, ends=(True, True))
    return {
        "n": n, "lam": lam, "eta": eta, "weights": weights, "steps": steps - steps % BLOCKS, "noise": noise,
        "correlation": correlation, "curvature": curvature, "distribution": distribution, "start": start,
        "given_burn_in": -1 if burn_in is None else burn_in, "seed": seed,
    }  # fmt: skip


def _noise(
    size: float, correlation: float, distribution: str, weights: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield the gradient noise of each step; it has been running for ever when the walk starts."""
    g: np.ndarray
    if distribution == "gaussian":
        g = size * rng.standard_normal(weights)
        fresh = size * np.sqrt(1 - correlation**2)
        while True:
            yield g
            g = correlation * g + fresh * rng.standard_normal(weights)
    else:
        g = size * (2.0 * rng.integers(0, 2, weights) - 1)
        while True:
            yield g
            g = np.where(rng.random(weights) < (1 + correlation) / 2, g, -g)


def _moments(w: np.ndarray) -> tuple[float, float]:
    """Return the rms over the weights and its standard error."""
    square = w**2
    rms = float(np.sqrt(square.mean()))
    return rms, float(square.std(ddof=1) / np.sqrt(len(w)) / (2 * rms)) if rms else 0.0


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
