"""Scale-invariant weight vectors: a gradient that has no part along the weights and falls with their norm.

A layer followed by normalisation does not feel the length of its weight vector, so its gradient is tangent to the
sphere and goes as 1/norm. Here it is nothing but noise: Gaussian in the tangent space. Vectors are independent; no
formula for the outcome is used anywhere.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import xarray as xr

from sim.estimates.spread import mean_and_error
from sim.optimizers.rule import Rule
from sim.walks.settings import BLOCKS, PLAIN, SphereSettings

__all__ = ["Vectors", "sphere"]


def sphere(
    n: float,
    lam: float,
    eta: float,
    *,
    dimension: int,
    grad_sq: float = 1.0,
    vectors: int = 200,
    steps: int = 2000,
    lags: tuple[int, ...] = (1,),
    start: float = 1.0,
    burn_in: int | None = None,
    seed: int = 0,
    optimizer: object = PLAIN,
) -> xr.Dataset:
    """Let independent scale-invariant vectors turn, and measure their norm and how far they turn.

    Parameters
    ----------
    n, lam, eta : float
        Number of training examples in the decay term, regularisation parameter, learning rate per step.
    dimension : int
        Number of weights of a vector.
    grad_sq : float
        Mean square of the gradient's norm at unit norm of the weights.
    vectors : int
        How many independent vectors; their spread gives the standard errors. At least 2.
    steps : int
        How many steps each takes. At least 64: the record has 64 blocks.
    lags : tuple of int
        Over how many steps the angle is measured; at most a quarter of all.
    start : float
        Norm at the start.
    burn_in : int, optional
        Steps left out of the averages, rounded up to whole blocks; at most half. Default: chosen from the norms.
    seed : int
        Seed of the generator.
    optimizer : any of `theory` that steps each weight by itself, or any registered with `sim.rule_of`
        Whose step is taken. Default: SGD without momentum.

    Returns
    -------
    Dataset
        The scalars `norm_sq` (E ||w||^2), `norm` (E ||w||), `norm_spread` (variance of ||w||^2 over the square of its
        mean), and over `lag` `turn` (mean of 1 - cosine of the angle turned in so many steps) and `angle`, each with
        its standard error over vectors, `_error`; `burn_in` (steps); `block_norm_sq` over `block`. If the norms never
        settle they are NaN and the attribute `stationary` is 0.

    Raises
    ------
    InvalidArgument
        A setting out of range, an optimizer without an update, or weights that run away.

    Examples
    --------
    >>> result = sphere(100, 10.0, 0.5, dimension=30, vectors=50, steps=640)
    >>> print(f"{result.turn.item():.3f}, {result.burn_in.item():.0f} steps left out")
    0.050, 40 steps left out
    """
    settings = SphereSettings(
        n, lam, eta, dimension=dimension, grad_sq=grad_sq, vectors=vectors, steps=steps, lags=lags, start=start,
        burn_in=burn_in, seed=seed, optimizer=optimizer,
    )  # fmt: skip
    return _dataset(Vectors(settings).record(settings), settings)


@dataclass(frozen=True)
class Record:
    """Sums over the steps of each block.

    Attributes
    ----------
    norms : ndarray, shape (3, blocks, vectors)
        Of ||w||, ||w||^2 and ||w||^4 after each step.
    turn : ndarray, shape (2, lags, blocks, vectors)
        Of 1 - cosine of the angle turned in `lag` steps, and of the angle; a pair of directions belongs to the block of
        the first.
    pairs : ndarray, shape (lags, blocks)
        How many pairs these are.
    """

    norms: np.ndarray
    turn: np.ndarray
    pairs: np.ndarray


class Vectors:
    """Scale-invariant vectors `w`, shape (vectors, dimension), their noise and the `rule` that moves them."""

    def __init__(self, settings: SphereSettings) -> None:
        self.rng = np.random.default_rng(settings.seed)
        self.w = self.rng.standard_normal((settings.vectors, settings.dimension))
        self.w *= settings.start / np.linalg.norm(self.w, axis=1, keepdims=True)
        self.size = np.sqrt(settings.grad_sq / (settings.dimension - 1))
        self.rule = settings.rule(self.w.shape)

    def noise(self) -> np.ndarray:
        """Return what the next gradient is made of: Gaussian in all directions, at unit norm."""
        return self.size * self.rng.standard_normal(self.w.shape)

    def step(self) -> None:
        """Take a step."""
        step(self.rule, self.w, self.noise())

    @np.errstate(over="ignore", invalid="ignore")
    def record(self, settings: SphereSettings) -> Record:
        """Take all steps of the settings and record them."""
        lags, length = settings.lags, settings.length
        norms = np.zeros((3, BLOCKS, settings.vectors))
        turn, pairs = np.zeros((2, len(lags), BLOCKS, settings.vectors)), np.zeros((len(lags), BLOCKS))
        past = deque([self.w / np.sqrt(norm_sq(self.w))[:, None]], maxlen=max(lags))
        for taken in range(1, settings.steps + 1):
            self.step()
            now_sq = norm_sq(self.w)
            now = np.sqrt(now_sq)
            norms[:, (taken - 1) // length] += now, now_sq, now_sq**2
            direction = self.w / now[:, None]
            for i, lag in enumerate(lags):
                if lag <= len(past):
                    block = (taken - lag) // length
                    square = ((direction - past[-lag]) ** 2).sum(axis=1)  # of the chord: nothing cancels
                    turn[:, i, block] += square / 2, 2 * np.arcsin(np.sqrt(square) / 2)
                    pairs[i, block] += 1
            past.append(direction)
            if taken % length == 0:
                settings.check_finite(now_sq)
        return Record(norms, turn, pairs)


def step(rule: Rule, w: np.ndarray, noise: np.ndarray) -> None:
    """Take the noise's part along each vector out, divide by the norm, and step along the rest."""
    square = norm_sq(w)
    along = np.einsum("vc,vc->v", w, noise) / square
    rule.step(w, (noise - along[:, None] * w) / np.sqrt(square)[:, None])


