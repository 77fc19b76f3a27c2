r"""Scale-invariant weights under SGD with momentum: every linear recursion, from the variance of one weight.

The gradient is orthogonal to w, of mean square :math:`E\|g\|^2 = G/\|w\|^2`, and has no mean along what the buffer
remembers. So at large dimension C the weight w and the buffer u (in units of a step) obey the recursion of one weight
(`theory.weight.derivations.linear`), whose noise depends on the norm that it makes. With V the variance of one weight
at unit noise, and M and P the recursion's matrix and stationary covariance,

.. math:: E \|w\|^2 = \sqrt{G V}
.. math:: 1 - E \cos \theta_T = \frac{D_T}{V}
.. math:: d_{T+1} = M d_T + (1 - M) p

where the vector d begins with D, is 0 at T = 0, and p is the weight's column of P. With heavy-ball momentum and coupled
decay one step turns by

.. math:: 1 - E \cos \theta_1 = \frac{x}{1 + \mu}

with x = eta lam/n: by less than plain SGD's, though in the long run the direction diffuses as that of plain SGD with
the learning rate eta/(1 - mu), by sqrt(2 x/(1 - mu)) per square root of a step.

Small deviations of the second moments of (w, u) die out by the eigenvalues of

.. math:: J = K - \frac{q e}{V}

with K the recursion of the second moments, the column q what unit noise adds to them, and the row e that picks out the
weight's: the gradient falls where the norm is larger. To leading order that is 4 x/(1 - mu) a step.

Assumptions
-----------
1. Gradient: white Gaussian noise in the tangent space, in proportion to 1/norm. No drift.
2. Large dimension C. The mean angle has its correction of order 1/C, the norm and the mean cosine do not.

Range: the Jury conditions of one weight; the eigenvalues of J are then inside the unit circle (found on a
grid). Leading error: of order x/((1 - mu) C), the spread of the norm; measured up to 5 times that in 1 - cos.

References
----------
Van Laarhoven, 2017 (arXiv:1706.05350); Wan et al., "Spherical Motion Dynamics", NeurIPS 2021 (arXiv:2006.08419): the
leading order, with momentum. The exact form for every linear recursion is derived here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.algebra.recursion import LinearRecursion, NumericRecursion
from theory.layer.rotational_equilibrium import Rotation
from theory.settings import SGD, whole_number
from theory.settings.types import Value
from theory.weight.derivations.linear import moments_of
from theory.weight.laws.linear import momentum_optimizer
from theory.weight.problem import Problem, posed

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["LinearRotation"]


@dataclass(frozen=True)
class LinearRotation(Rotation):
    """Rotational equilibrium under SGD with momentum.

    Attributes
    ----------
    grad_sq : float
        G = E ||g||^2 ||w||^2.
    """

    optimizer: SGD
    grad_sq: float

    @property
    def _problem(self) -> Problem:
        """One weight at unit noise."""
        given = {"n": self.n, "lam": self.lam, "eta": self.eta, "noise": 1.0, "correlation": 0.0, "curvature": 0.0}
        return posed(given, self.optimizer)

    @property
    def _recursion(self) -> LinearRecursion:
        return momentum_optimizer(self.optimizer).recursion

    @cached_property
    def _arguments(self) -> dict[sp.Symbol, Value]:
        return momentum_optimizer(self.optimizer).arguments(self._problem)

    def refuse(self) -> None:
        """Raise NoEquilibrium, naming the Jury condition that fails, unless the norm settles."""
        momentum_optimizer(self.optimizer)(self._problem).refuse()

    @property
    def norm_sq(self) -> float:
        """E ||w||^2: the root of grad_sq times the variance of one weight at unit noise."""
        return math.sqrt(self.grad_sq * self._variance)

    def turned(self, lag: int) -> float:
        """Return 1 - mean cosine of the angle turned in `lag` steps, without cancellation."""
        lag = whole_number("lag", lag, least=0)
        M, first = self._evaluated[0], np.ravel(self._evaluated[1])
        size = len(first)
        step = np.eye(size + 1)  # of (D, 1)
        step[:size, :size], step[:size, size] = M, first
        return float(np.linalg.matrix_power(step, lag)[0, size])

    @property
    def angle(self) -> float:
        """Mean angle of one step in radians: the arc cosine of the mean cosine, less by 1/(4 C)."""
        return 2 * math.asin(math.sqrt(self.turn / 2)) * (1 - 1 / (4 * self.dimension))

    @property
    def diffusive_angle(self) -> float:
        """Angle per square root of a step at long lags: sqrt(2 rate), 1/rate the relaxation time of one weight."""
        gap = self._recursion.at(self._arguments).slowest_gap()
        return math.sqrt(2 * float(gap.real))

    @property
    def relaxation_time(self) -> float:
        """Steps in which a small deviation of the squared norm falls by e: from the slowest eigenvalue of J."""
        return float(self._near_equilibrium.relaxation_time())

    @cached_property
    def _near_equilibrium(self) -> NumericRecursion:
        J, gaps = (np.asarray(part, dtype=float) for part in self._evaluated[2:])
        return NumericRecursion(J, np.zeros((len(J), 1)), gaps)

    @cached_property
    def _variance(self) -> float:
        return float(moments_of(self._recursion, False).value("variance", self._arguments))

    @cached_property
    def _evaluated(self) -> list[Any]:
        free, function = _compiled(self._recursion)
        values: list[Any] = function(*(self._arguments[symbol] for symbol in free), self._variance)
        return values


@lru_cache
def _compiled(recursion: LinearRecursion) -> tuple[list[sp.Symbol], Callable[..., Any]]:
    """Compile M, (1 - M) P / V of the weight's column, J, and the polynomial whose roots are 1 - z for J's z.

    Arguments: the symbols listed, and V. In det(1 - gap - J) that rank-one change of K is taken out, so that only
    polynomials are expanded.
    """
    import sympy as sp

    P, M = moments_of(recursion, False).covariance, recursion.M
    k = len(recursion.state)
    first = ((sp.eye(k) - M) * P[:, 0] / P[0]).applyfunc(sp.factor)
    pairs = list(combinations_with_replacement(range(k), 2))
    entries = {pair: sp.Symbol(f"P_{pair[0]}{pair[1]}") for pair in pairs}
    moment = sp.Matrix(k, k, lambda i, j: entries[min(i, j), max(i, j)])
    stepped = M * moment * M.T
    noise = recursion.B * recursion.B.T
    K = sp.Matrix([sp.expand(stepped[pair]) for pair in pairs]).jacobian(list(entries.values()))
    q = sp.Matrix([noise[pair] for pair in pairs])
    gap, V = sp.symbols("gap V")
    left = (1 - gap) * sp.eye(len(pairs)) - K
    bordered = left.row_join(q).col_join(sp.Matrix([[-1, *[0] * len(pairs)]]))  # its det: what J's has over K's, by V
    alone, added = (sp.Poly(sp.expand(matrix.det(method="berkowitz")), gap).all_coeffs() for matrix in (left, bordered))
    added = [sp.S.Zero] * (len(alone) - len(added)) + added
    gaps = [one + more / V for one, more in zip(alone, added, strict=True)]
    free = sorted(M.free_symbols | recursion.B.free_symbols, key=str)
    return free, sp.lambdify([*free, V], [M, first, K - q * sp.eye(len(pairs))[0, :] / V, gaps], "numpy")
