r"""Scale-invariant weights under plain SGD: norm, spread of the norm, angle and relaxation, derived step by step.

The gradient is orthogonal to w, of mean square :math:`E\|g\|^2 = G/\|w\|^2`, so that with a = 1 - eta lam/n

.. math:: X' = a^2 X + \frac{\eta^2 G \xi}{X}

for the squared norm X, xi being a chi squared of C - 1 degrees of freedom over its mean. The relative variance of X is

.. math:: s = \frac{1 - a^2}{2 a^2 (C - 1)}

and the means, to first order in it,

.. math:: E X = \eta \sqrt{\frac{G}{1 - a^2}} \left(1 + \frac{s}{2}\right)
.. math:: E \sqrt{X} = \left(\frac{\eta^2 G}{1 - a^2}\right)^{\frac{1}{4}} \left(1 + \frac{s}{8}\right)
.. math:: E \cos \theta_T = a^T \left(1 + \frac{s}{4} \left(1 - (2 a^2 - 1)^T\right)\right)
.. math:: E \theta_1 = \arccos(a) - \frac{\sqrt{1 - a^2}}{4 a (C - 1)}

Small deviations of X die out by the factor 2 a^2 - 1 a step. The cosine over T steps is exactly a^T E sqrt(X_0 / X_T):
a new gradient has no mean along the old direction, so only the norms correct a^T.

Assumptions
-----------
1. Gradient: white Gaussian noise in the tangent space, in proportion to 1/norm. No drift.
2. The spread s is small: large dimension C, or little decay.

Range: a^2 > 1/2 (the norm settles without overshooting). Leading error: order 1/C^2 everywhere.

References
----------
Van Laarhoven, "L2 Regularization versus Batch and Weight Normalization", 2017 (arXiv:1706.05350); Li, Lyu and Arora,
NeurIPS 2020 (arXiv:2010.02916); Wan et al., "Spherical Motion Dynamics", NeurIPS 2021 (arXiv:2006.08419): the leading
order. The corrections of order 1/C are derived here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from theory.layer.rotation_derivation import derive_rotation
from theory.layer.rotational_equilibrium import Rotation
from theory.settings import whole_number

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["SGDRotation"]


@dataclass(frozen=True)
class SGDRotation(Rotation):
    """Rotational equilibrium under plain SGD.

    Attributes
    ----------
    grad_sq : float
        G = E ||g||^2 ||w||^2.
    """

    grad_sq: float

    @property
    def norm_spread(self) -> float:
        """Relative variance of ||w||^2: (1 - a^2) / (2 a^2 (C - 1))."""
        return self._evaluated("norm spread")

    @property
    def norm_sq(self) -> float:
        """E ||w||^2 = eta sqrt(G / (1 - a^2)) and half the norm's spread more."""
        return self._evaluated("mean squared norm")

    @property
    def norm(self) -> float:
        """E ||w||."""
        return self._evaluated("mean norm")

    def turned(self, lag: int) -> float:
        """Return 1 - E cos of `lag` steps: 1 - a^lag, less by the spread of the norm."""
        return self._evaluated("turned", whole_number("lag", lag, least=0))

    @property
    def angle(self) -> float:
        """Mean angle of one step in radians: arccos a - sqrt(1 - a^2) / (4 a (C - 1))."""
        return self._evaluated("mean angle")

    @property
    def relaxation_time(self) -> float:
        """Steps in which a small deviation of the squared norm falls by e: -1 / ln(2 a^2 - 1)."""
        return self._evaluated("relaxation time")

    def _evaluated(self, name: str, lag: int = 1) -> float:
        return float(_laws()[name](self.rate, self.eta, self.grad_sq, self.dimension, lag))


@lru_cache
def _laws() -> dict[str, Callable[..., float]]:
    """Compile the derived laws as functions of x, eta, G, C and the lag T; at small x they keep their digits."""
    import sympy as sp
    from sympy.codegen.cfunctions import expm1, log1p

    from theory.symbols import a, eta, x

    G, C, T, s = sp.symbols("G C T s", positive=True)
    chain = derive_rotation()

    def forgotten(fraction: sp.Expr) -> sp.Expr:
        """1 - (1 - fraction)^T, without cancellation."""
        return -expm1(T * log1p(-fraction))

    memory = chain["memory of the norm"].rhs
    lost = sp.factor(1 - memory.subs(a, 1 - x))
    beyond_decay = sp.factor(a**T - chain["cosine"].rhs).subs(memory**T, 1 - forgotten(lost))
    forms = {name: chain[name].rhs for name in ("norm spread", "mean squared norm", "mean norm", "mean angle")}
    forms |= {"turned": forgotten(x) + beyond_decay, "relaxation time": -1 / log1p(-lost)}
    arguments = [x, eta, G, C, T]
    spread = chain["norm spread"].rhs
    return {name: sp.lambdify(arguments, form.subs(s, spread).subs(a, 1 - x), "numpy") for name, form in forms.items()}
