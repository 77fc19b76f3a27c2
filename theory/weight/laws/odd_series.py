r"""A step as a function of a Gaussian direction: its correlation as a power series of the direction's.

.. math:: E u_t u_{t+s} = f(\rho_s), \qquad f(\rho) = \sum_k f_k \rho^k, \qquad f_k \ge 0

with odd k. Where the direction's correlation is :math:`\rho_s = r b^{s-1}` each power is a mode of the memory, falling
by b^k a lag. There can be thousands, of which most matter for a few lags only. So the powers are cut into octaves, and
those of an octave replaced by the nodes of their Gauss quadrature (Golub and Welsch): the first 2N moments of
:math:`f_k r^k` over k are kept, and a smooth function of k, as every sum over lags is, is averaged to rounding.

References
----------
Golub and Welsch, "Calculation of Gauss quadrature rules", Math. Comp. 23 (1969), for the nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["OddSeries", "length"]

CUT = 1e-18  # powers of the correlation below this are left out
EXACT_NODES, FAST_NODES = 10, 3  # of an octave: to rounding, and to 1e-7
LONGEST, PIECES = 4096, 64
LARGEST = 0.99999  # correlation of two neighbouring directions


@dataclass(frozen=True)
class OddSeries:
    """f(rho) up to the correlation r.

    Attributes
    ----------
    alone : float
        E u^2, which is f(1) where the step is a function of the direction alone.
    coefficients : ndarray, shape (K,)
        f_1, f_3, f_5, ...; not negative.
    largest : float
        r, the largest correlation at which f is asked for.
    """

    alone: float
    coefficients: np.ndarray
    largest: float

    @cached_property
    def exact(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights f_k r^k and powers k, octave by octave, good to rounding."""
        return self._compressed(EXACT_NODES)

    @cached_property
    def fast(self) -> tuple[np.ndarray, np.ndarray]:
        """The same with fewer powers, good to 1e-7, for the way of a weight."""
        return self._compressed(FAST_NODES)

    def _compressed(self, nodes: int) -> tuple[np.ndarray, np.ndarray]:
        if self.largest == 0:
            return np.zeros(1), np.ones(1)
        powers = 2.0 * np.arange(len(self.coefficients)) + 1
        with np.errstate(under="ignore"):
            weights = self.coefficients * self.largest**powers
        octaves = np.floor(np.log2(powers)).astype(int)
        parts = [_gauss(weights[octaves == o], powers[octaves == o], nodes) for o in range(octaves[-1] + 1)]
        kept, places = (np.concatenate(part) for part in zip(*parts, strict=True))
        return kept, places


def _gauss(weights: np.ndarray, places: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and places of the Gauss quadrature of a discrete measure, by Lanczos' recursion.

    Examples
    --------
    >>> w, x = _gauss(np.ones(50), np.arange(50.0), 3)
    >>> bool(np.isclose(w @ x**5, np.sum(np.arange(50.0) ** 5)))
    True
    """
    used = weights > 0
    weights, places = weights[used], places[used]
    if len(places) <= nodes:
        return weights, places
    if len(places) > LONGEST:  # in pieces first: the moments that are kept are the same
        pieces = zip(np.array_split(weights, PIECES), np.array_split(places, PIECES), strict=True)
        parts = zip(*(_gauss(*piece, nodes) for piece in pieces), strict=True)
        weights, places = (np.concatenate(part) for part in parts)
    middle = places.mean()
    basis = [np.sqrt(weights / weights.sum())]
    diagonal, beside = [], []
    for _ in range(nodes):
        new = (places - middle) * basis[-1]
        diagonal.append(new @ basis[-1])
        for vector in basis + basis:  # twice: orthogonal to rounding
            new = new - (new @ vector) * vector
        beside.append(np.sqrt(new @ new))
        basis.append(new / beside[-1])
    found, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1))
    return weights.sum() * vectors[0] ** 2, middle + found


def length(largest: float) -> int:
    """Return how many odd powers of a correlation are above the cut."""
    if largest == 0:
        return 1
    if largest > LARGEST:
        raise NotImplementedError(
            f"steps whose directions correlate by up to {LARGEST} are known, got {largest:.8g}. Take smaller betas or "
            "less momentum: nearer to 1 every step is the last one again."
        )
    return max(1, int(np.ceil(np.log(CUT) / (2 * np.log(largest)))))
