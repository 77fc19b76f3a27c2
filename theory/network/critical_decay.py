r"""The end of learning: the weight decay above which weights of zero are stable, from the data alone.

With M the covariance of inputs and one-hot labels, s_1 its largest singular value and k = lambda/n, a network with
one hidden layer of sigmoids loses its weights above

.. math:: \lambda_c = \frac{n s_1}{4}

whatever its width: 1/4 is the steepest slope of a sigmoid. Just below, a single mode carries all the weights,

.. math:: W_2 = \frac{4 (s_1 - 4 k)}{Q}

and W_3 = W_2, with Q the mean over the outputs, weighted by the mode's u^2, of y (1 - y) e'Ce; e and u are the singular
vectors along inputs and classes, C the covariance of the inputs, y the frequency of a class.

Assumptions
-----------
1. Cross-entropy of sigmoid outputs, one per class, summed over the outputs and averaged over the examples.
2. Both layers have the decay lambda; biases have none, and the output biases are at the class frequencies.

Range: lambda_c is exact for the stability of weights of zero. That no other minimum survives above it is proved for
the linear network (`theory.linear_network`) and not for sigmoids. Leading error of W_2: relative order (s_1 - 4 k)/s_1.

With the quadratic cost only the stability of zero is known (`quadratic_stability_threshold`): a trained network may
keep its weights above it.

References
----------
L. Ziyin, B. Li, X. Meng, "Exact solutions of a deep linear network", NeurIPS 2022 (arXiv:2202.04777), for the collapse
of linear networks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theory.errors import InvalidArgument
from theory.settings import finite, numbers, one_number, positive, representable

__all__ = ["critical_decay", "quadratic_stability_threshold", "single_mode_norm"]


@representable
def critical_decay(inputs: ArrayLike, labels: ArrayLike) -> float:
    """Predict the weight decay above which a sigmoid network with cross-entropy keeps no weights.

    Parameters
    ----------
    inputs : array_like, shape (examples, inputs)
        All training examples.
    labels : array_like of int, shape (examples,)
        Classes from 0.

    Returns
    -------
    float
        lambda_c, for n = the number of examples.

    Raises
    ------
    InvalidArgument
        Shapes that do not fit, labels that are no classes, fewer than two classes.

    Examples
    --------
    >>> round(critical_decay([[0.0], [0.0], [1.0], [1.0]], [0, 0, 1, 1]), 6)
    0.353553
    """
    x, y = checked_data(inputs, labels)
    return float(_law("critical decay")(len(x), covariance_modes(x, y)[1][0]))


@representable
def quadratic_stability_threshold(inputs: ArrayLike, labels: ArrayLike) -> float:
    """Return the decay above which weights of zero are stable under the quadratic cost: not the end of learning.

    The outputs' slope y (1 - y) weakens each class. Below the threshold zero weights grow; above it a network that
    starts with weights may keep them, so this is no critical decay. Arguments and errors as in `critical_decay`.

    Examples
    --------
    >>> round(quadratic_stability_threshold([[0.0], [0.0], [1.0], [1.0]], [0, 0, 1, 1]), 6)
    0.088388
    """
    x, y = checked_data(inputs, labels)
    frequency = y.mean(axis=0)
    singular = np.linalg.svd(_covariance(x, y) * (frequency * (1 - frequency))[:, None], compute_uv=False)
    return float(_law("critical decay")(len(x), singular[0]))


@representable
def single_mode_norm(inputs: ArrayLike, labels: ArrayLike, lam: float, n: float) -> float:
    """Return W_2 = W_3 just below the critical decay, where one mode carries all; zero above.

    Examples
    --------
    >>> round(single_mode_norm([[0.0], [0.0], [1.0], [1.0]], [0, 0, 1, 1], 0.34, 4), 4)
    0.8674
    """
    x, y = checked_data(inputs, labels)
    lam, n = one_number("lam", lam), one_number("n", n)
    positive("lam", lam)
    positive("n", n)
    u, s, e = covariance_modes(x, y)
    if 4 * lam / n >= s[0]:
        return 0.0
    return norm_of_one_mode(x, y, (u, s, e), lam / n)


def norm_of_one_mode(x: np.ndarray, y: np.ndarray, modes: tuple[np.ndarray, np.ndarray, np.ndarray], k: float) -> float:
    """Return W_2 = W_3 of the first of the covariance's modes alone, below the critical decay."""
    u, s, e = modes
    frequency = y.mean(axis=0)
    along = (x - x.mean(axis=0)) @ e[0]
    return float(_law("single mode")(s[0], k, u[:, 0] ** 2 @ (frequency * (1 - frequency)) * along.var()))


def checked_data(inputs: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs as floats and labels one-hot, or refuse them."""
    x, y = numbers("inputs", inputs).astype(float, copy=False), numbers("labels", labels)
    finite("inputs", x)
    if x.ndim != 2 or y.shape != x.shape[:1] or len(x) < 2:
        raise InvalidArgument(
            f"inputs must be a table of at least two examples and labels a row of one class each, got shapes {x.shape} "
            f"and {y.shape}. Give inputs as (examples, inputs)."
        )
    if not np.issubdtype(y.dtype, np.integer) or y.min() < 0:
        raise InvalidArgument(f"labels must be whole numbers from 0, got {y.dtype} from {y.min()}. Number the classes.")
    counts = np.bincount(y)
    if len(counts) < 2 or not counts.all():
        raise InvalidArgument(
            f"labels must hold every class from 0 to the largest, at least two; got counts {counts}. Renumber them."
        )
    return x, np.eye(len(counts))[y]


def _covariance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the covariance of labels and inputs, classes x inputs."""
    return np.asarray((y - y.mean(axis=0)).T @ x / len(x))


def covariance_modes(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return its singular vectors along the classes, its singular values, its singular vectors along the inputs."""
    return tuple(np.linalg.svd(_covariance(x, y), full_matrices=False))  # type: ignore[return-value]


@lru_cache
def _law(step: str) -> Callable[..., Any]:
    """Compile the right-hand side of a step of the derivation."""
    import sympy as sp

    from theory.network import critical_decay_derivation as d

    arguments = {"critical decay": (d.n, d.s1), "single mode": (d.s1, d.k, d.Q)}
    return sp.lambdify(arguments[step], d.derive_critical_decay()[step].rhs, "numpy")
