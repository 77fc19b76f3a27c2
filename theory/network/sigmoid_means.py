r"""Means over Gaussian pre-activations of the sigmoid and its derivatives, at any variance.

A sigmoid bends within a few units of zero, however far its input spreads: nodes that are spaced by the input's standard
deviation step over the bend as soon as that is large. In t of z = sinh t the nodes lie close together about zero and
reach as far as one likes, and the trapezoid rule's error falls exponentially with their number.

References
----------
Trefethen and Weideman, "The exponentially convergent trapezoidal rule", SIAM Review 56 (2014) 385-458.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

__all__ = ["Function", "bend", "mean", "pair_mean", "sigmoid", "slope"]

Function = Callable[[np.ndarray], np.ndarray]

STEP = 0.15  # between nodes in t
EVEN_STEP, ACROSS_BEND = 0.3, 0.8  # most between evenly spaced nodes: in standard deviations, and in units of z
REACH = 9.0  # standard deviations
WIDE = 8.0  # a standard deviation from which on evenly spaced nodes would be too far apart for the bend


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + e^-z)."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def slope(z: np.ndarray) -> np.ndarray:
    """Return the sigmoid's first derivative."""
    return sigmoid(z) * sigmoid(-z)


def bend(z: np.ndarray) -> np.ndarray:
    """Return the sigmoid's second derivative."""
    return slope(z) * (1 - 2 * sigmoid(z))


def mean(f: Function, variance: np.ndarray) -> np.ndarray:
    """Return E f(z), z from N(0, variance), for each variance.

    Examples
    --------
    >>> print(mean(slope, np.array([1.0, 1e6])).round(7))  # for wide inputs 1 / sqrt(2 pi variance)
    [0.206621  0.0003989]
    """
    z, weight = _nodes(np.sqrt(variance))
    return np.asarray((f(z) * weight).sum(axis=-1))


def pair_mean(f: Function, variance: np.ndarray, other: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return E f(z) f(z') for pairs of jointly Gaussian z and z', pair by pair.

    Parameters
    ----------
    f : callable
    variance, other, covariance : ndarray, shape (pairs,)
        Of z, of z', and of the two.

    Examples
    --------
    >>> four = np.full(2, 4.0)
    >>> print(pair_mean(sigmoid, four, four, np.array([0.0, 4.0])).round(4))  # independent; equal
    [0.25   0.3486]
    """
    wide, narrow = np.maximum(variance, other), np.minimum(variance, other)
    nodes, weights = _nodes(np.sqrt(wide))
    dense, _ = _nodes(np.sqrt(narrow))
    per_unit = covariance / wide  # what the wider z says of the other, and what it leaves open
    left = np.sqrt(np.maximum(narrow - covariance * per_unit, 0))
    out = np.empty(len(wide))
    for i, (z, weight) in enumerate(zip(nodes, weights, strict=True)):
        out[i] = (weight * f(z)) @ _blurred(f, per_unit[i] * z, left[i], dense[i])
    return out


def _nodes(std: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes z and weights for the mean over N(0, std^2), each of shape (..., nodes), from z = b sinh t."""
    std = np.asarray(std)[..., None]
    b = np.minimum(std, 1.0)
    end = np.ceil(np.arcsinh(REACH * (std / b).max()) / STEP)
    t = STEP * np.arange(-end, end + 1)
    z = b * np.sinh(t)
    weight = np.cosh(t) * np.exp(-((z / std) ** 2) / 2)
    return z, weight / weight.sum(axis=-1, keepdims=True)


def _blurred(f: Function, centres: np.ndarray, std: float, dense: np.ndarray) -> np.ndarray:
    """Return E f(z) over N(centre, std^2) for each centre; `dense` are nodes that lie close together about zero."""
    if std < WIDE:
        step = min(EVEN_STEP, ACROSS_BEND / std) if std else EVEN_STEP
        u = step * np.arange(-math.ceil(REACH / step), math.ceil(REACH / step) + 1)
        weight = np.exp(-(u**2) / 2)
        return np.asarray(f(centres[:, None] + std * u) @ (weight / weight.sum()))
    exponent = ((dense - centres[:, None]) / std) ** 2 / 2
    weight = np.hypot(1, dense) * np.exp(exponent.min(axis=1, keepdims=True) - exponent)  # dz = cosh t dt
    return np.asarray(weight @ f(dense) / weight.sum(axis=1))
