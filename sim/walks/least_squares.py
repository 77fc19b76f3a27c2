"""Minibatch least squares on fresh Gaussian inputs: many independent runs, step by step.

Every step draws a new minibatch of m inputs x ~ N(0, 1) in d dimensions and targets <w_teacher, x> + residual, and
takes the optimizer's step along the minibatch's mean gradient of half the squared error. No formula for the outcome is
used anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.optimizers.rule import rule
from theory.settings import DecayRule, Optimizer, non_negative, positive, whole_number

__all__ = ["LeastSquares", "least_squares"]


@dataclass(frozen=True)
class LeastSquares:
    """Second moments of minibatch least squares: mean over runs and time, `errors` from the spread over runs.

    Attributes
    ----------
    weight_sq, error_sq, alignment, grad_sq : float
        Means of ||w||^2, ||w - w_teacher||^2, <w, g> and ||g||^2, g the minibatch gradient without decay.
    errors : dict
        Their standard errors by name.
    trace : ndarray, shape (burn_in + steps,)
        Mean of ||w||^2 over the runs before every step.
    """

    weight_sq: float
    error_sq: float
    alignment: float
    grad_sq: float
    errors: dict[str, float]
    trace: np.ndarray


def least_squares(
    optimizer: Optimizer,
    n: float,
    lam: float,
    eta: float,
    *,
    dimension: int,
    batch_size: int,
    teacher_sq: float = 0.0,
    residual: float = 1.0,
    runs: int = 1000,
    steps: int = 1000,
    burn_in: int,
    seed: int = 0,
) -> LeastSquares:
    """Run minibatch least squares many times from zero weights, and measure its stationary second moments.

    Parameters
    ----------
    optimizer : SGD, Adam or Lion
        Whose update is taken.
    n, lam, eta : float
        Number of training examples in the decay term, regularisation parameter, learning rate per step.
    dimension, batch_size : int
        Number of inputs, and of examples per step.
    teacher_sq, residual : float
        Squared norm of the teacher's weights, and standard deviation of what it leaves unexplained.
    runs, steps, burn_in : int
        Independent runs; steps measured, and steps before that.
    seed : int
        Seed of the generator.

    Returns
    -------
    LeastSquares
        Means with standard errors.

    Raises
    ------
    InvalidArgument
        If a setting is out of range.

    Examples
    --------
    >>> from theory.settings import SGD
    >>> result = least_squares(SGD(), 100, 10.0, 0.1, dimension=3, batch_size=4, runs=200, steps=100, burn_in=50)
    >>> print(f"{result.weight_sq:.2f}")
    0.04
    """
    DecayRule(n, lam, eta)
    d, m = whole_number("dimension", dimension), whole_number("batch_size", batch_size)
    whole_number("runs", runs, least=2)
    whole_number("steps", steps)
    non_negative("teacher_sq", teacher_sq)
    positive("residual", residual)
    rng = np.random.default_rng(seed)
    teacher = np.full(d, np.sqrt(teacher_sq / d))
    w = np.zeros((runs, d))
    update = rule(optimizer, lam / n, eta, w.shape)
    trace = np.empty(whole_number("burn_in", burn_in, least=0) + steps)
    sums = np.zeros((4, runs))
    for step in range(len(trace)):
        x = rng.standard_normal((runs, m, d))
        miss = np.einsum("rmd,rd->rm", x, w - teacher) - residual * rng.standard_normal((runs, m))
        gradient = np.einsum("rm,rmd->rd", miss, x) / m
        weight_sq = (w**2).sum(axis=1)
        trace[step] = weight_sq.mean()
        if step >= burn_in:
            away = ((w - teacher) ** 2).sum(axis=1)
            sums += [weight_sq, away, (w * gradient).sum(axis=1), (gradient**2).sum(axis=1)]
        update.step(w, gradient)
    per_run = sums / steps
    names = ("weight_sq", "error_sq", "alignment", "grad_sq")
    errors = dict(zip(names, (per_run.std(axis=1, ddof=1) / np.sqrt(runs)).tolist(), strict=True))
    weight_sq, error_sq, alignment, grad_sq = per_run.mean(axis=1).tolist()
    return LeastSquares(weight_sq, error_sq, alignment, grad_sq, errors, trace)
