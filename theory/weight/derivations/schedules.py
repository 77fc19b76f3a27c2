r"""What a schedule leaves of the equilibrium at its peak: closed forms for small rates, derived and proved.

With the progress s of a phase of K memories (peak rate of forgetting times length), the rate's factor e(s) and the
variance R in units of the peak's equilibrium,

.. math:: \frac{dR}{ds} = 2 K e(s) (e(s) - R)

A fall in a straight line to zero, from equilibrium, ends at

.. math:: R = \frac{\sqrt{\pi}}{2 \sqrt{K}} \operatorname{erf}(\sqrt{K})

a warm-up in a straight line from nothing at :math:`R = 1 - F(\sqrt{K})/\sqrt{K}` with Dawson's function F, and a fall
in a straight line whose decay per step is held (not multiplied by the schedule) at

.. math:: R = \frac{1 - e^{-2 K} (1 + 2 K)}{2 K^2}

Assumptions
-----------
1. The equilibrium's variance is proportional to the learning rate, its forgetting per step to the learning rate: SGD of
   any kind, and the normalised steps, at small rates. Held decay: the variance goes as the square of the rate.
2. The memory of the optimizer's own buffers is short against the phase.

Range: rates far below one minus the optimizer's memory. Error: of the order of their ratio; `theory.trajectory` has
none.

References
----------
The average of the updates: Wang and Aitchison 2024 (arXiv:2405.13698). The closed forms are derived here.
"""

from __future__ import annotations

import sympy as sp

from theory.algebra.derived import derived
from theory.algebra.proof import Derivation, Step

__all__ = ["K", "derive_schedules", "s"]

K = sp.Symbol("K", positive=True)
s, sigma = sp.symbols("s sigma", nonnegative=True)
R = sp.Function("R")


def _flow(factor: sp.Expr, variance: sp.Expr) -> sp.Expr:
    """Return dR/ds as the limit of small steps of V' = (1 - eta k)^2 V + eta^2 q, whose equilibrium is eta q / 2k."""
    rate, k, q = sp.symbols("eta k q", positive=True)
    peak = rate * q / (2 * k)
    now = variance * peak
    later = (1 - factor * rate * k) ** 2 * now + (factor * rate) ** 2 * q
    return sp.expand(sp.limit(sp.expand((later - now) / peak / (rate * k)), rate, 0) * K)


def _solves(path: sp.Expr, factor: sp.Expr, start: int) -> list[sp.Expr]:
    """Return what vanishes if a path solves the flow and begins at `start`."""
    flow = sp.diff(path, s) - 2 * K * factor * (factor - path)
    return [flow, sp.limit(path, s, 0) - start]


@derived
def derive_schedules() -> Derivation:
    """Derive what the phases of a schedule leave of the peak's equilibrium variance.

    Examples
    --------
    >>> derive_schedules().check()["linear fall"]
    Eq(R, sqrt(pi)*erf(sqrt(K))/(2*sqrt(K)))
    """
    y = 1 - s  # the remaining fraction
    root = sp.sqrt(K)
    end = sp.Symbol("R")
    falling = (y * root + sp.sqrt(sp.pi) / 2 * sp.exp(K * y**2) * (sp.erf(root) - sp.erf(root * y))) / root
    linear = sp.sqrt(sp.pi) * sp.erf(root) / (2 * root)
    dawson = sp.sqrt(sp.pi) / 2 * sp.exp(-K * s**2) * sp.erfi(root * s)
    rising = s - dawson / root
    held = sp.exp(-2 * K) * sp.integrate(sp.exp(2 * K * sigma) * 2 * K * (1 - sigma) ** 2, (sigma, 0, s)) + 0
    held_end = (1 - sp.exp(-2 * K) * (1 + 2 * K)) / (2 * K**2)
    steps = (
        Step(
            "flow",
            sp.Eq(sp.Derivative(R(s), s), 2 * K * sp.Function("e")(s) * (sp.Function("e")(s) - R(s))),
            "The variance runs after its equilibrium, which is $e$ times the peak's, at the rate $2 K e$.",
            lambda eq: [eq.rhs - _flow(sp.Function("e")(s), R(s))],
        ),
        Step(
            "linear fall",
            sp.Eq(end, linear),
            "A fall $e = 1 - s$ from the peak's equilibrium; the path is checked in the flow, then taken to its end.",
            lambda eq: [*_solves(falling, y, 1), falling.subs(s, 1) - eq.rhs],
        ),
        Step(
            "linear warm-up",
            sp.Eq(end, 1 - sp.sqrt(sp.pi) / 2 * sp.exp(-K) * sp.erfi(root) / root),
            "A rise $e = s$ from weights of zero: Dawson's function.",
            lambda eq: [*_solves(rising, s, 0), rising.subs(s, 1) - eq.rhs],
        ),
        Step(
            "held decay",
            sp.Eq(end, held_end),
            "A fall whose decay per step is held: the equilibrium goes as $e^2$ and is forgotten at the rate $2 K$.",
            lambda eq: [sp.exp(-2 * K) + held.subs(s, 1) - eq.rhs],
        ),
    )
    return Derivation(steps, linear)
