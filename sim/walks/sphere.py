"""Scale-invariant weight vectors: a gradient that has no part along the weights and falls with their norm.

A layer followed by normalisation does not feel the length of its weight vector, so its gradient is tangent to the
sphere and goes as 1/norm. Here it is nothing but noise: Gaussian in the tangent space. Vectors are independent; no
formula for the outcome is used anywhere.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from sim.optimizers.rule import Rule, rule
from theory.settings import DecayRule, Optimizer, finite, positive, whole_number

__all__ = ["Kick", "Sphere", "kick", "sphere"]


@dataclass(frozen=True)
class Sphere:
    """Norm and rotation of scale-invariant vectors; `_error` is the standard error from the spread over vectors.

    Attributes
    ----------
    norm_sq, norm : float
        Means of ||w||^2 and ||w|| over vectors and time.
    norm_spread : float
        Variance of ||w||^2 over the square of its mean.
    lags : tuple of int
        Steps between the two directions compared.
    turn, turn_error : ndarray, shape (lags,)
        Mean of 1 - cosine of the angle turned in each lag.
    burn_in, seed : int
        Steps left out; seed of the noise.
    """

    norm_sq: float
    norm_sq_error: float
    norm: float
    norm_error: float
    norm_spread: float
    lags: tuple[int, ...]
    turn: np.ndarray
    turn_error: np.ndarray
    burn_in: int
    seed: int


class _Vectors:
    """Scale-invariant vectors under an optimizer."""

    def __init__(
        self, optimizer: Optimizer, n: float, lam: float, eta: float, dimension: int, grad_sq: float, vectors: int,
        start: float, seed: int,
    ) -> None:  # fmt: skip
        DecayRule(n, lam, eta)
        whole_number("dimension", dimension, least=2)
        whole_number("vectors", vectors, least=2)
        positive("grad_sq", grad_sq)
        positive("start", start)
        self.rng = np.random.default_rng(seed)
        self.w = self.rng.standard_normal((vectors, dimension))
        self.w *= start / np.linalg.norm(self.w, axis=1, keepdims=True)
        self.size = np.sqrt(grad_sq / (dimension - 1))
        self.rule = rule(optimizer, lam / n, eta, self.w.shape)

    def norm_sq(self) -> np.ndarray:
        return np.einsum("vc,vc->v", self.w, self.w)

    def walk(self) -> None:
        _step(self.rule, self.w, self.size * self.rng.standard_normal(self.w.shape))


def _step(rule: Rule, w: np.ndarray, noise: np.ndarray) -> None:
    """Take the noise's part along each vector out, divide by the norm, and step along the rest."""
    norm_sq = np.einsum("vc,vc->v", w, w)
    along = np.einsum("vc,vc->v", w, noise) / norm_sq
    rule.step(w, (noise - along[:, None] * w) / np.sqrt(norm_sq)[:, None])


