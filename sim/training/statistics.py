"""What is recorded of a layer's weights: the numbers by which people compare layers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.estimates.spread import mean_and_error

__all__ = ["LAYER_STATISTICS", "STEP_STATISTICS", "UNITS", "mean_over_steps"]

LAYER_STATISTICS: dict[str, Callable[[np.ndarray], float]] = {
    "rms": lambda w: float(np.sqrt(np.mean(w**2))),
    "variance": lambda w: float(np.var(w)),
    "sum": lambda w: float(w.sum()),
    "mean": lambda w: float(w.mean()),
    "l1": lambda w: float(np.abs(w).sum()),
    "induced_1_norm": lambda w: float(np.abs(w).sum(axis=0).max()),  # what np.linalg.norm(w, 1) is
}

STEP_STATISTICS = ("alignment", "grad_sq")  # of the gradient, in every step
BLOCKS = 32

UNITS = {
    "rms": "root mean square of the layer's weights",
    "variance": "mean square of the layer's weights about their mean",
    "sum": "sum of the layer's weights",
    "mean": "mean of the layer's weights",
    "l1": "sum of the absolute weights",
    "induced_1_norm": "largest sum of absolute weights leaving one neuron of the layer before",
    "alignment": "mean of <w, g> over the epoch's minibatches; g is the minibatch mean gradient, without the decay",
    "alignment_error": "its standard error, from blocks of minibatches",
    "grad_sq": "mean of ||g||^2 over the epoch's minibatches",
    "grad_sq_error": "its standard error, from blocks of minibatches",
    "penalty": "(lam / 2n) times the sum of the layer's squared weights",
    "cost": "mean of C_x over the split, plus the penalty of all layers",
    "accuracy": "fraction of the split that is classified rightly",
}


def mean_over_steps(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over the steps of an epoch, and its standard error from the spread of block means.

    Parameters
    ----------
    values : ndarray, shape (steps, layers)

    Returns
    -------
    mean, error : ndarray, shape (layers,)
        The error is NaN where there is one step; a drift within the epoch counts as spread.

    Notes
    -----
    Neighbouring minibatches meet nearly the same weights, so that their values are correlated through the weights'
    slow motion; the means of at most 32 blocks are not.

    Examples
    --------
    >>> mean, error = mean_over_steps(np.random.default_rng(1).standard_normal((3200, 1)))
    >>> print(f"{mean[0]:.3f} +/- {error[0]:.3f}")
    -0.003 +/- 0.019
    """
    blocks = np.array([block.mean(axis=0) for block in np.array_split(values, min(BLOCKS, len(values)))])
    if len(blocks) == 1:
        return values.mean(axis=0), np.full(values.shape[1], np.nan)
    return values.mean(axis=0), mean_and_error(blocks)[1]
