r"""Two units that learn to cancel: why a pair can stay saturated where a single unit cannot.

With noise labels and K = 2 the flow runs to :math:`w_2 \approx -w_1`: the output of the pair cancels, so nothing pulls
the common norm Q back but decay. The sum :math:`q = Q_{11} + Q_{12}` stays of order one and Q balances kicks and decay:

.. math:: \frac{4q}{\sqrt{1 + q}} = \frac{\eta}{m} \Big\{\sigma^2 \Big[1 + \frac{1}{\sqrt{1 + q}}\Big]
          + \frac{2}{\pi} [D + X]\Big\}
.. math:: Q^* = \Big(\frac{A}{\sqrt2\,\pi\gamma}\Big)^{2/3}, \qquad
          A = \frac{\eta^2}{m} \Big(\sigma^2 + \frac{2}{\pi} D\Big) - 2\eta \Big(1 - \frac{1}{\sqrt{1 + q}}\Big)
.. math:: D = \arcsin\frac13 + \arcsin\frac{1 + 4q}{3 + 4q} - 2 \arcsin\frac{1}{\sqrt{3 (3 + 4q)}}, \qquad
          X = \frac{2}{\sqrt{1 + q}} \Big[\arcsin\frac{1 + 2q}{3 + 4q} - \arcsin\frac{1}{3 + 4q}\Big]

Assumptions
-----------
1. Those of `theory.committee.order_parameters`; K = 2, M = 0, sigma > 0.
2. Q much larger than 1 and than q, that is gamma small.

Range: A > 0. Leading error: relative Q^-1 (1 + q).

References
----------
Derived here from the flow of D. Saad and S. A. Solla, Phys. Rev. E 52, 4225 (1995), and NIPS 9 (1996); no search for
earlier closed forms was made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from scipy.optimize import brentq

from theory.errors import NoFixedPoint
from theory.settings import OnlineRule, positive, representable
from theory.settings.notebook import InNotebook
from theory.settings.online import check_rule
from theory.settings.representable import finite_or_overflow

__all__ = ["CancellingPair", "cancelling_pair"]


@dataclass(frozen=True)
class CancellingPair(InNotebook, answer=("Q",)):
    """A saturated pair with opposite weights.

    Attributes
    ----------
    q : float
        Q_11 + Q_12: half the squared norm of the sum of the two.
    drive : float
        A.
    Q : float
        Q_11 = Q_22 at the fixed point.
    """

    q: float
    drive: float
    Q: float


@representable
def cancelling_pair(rule: OnlineRule) -> CancellingPair:
    """Return the fixed point of a cancelling pair to leading order in gamma.

    Parameters
    ----------
    rule : OnlineRule
        With sigma > 0.

    Returns
    -------
    CancellingPair

    Raises
    ------
    InvalidArgument
        If sigma is zero.
    NoFixedPoint
        If A <= 0: the pair is pulled out of saturation.

    Examples
    --------
    >>> pair = cancelling_pair(OnlineRule(eta=0.5, gamma=1e-5, sigma=2**0.5))
    >>> print(f"q = {pair.q:.4f}, Q* = {pair.Q:.2f}")
    q = 0.6695, Q* = 405.12
    """
    check_rule(rule)
    positive("sigma", rule.sigma, "Noise labels need noise.")
    laws = _laws()
    arguments = (rule.eta, rule.gamma, rule.sigma, rule.batch_size)

    def imbalance(value: float) -> float:
        return finite_or_overflow(laws["imbalance"](*arguments, value))

    high = 1.0
    while imbalance(high) < 0:  # it grows like 4 sqrt(q)
        high *= 2
    q = float(brentq(imbalance, 0.0, high, xtol=1e-16, rtol=1e-14, maxiter=5000))
    drive = laws["drive"](*arguments, q)
    if drive <= 0:
        raise NoFixedPoint(f"no saturated pair for {rule}: A must be positive, got {drive:.4g}. Use teacher_student.")
    return CancellingPair(q, drive, laws["norm"](*arguments, q))


@lru_cache
def _laws() -> dict[str, Callable[..., float]]:
    """Compile the imbalance of q, the drive A and the norm Q* as functions of eta, gamma, sigma, m and q."""
    import sympy as sp

    from theory.committee.cancelling_pair_derivation import derive_cancelling_pair

    chain = derive_cancelling_pair()
    own, across, drive = (sp.Symbol(name, positive=True) for name in ("D", "X", "A"))
    values = {own: chain["D"].rhs, across: chain["X"].rhs}
    forms = {
        "imbalance": chain["sum"].lhs - chain["sum"].rhs,
        "drive": chain["drive"].rhs,
        "norm": chain["norm"].rhs.subs(drive, chain["drive"].rhs),
    }
    arguments = sp.symbols("eta gamma sigma m q", positive=True)
    return {name: sp.lambdify(arguments, form.subs(values), "math") for name, form in forms.items()}