def norm_sq(w: np.ndarray) -> np.ndarray:
    """Return ||w||^2 of each vector."""
    return np.einsum("vc,vc->v", w, w)


def _dataset(record: Record, settings: SphereSettings) -> xr.Dataset:
    blocks = record.norms[1].mean(axis=1) / settings.length
    left_out = settings.left_out(blocks)
    names = ("norm_sq", "norm", "norm_spread", "turn", "angle")
    if left_out is None:
        nothing = np.full(len(settings.lags), np.nan)
        found = [(np.nan, np.nan)] * 3 + [(nothing, nothing)] * 2
    else:
        steps = settings.steps - left_out * settings.length
        norm, square, fourth = record.norms[:, left_out:].sum(axis=1) / steps
        turned = record.turn[:, :, left_out:].sum(axis=2) / record.pairs[:, left_out:].sum(axis=1)[:, None]
        found = [mean_and_error(square), mean_and_error(norm), _spread(square, fourth)]
        found += [mean_and_error(each, axis=1) for each in turned]
    told = {
        "norm_sq": "E ||w||^2 of a vector",
        "norm": "E ||w|| of a vector",
        "norm_spread": "variance of ||w||^2 over the square of its mean",
        "turn": "mean of 1 - cosine of the angle turned in so many steps",
        "angle": "mean of that angle, in radians",
    }
    variables: dict[str, tuple[object, ...]] = {
        "block_norm_sq": ("block", blocks, {"long_name": "mean of ||w||^2 over vectors and the block's steps"})
    }
    for name, (value, error) in zip(names, found, strict=True):
        dims = ("lag",) if name in ("turn", "angle") else ()
        variables[name] = (dims, value, {"long_name": told[name]})
        variables[f"{name}_error"] = (dims, error, {"long_name": "its standard error"})
    variables["burn_in"] = ((), settings.burn_in_steps(left_out), {"long_name": "steps left out"})
    coordinates = {"lag": list(settings.lags), "block": np.arange(BLOCKS)}
    return xr.Dataset(variables, coordinates, settings.attributes(left_out))


def _spread(square: np.ndarray, fourth: np.ndarray) -> tuple[float, float]:
    """Return var(s)/mean(s)^2 of s = ||w||^2 from each vector's means of s and s^2, and the error to first order."""
    mean, mean_sq = square.mean(), fourth.mean()
    ratio = mean_sq / mean**2
    _, error = mean_and_error((fourth - 2 * ratio * mean * square) / mean**2)
    return float(ratio - 1), error
