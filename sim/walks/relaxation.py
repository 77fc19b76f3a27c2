"""Independent weights under an optimizer's written-out update: where they settle, and how they forget their start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.optimizers.rule import rule
from theory.settings import DecayRule, Optimizer, check_range, finite, positive, whole_number

__all__ = ["Forgetting", "Stationary", "Walkers", "forgetting", "stationary"]


@dataclass(frozen=True)
class Stationary:
    """Where independent weights settled.

    Attributes
    ----------
    variance, variance_error : float
        Mean of w^2 over weights and time, and its standard error from the spread over weights.
    relaxation_time, relaxation_time_error : float
        Steps, from the fall of the autocorrelation between `lag` and 2 `lag`; NaN if no lag was given.
    per_weight : ndarray, shape (weights,)
        Each weight's mean of w^2 over time.
    burn_in : int
        Steps left out.
    seed : int
        Of the noise.
    """

    variance: float
    variance_error: float
    relaxation_time: float
    relaxation_time_error: float
    per_weight: np.ndarray
    burn_in: int
    seed: int


def stationary(
    optimizer: Optimizer,
    n: float,
    lam: float,
    eta: float,
    *,
    noise: float | None = None,
    correlation: float = 0.0,
    curvature: float = 0.0,
    weights: int = 1000,
    steps: int = 10_000,
    burn_in: int,
    lag: int = 0,
    seed: int = 0,
) -> Stationary:
    """Let independent weights walk from zero under an optimizer, and measure their mean square.

    Parameters
    ----------
    optimizer : SGD, Adam or Lion
        Whose update is taken.
    n, lam, eta : float
        Number of training examples in the decay term, regularisation parameter, learning rate per step.
    noise, correlation, curvature : float
        Of the gradient h w + g: standard deviation of g (default 1/sqrt(n)), its AR(1) correlation, and h.
    weights, steps : int
        How many weights, and how many steps of each are measured.
    burn_in : int
        Steps before that.
    lag : int
        If positive, the autocorrelation at `lag` and 2 `lag` steps gives the relaxation time.
    seed : int
        Seed of the generator.

    Returns
    -------
    Stationary
        Means with standard errors.

    Raises
    ------
    InvalidArgument
        If a setting is out of range.

    Examples
    --------
    >>> from theory.settings import SGD
    >>> result = stationary(SGD(momentum=0.5), 100, 50.0, 0.1, weights=500, steps=500, burn_in=200, seed=1)
    >>> print(f"{result.variance:.4f} +/- {result.variance_error:.4f}")
    0.0020 +/- 0.0000
    """
    whole_number("steps", steps, least=max(1, 3 * lag))
    whole_number("burn_in", burn_in, least=0)
    whole_number("lag", lag, least=0)
    walkers = Walkers(optimizer, n, lam, eta, noise, correlation, curvature, weights, 0.0, seed)
    walkers.walk(burn_in)
    total, snapshots = np.zeros(weights), []
    for step in range(steps):
        if lag and step % lag == 0:
            snapshots.append(walkers.w.copy())
        walkers.walk(1)
        total += walkers.w**2
    per_weight = total / steps
    tau = _relaxation(np.array(snapshots), lag) if lag else (np.nan, np.nan)
    error = float(per_weight.std(ddof=1) / np.sqrt(weights))
    return Stationary(float(per_weight.mean()), error, *tau, per_weight, burn_in, seed)


def _relaxation(snapshots: np.ndarray, lag: int) -> tuple[float, float]:
    """Return lag / ln(c_1 / c_2) and its error from the spread over weights, c_k the autocovariance over k lags."""
    one = (snapshots[1:] * snapshots[:-1]).mean(axis=0)
    two = (snapshots[2:] * snapshots[:-2]).mean(axis=0)
    ratio = two.mean() / one.mean()
    error = (two - ratio * one).std(ddof=1) / np.sqrt(one.size) / abs(one.mean())
    tau = -lag / np.log(ratio)
    return float(tau), float(tau**2 / lag * error / ratio)


@dataclass(frozen=True)
class Forgetting:
    """How independent weights forgot their common start: relaxation time and standard error, in steps."""

    relaxation_time: float
    relaxation_time_error: float
    seed: int


def forgetting(
    optimizer: Optimizer,
    n: float,
    lam: float,
    eta: float,
    *,
    start: float,
    between: tuple[int, int],
    noise: float | None = None,
    correlation: float = 0.0,
    curvature: float = 0.0,
    weights: int = 1000,
    seed: int = 0,
) -> Forgetting:
    """Start all weights at `start` and measure how fast their mean falls between two steps.

    Parameters
    ----------
    optimizer, n, lam, eta, noise, correlation, curvature, weights, seed
        As in `stationary`.
    start : float
        Far above the equilibrium scale: the mean is then seen for many relaxation times.
    between : (int, int)
        The steps between which the fall is measured; before the first, faster modes die out.

    Returns
    -------
    Forgetting
        The time in which the mean falls by e; error from the spread over weights.
    """
    walkers = Walkers(optimizer, n, lam, eta, noise, correlation, curvature, weights, start, seed)
    first, last = (whole_number("between", step) for step in between)
    walkers.walk(first)
    early = walkers.w.copy()
    walkers.walk(last - first)
    fall = np.log(early.mean() / walkers.w.mean())
    spread = walkers.w / walkers.w.mean() - early / early.mean()
    tau = (last - first) / fall
    return Forgetting(float(tau), float(tau / fall * spread.std(ddof=1) / np.sqrt(weights)), seed)


class Walkers:
    """Independent weights `w`, their noise and their optimizer; the arguments are those of `stationary`."""

    def __init__(
        self, optimizer: Optimizer, n: float, lam: float, eta: float, noise: float | None, correlation: float,
        curvature: float, weights: int, start: float, seed: int,
    ) -> None:  # fmt: skip
        DecayRule(n, lam, eta)
        whole_number("weights", weights, least=2)
        check_range("correlation", correlation, -1, 1)
        finite("curvature", curvature)
        noise = n**-0.5 if noise is None else noise
        positive("noise", noise)
        self.w = np.full(weights, float(start))
        self.curvature = curvature
        self.rule = rule(optimizer, lam / n, eta, self.w.shape)
        self.draws = _noise(noise, correlation, weights, np.random.default_rng(seed))

    def walk(self, steps: int) -> None:
        """Take `steps` steps."""
        for _ in range(steps):
            gradient = next(self.draws)
            self.rule.step(self.w, gradient + self.curvature * self.w if self.curvature else gradient)


def _noise(size: float, correlation: float, weights: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield the gradient noise of each step; it has been running for ever when the walk starts."""
    fresh = size * np.sqrt(1 - correlation**2)
    g = size * rng.standard_normal(weights)
    while True:
        yield g
        g = (
            correlation * g + fresh * rng.standard_normal(weights)
            if correlation
            else size * rng.standard_normal(weights)
        )