def sphere(
    optimizer: Optimizer,
    n: float,
    lam: float,
    eta: float,
    *,
    dimension: int,
    grad_sq: float = 1.0,
    vectors: int = 200,
    steps: int = 1000,
    burn_in: int,
    lags: tuple[int, ...] = (1,),
    start: float = 1.0,
    seed: int = 0,
) -> Sphere:
    """Let independent scale-invariant vectors turn, and measure their norm and how far they turn.

    Parameters
    ----------
    optimizer : SGD, Adam or Lion
        Whose update is taken.
    n, lam, eta : float
        Number of training examples in the decay term, regularisation parameter, learning rate per step.
    dimension : int
        Number of weights of a vector.
    grad_sq : float
        Mean square of the gradient's norm at unit norm of the weights.
    vectors, steps, burn_in : int
        How many vectors; steps measured, and steps before that.
    lags : tuple of int
        Over how many steps the angle is measured.
    start : float
        Norm at the start.
    seed : int
        Seed of the generator.

    Returns
    -------
    Sphere
        Means with standard errors.

    Raises
    ------
    InvalidArgument
        If a setting is out of range.

    Examples
    --------
    >>> from theory.settings import SGD
    >>> result = sphere(SGD(), 100, 10.0, 0.5, dimension=30, vectors=50, steps=100, burn_in=100)
    >>> print(f"{result.turn[0]:.3f}")
    0.050
    """
    lags = tuple(whole_number("lags", lag) for lag in lags)
    whole_number("steps", steps)
    many = _Vectors(optimizer, n, lam, eta, dimension, grad_sq, vectors, start, seed)
    for _ in range(whole_number("burn_in", burn_in, least=0)):
        many.walk()
    past = [many.w / np.sqrt(many.norm_sq())[:, None]]  # directions, as far back as the longest lag
    norms = np.empty((steps, vectors))
    turn, counted = np.zeros((len(lags), vectors)), np.zeros(len(lags))
    for step in range(steps):
        many.walk()
        norms[step] = many.norm_sq()
        now = many.w / np.sqrt(norms[step])[:, None]
        for i, lag in enumerate(lags):
            if lag <= len(past):
                turn[i] += ((now - past[-lag]) ** 2).sum(axis=1) / 2  # 1 - cosine, without cancellation
                counted[i] += 1
        past = [*past[-max(lags) + 1 :], now] if max(lags) > 1 else [now]
    turn /= counted[:, None]
    norm_sq, norm = norms.mean(axis=0), np.sqrt(norms).mean(axis=0)
    return Sphere(
        *_mean(norm_sq), *_mean(norm), float(norms.var() / norms.mean() ** 2), lags,
        turn.mean(axis=1), turn.std(axis=1, ddof=1) / np.sqrt(vectors), burn_in, seed,
    )  # fmt: skip


def _mean(per_vector: np.ndarray) -> tuple[float, float]:
    return float(per_vector.mean()), float(per_vector.std(ddof=1) / np.sqrt(per_vector.size))


@dataclass(frozen=True)
class Kick:
    """How vectors that were lengthened came back to their twins that were not.

    Attributes
    ----------
    step : ndarray, shape (steps + 1,)
        Steps since the kick.
    response, response_error : ndarray, shape (steps + 1,)
        Mean over vectors of ln ||w||^2 (kicked) - ln ||w||^2 (not), both under the same noise.
    relaxation_time, relaxation_time_error : float
        From the response's fall over the second half of the record.
    """

    step: np.ndarray
    response: np.ndarray
    response_error: np.ndarray
    relaxation_time: float
    relaxation_time_error: float


def kick(
    optimizer: Optimizer,
    n: float,
    lam: float,
    eta: float,
    *,
    dimension: int,
    grad_sq: float = 1.0,
    vectors: int = 200,
    steps: int = 200,
    burn_in: int,
    by: float = 0.05,
    start: float = 1.0,
    seed: int = 0,
) -> Kick:
    """Lengthen settled vectors by the fraction `by` and compare them with twins under the same noise.

    Parameters
    ----------
    optimizer, n, lam, eta, dimension, grad_sq, vectors, burn_in, start, seed
        As in `sphere`.
    steps : int
        Steps after the kick.
    by : float
        Small, so that the response is linear.

    Returns
    -------
    Kick
        The response at every step.
    """
    finite("by", by)
    whole_number("steps", steps, least=2)
    many = _Vectors(optimizer, n, lam, eta, dimension, grad_sq, vectors, start, seed)
    for _ in range(whole_number("burn_in", burn_in, least=0)):
        many.walk()
    twin = many.w * (1 + by)
    twin_rule = copy.deepcopy(many.rule)
    response = np.empty((steps + 1, vectors))
    for step in range(steps + 1):
        response[step] = np.log(np.einsum("vc,vc->v", twin, twin) / many.norm_sq())
        noise = many.size * many.rng.standard_normal(many.w.shape)
        _step(many.rule, many.w, noise)
        _step(twin_rule, twin, noise)
    mean = response.mean(axis=1)
    half = steps // 2
    fall = np.log(mean[half] / mean[-1])
    tau = (steps - half) / fall
    spread = response[half] / mean[half] - response[-1] / mean[-1]
    error = tau / fall * spread.std(ddof=1) / np.sqrt(vectors)
    return Kick(np.arange(steps + 1), mean, response.std(axis=1, ddof=1) / np.sqrt(vectors), float(tau), float(error))
