r"""The largest second moment so far, AMSGrad's denominator: its distribution after t steps, numerically exact.

.. math:: P(\max_{s \le t} v_s < u) = (K_u^t 1)(0), \qquad (K_u f)(v) = E f(b_2 v + (1 - b_2) g^2)
   \quad \text{where that is below } u

for the uncorrected v, which starts at zero, and unit Gaussian noise. K_u is a matrix on Chebyshev nodes of [0, u], its
integral over g by Gauss's rule, and its powers come from its eigenvalues. The moments are integrals over u by parts:

.. math:: E v_{max}^{-p} = p \int_0^\infty P(v_{max} < u) u^{-p-1} du

Assumptions: white Gaussian noise. Error: 1e-4 for b_2 from 0.5 to 0.9999 and t (1 - b_2) >= 10.

References
----------
Reddi, Kale and Kumar, "On the Convergence of Adam and Beyond", ICLR 2018 (arXiv:1904.09237), for the rule. The
calculation is this package's own.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

__all__ = ["largest_moment"]

LEAST_BETA2, LARGEST_BETA2 = 0.5, 0.9999
NODES, MORE_NODES = 48, 96  # of f on [0, u]; where beta2 exceeds 0.995
GAUSS = 100  # of the integral over g
LEVELS = 120  # values of u
LONGEST = 1e7  # steps
SLOW = 0.995
REACH = 9.0  # standard deviations of g beyond which nothing is


def largest_moment(beta2: float, power: float) -> tuple[np.ndarray, np.ndarray]:
    """Return steps, evenly in their logarithm, and E v_max^(-power) after so many.

    Parameters
    ----------
    beta2 : float
        Memory of the second moment.
    power : float
        1 for the noise of a step, 1/2 for its pull.

    Returns
    -------
    steps, moments : ndarray
        From 1 / (1 - beta2) to 1e7 steps; to be interpolated in ln t.

    Raises
    ------
    NotImplementedError
        If beta2 is outside [0.5, 0.9999].
    """
    if not LEAST_BETA2 <= beta2 <= LARGEST_BETA2:
        raise NotImplementedError(
            f"AMSGrad's largest second moment is known for beta2 from {LEAST_BETA2} to {LARGEST_BETA2}, got {beta2}."
        )
    steps, levels, below = _distribution(beta2)
    integrand = power * below * levels[:, None] ** -power  # over ln u
    moments = np.trapezoid(integrand, np.log(levels), axis=0) + levels[-1] ** -power  # the rest, where P = 1
    return steps, moments


@lru_cache
def _distribution(beta2: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return steps, levels u and P(v_max < u), shape (levels, steps)."""
    steps = np.geomspace(1 / (1 - beta2), LONGEST, 120)
    levels = np.geomspace(*_range(beta2), LEVELS)
    return steps, levels, np.stack([_never_above(u, beta2, steps) for u in levels])


def _range(beta2: float) -> tuple[float, float]:
    """Return the u between which P rises from 0 to 1 for all the steps looked at."""
    spread = math.sqrt(2 * (1 - beta2) / (1 + beta2))
    return max(0.02, 1 - 7 * spread), 1 + 8 * spread + 60 * (1 - beta2)  # a Gaussian body, a tail e^(-v / 2(1 - b2))


def _never_above(u: float, beta2: float, steps: np.ndarray) -> np.ndarray:
    """Return P(v_s < u for all s <= t) for several t."""
    nodes_count = MORE_NODES if beta2 > SLOW else NODES
    angle = np.pi * (np.arange(nodes_count) + 0.5) / nodes_count
    nodes = u / 2 * (1 - np.cos(angle))
    x, weight = np.polynomial.legendre.leggauss(GAUSS)
    largest = np.minimum(np.sqrt((u - beta2 * nodes) / (1 - beta2)), REACH)[:, None]  # of abs(g), from each node
    g = largest * (x + 1) / 2
    density = weight * largest * np.exp(-(g**2) / 2) / math.sqrt(2 * math.pi)
    after = beta2 * nodes[:, None] + (1 - beta2) * g**2
    values = np.cos(np.arange(nodes_count) * angle[:, None])  # Chebyshev polynomials at the nodes
    to_coefficients = 2 / nodes_count * values.T
    to_coefficients[0] /= 2
    polynomials = np.polynomial.chebyshev.chebvander(1 - 2 * after / u, nodes_count - 1)
    K = (density[:, None, :] @ polynomials)[:, 0] @ to_coefficients
    eigenvalues, vectors = np.linalg.eig(K)
    at_zero = np.ones(nodes_count) @ to_coefficients @ vectors
    part = at_zero * np.linalg.solve(vectors, np.ones(nodes_count))
    kept = np.abs(eigenvalues) > 1e-8
    grown = np.exp(np.outer(steps, np.log(eigenvalues[kept].astype(complex))))
    return np.clip((grown @ part[kept]).real, 0.0, 1.0)
