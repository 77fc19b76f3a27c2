r"""The decay of a saturated logistic output under cross-entropy, in closed form.

The gradient of cross-entropy does not vanish in saturation, so a saturated unit is pulled back at a constant speed:

.. math:: \sqrt Q = (\sqrt{Q_0} + u)\, e^{-\gamma\alpha} - u, \qquad u = \frac{\eta}{\gamma \sqrt{2\pi}}

The decay is exponential only while :math:`\sqrt Q \gg u`, and no rate holds the unit at :math:`\gamma^{-2/3}`.

Assumptions
-----------
1. Those of `theory.committee.logistic_unit`.
2. Q much larger than one, fair-coin labels, kicks (order eta^2 / sqrt(Q)) left out.

Range: until Q reaches zero. Leading error: relative eta / sqrt(Q) in the pull.

References
----------
Derived here, with the method of D. Saad and S. A. Solla, Phys. Rev. E 52, 4225 (1995).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from theory.algebra.derived import derived
from theory.settings import computable, non_negative, numbers, one_number, positive

if TYPE_CHECKING:
    from theory.algebra.proof import Derivation

__all__ = ["derive_logistic_decay", "saturated_logistic"]


@computable
def saturated_logistic(alpha: float | np.ndarray, start: float, *, eta: float, gamma: float) -> np.ndarray:
    """Return the closed form Q(alpha) of a saturated logistic unit from Q = `start`; NaN after its touchdown.

    Parameters
    ----------
    alpha : float or ndarray
        Steps over N.
    start : float
        Squared norm Q at alpha = 0, far above 1.
    eta, gamma : float
        Scaled learning rate and weight decay (per step times N).

    Returns
    -------
    ndarray
        Shape of `alpha`.

    Raises
    ------
    InvalidArgument
        A number out of range.

    Examples
    --------
    >>> print(f"{saturated_logistic(30.0, 1e4, eta=1.0, gamma=0.01):.1f}")
    4063.0
    """
    alpha = numbers("alpha", alpha)
    start, eta, gamma = one_number("start", start), one_number("eta", eta), one_number("gamma", gamma)
    non_negative("alpha", alpha)
    positive("start", start)
    positive("eta", eta)
    positive("gamma", gamma)
    norm = _norm()(np.asarray(alpha), math.sqrt(start), eta, gamma)
    return np.where(norm >= 0, norm, np.nan) ** 2


@derived
def derive_logistic_decay() -> Derivation:
    """Derive the decay of sqrt(Q) in SymPy from the flow of Q; its steps are called "flow", "speed", "decay law".

    Examples
    --------
    >>> derive_logistic_decay().check()["speed"].rhs
    sqrt(2)*eta/(2*sqrt(pi)*gamma)
    """
    import sympy as sp

    from theory.algebra.proof import Derivation, Step

    Q, r, r_0, u, eta, gamma, alpha = sp.symbols("Q r r_0 u eta gamma alpha", positive=True)
    x = sp.Symbol("x", real=True)
    flow = sp.Symbol("dot(Q)", real=True)
    slope = 1 / sp.sqrt(2 * sp.pi * Q)  # of the sigmoid, averaged: its integral is 1, the density at zero this
    path = (r_0 + u) * sp.exp(-gamma * alpha) - u
    speed = eta / (gamma * sp.sqrt(2 * sp.pi))
    steps = (
        Step(
            "flow",
            sp.Eq(flow, -2 * gamma * Q - 2 * eta * Q * slope),
            "Fair-coin labels, kicks left out; $S(Q) = 1/sqrt(2 pi Q)$ for large Q.",
            lambda eq: [
                eq.rhs + 2 * gamma * Q + 2 * eta * Q * (sp.exp(-(x**2) / (2 * Q)) / sp.sqrt(2 * sp.pi * Q)).subs(x, 0)
            ],
        ),
        Step(
            "speed",
            sp.Eq(u, speed),
            "$r = sqrt(Q)$ falls at the speed $gamma (r + u)$.",
            lambda eq: [(-2 * gamma * Q - 2 * eta * Q * slope).subs(Q, r**2) / (2 * r) + gamma * (r + eq.rhs)],
        ),
        Step(
            "decay law",
            sp.Eq(r, path),
            "The solution from $r_0$.",
            lambda eq: [sp.diff(eq.rhs, alpha) + gamma * (eq.rhs + u), eq.rhs.subs(alpha, 0) - r_0],
        ),
    )
    return Derivation(steps, path.subs(u, speed))


@lru_cache
def _norm() -> Callable[..., np.ndarray]:
    """Compile sqrt(Q) as a function of alpha, sqrt(Q_0), eta, gamma."""
    import sympy as sp

    arguments = sp.symbols("alpha r_0 eta gamma", positive=True)
    return sp.lambdify(arguments, derive_logistic_decay().result, "numpy")
