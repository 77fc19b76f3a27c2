"""Minibatch least squares on fresh Gaussian inputs: many independent runs, step by step.

Every step draws a new minibatch of m inputs x ~ N(0, 1) in d dimensions and targets <w_teacher, x> + residual, and
takes the optimizer's step along the minibatch's mean gradient of half the squared error. No formula for the outcome is
used anywhere.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from sim.estimates.spread import mean_and_error
from sim.walks.settings import BLOCKS, PLAIN, LeastSquaresSettings

__all__ = ["least_squares"]

MOMENTS = {
    "weight_sq": "E ||w||^2",
    "error_sq": "E ||w - w_teacher||^2",
    "alignment": "E <w, g>",
    "grad_sq": "E ||g||^2",
}


def least_squares(
    n: float,
    lam: float,
    eta: float,
    *,
    dimension: int,
    batch_size: int,
    teacher_sq: float = 0.0,
    residual: float = 1.0,
    runs: int = 1000,
    steps: int = 2000,
    burn_in: int | None = None,
    seed: int = 0,
    optimizer: object = PLAIN,
) -> xr.Dataset:
    """Run minibatch least squares many times from zero weights, and measure its stationary second moments.

    Parameters
    ----------
    n, lam, eta : float
        Number of training examples in the decay term, regularisation parameter, learning rate per step.
    dimension, batch_size : int
        Number of inputs, and of examples per step.
    teacher_sq, residual : float
        Squared norm of the teacher's weights, and standard deviation of what it leaves unexplained.
    runs : int
        How many independent runs; their spread gives the standard errors. At least 2.
    steps : int
        How many steps each takes. At least 64: the record has 64 blocks.
    burn_in : int, optional
        Steps left out of the averages, rounded up to whole blocks; at most half. Default: chosen from ||w||^2.
    seed : int
        Seed of the generator.
    optimizer : any of `theory` that steps each weight by itself, or any registered with `sim.rule_of`
        Whose step is taken. Default: SGD without momentum.

    Returns
    -------
    Dataset
        `weight_sq`, `error_sq`, `alignment` and `grad_sq`: means of ||w||^2, ||w - w_teacher||^2, <w, g> and ||g||^2
        over runs and time, g the minibatch gradient without decay, each with its standard error over runs, `_error`;
        `burn_in` (steps). If ||w||^2 never settles they are NaN and the attribute `stationary` is 0. `path` and
        `path_error` over `moment` and `step`: the same means over the runs before each step.

    Raises
    ------
    InvalidArgument
        A setting out of range, an optimizer without an update, or weights that run away.

    Examples
    --------
    >>> result = least_squares(100, 10.0, 0.1, dimension=3, batch_size=4, runs=200, steps=192)
    >>> print(f"{result.weight_sq.item():.2f} +/- {result.weight_sq_error.item():.2f}")
    0.04 +/- 0.00
    """
    settings = LeastSquaresSettings(
        n, lam, eta, dimension=dimension, batch_size=batch_size, teacher_sq=teacher_sq, residual=residual, runs=runs,
        steps=steps, burn_in=burn_in, seed=seed, optimizer=optimizer,
    )  # fmt: skip
    with np.errstate(over="ignore", invalid="ignore"):
        return _dataset(*_run(settings), settings)


def _run(settings: LeastSquaresSettings) -> tuple[np.ndarray, np.ndarray]:
    """Take all steps.

    Returns
    -------
    per_run : ndarray, shape (moments, blocks, runs)
        Mean of each moment over each block.
    path : ndarray, shape (2, moments, steps)
        Mean of each moment over the runs before each step, and its standard error.
    """
    d, m, runs, length = settings.dimension, settings.batch_size, settings.runs, settings.length
    rng = np.random.default_rng(settings.seed)
    teacher = np.full(d, np.sqrt(settings.teacher_sq / d))
    w = np.zeros((runs, d))
    rule = settings.rule(w.shape)
    per_run, path = np.zeros((len(MOMENTS), BLOCKS, runs)), np.empty((2, len(MOMENTS), settings.steps))
    for step in range(settings.steps):
        x = rng.standard_normal((runs, m, d))
        error = np.einsum("rmd,rd->rm", x, w - teacher) - settings.residual * rng.standard_normal((runs, m))
        gradient = np.einsum("rm,rmd->rd", error, x) / m
        away = ((w - teacher) ** 2).sum(axis=1)
        moments = np.array([(w**2).sum(axis=1), away, (w * gradient).sum(axis=1), (gradient**2).sum(axis=1)])
        path[:, :, step] = mean_and_error(moments, axis=1)
        per_run[:, step // length] += moments
        rule.step(w, gradient)
        if step % length == 0:
            settings.check_finite(moments)
    return per_run / length, path


def _dataset(per_run: np.ndarray, path: np.ndarray, settings: LeastSquaresSettings) -> xr.Dataset:
    left_out = settings.left_out(per_run[0].mean(axis=1))
    found = np.full((2, len(MOMENTS)), np.nan)
    if left_out is not None:
        found = np.array(mean_and_error(per_run[:, left_out:].mean(axis=1), axis=1))
    variables: dict[str, tuple[object, ...]] = {}
    for (name, told), value, error in zip(MOMENTS.items(), *found, strict=True):
        variables[name] = ((), value, {"long_name": told})
        variables[f"{name}_error"] = ((), error, {"long_name": "its standard error"})
    variables["burn_in"] = ((), settings.burn_in_steps(left_out), {"long_name": "steps left out"})
    variables["path"] = (("moment", "step"), path[0], {"long_name": "mean over the runs before the step"})
    variables["path_error"] = (("moment", "step"), path[1], {"long_name": "its standard error"})
    coordinates = {"moment": list(MOMENTS), "step": np.arange(settings.steps)}
    return xr.Dataset(variables, coordinates, settings.attributes(left_out))
