r"""How alike two orthogonalised Gaussian matrices are: the matrix analogue of the arcsine law, for large matrices.

.. math:: \frac{1}{r} E\,\mathrm{tr}\,\varphi(X)^{\mathsf T}\varphi(Y) = \sum_{j=0}^{\infty} c_j^2 \rho^{2j+1}, \qquad
   c_j = \frac{2}{\pi} \int_0^{\pi} \frac{\varphi(s)}{s} \sin((j + 1)\theta) \sin\theta \, d\theta

with :math:`s^2 = 1 + \beta + 2\sqrt\beta \cos\theta`, r the smaller side, beta smaller over larger side, and phi any
function of the singular values. Entries of X and Y correlate by rho. Why: the squared singular values follow
Marchenko-Pastur's law, and under it times s^2, which is a semicircle in cos theta, s U_j(cos theta) are orthogonal
polynomials (Chebyshev's); the Ornstein-Uhlenbeck semigroup that leads from X to Y multiplies what is of degree 2j + 1
in the entries by rho^(2j+1). Square and phi = 1: c_j^2 = (16 / pi^2) ((k + 1) / (k (k + 2)))^2, k = 2j + 1.

Newton-Schulz iterates a polynomial p on X over its Frobenius norm, which is the root of both sides' product:
:math:`\varphi(s) = p(p(\cdots p(s / \sqrt r)))`. All c_j come from one sine transform.

Assumptions: large sides; the norm does not fluctuate. Leading order: the error falls as 1/r.

References
----------
Marchenko and Pastur, Math. USSR Sbornik 1 (1967), for the singular values. The law is this package's own.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from theory.errors import InvalidArgument
from theory.settings import Muon
from theory.weight.laws.odd_series import OddSeries, length

__all__ = ["orthogonalised"]

SHORTEST, LONGEST = 2**14, 2**20  # points in theta
PER_COEFFICIENT = 8


@lru_cache
def orthogonalised(optimizer: Muon, shape: tuple[int, int], largest: float) -> OddSeries:
    """Return E tr O O'^T / r of two orthogonalised directions as a series of the correlation of their entries.

    Parameters
    ----------
    optimizer : Muon
        Says how it orthogonalises.
    shape : (int, int)
        Rows and columns, in either order.
    largest : float
        The largest correlation that is asked for.

    Examples
    --------
    >>> square = orthogonalised(Muon(ns_steps=None), (64, 64), 0.5)
    >>> print(f"{square.coefficients[0]:.4f}")  # 64 / 9 pi^2
    0.7205
    """
    from scipy.fft import dst

    points = min(LONGEST, max(SHORTEST, 2 ** math.ceil(math.log2(PER_COEFFICIENT * length(largest)))))
    theta = (np.arange(points) + 0.5) * np.pi / points
    beta = min(shape) / max(shape)
    s = np.sqrt((1 - math.sqrt(beta)) ** 2 + 4 * math.sqrt(beta) * np.cos(theta / 2) ** 2)
    density = _shrunk(optimizer, s, min(shape)) / s * np.sin(theta)
    count = min(length(largest), points // PER_COEFFICIENT)
    return OddSeries(2 * float(np.mean(density**2)), (dst(density, type=2)[:count] / points) ** 2, largest)


def _shrunk(optimizer: Muon, s: np.ndarray, smaller: int) -> np.ndarray:
    """Return phi(s): what becomes of the singular values."""
    if optimizer.ns_steps is None:
        return np.ones_like(s)
    a, b, c = optimizer.ns_coefficients
    value = s / math.sqrt(smaller)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(optimizer.ns_steps):
            square = value**2
            value = value * (a + square * (b + square * c))
    if not np.all(np.abs(value) < 1e6):
        raise InvalidArgument(
            f"ns_coefficients must keep the singular values in bounds, got {optimizer.ns_coefficients}, which diverge "
            f"in {optimizer.ns_steps} steps. PyTorch's are (3.4445, -4.775, 2.0315)."
        )
    return value
