r"""The equilibrium of a weight under momentum, derived step by step from PyTorch's update rule.

.. math:: P = M P M^{\mathsf T} + B B^{\mathsf T}, \qquad E w^2 = P_{00}

for the state (weight, buffer), and the noise as third component where it has a memory. Every step is proved by putting
it back: the stationary moments into the recursion of second moments, the closed form into the moments.

Assumptions, range and references: those of `theory.weight.derivations.linear`. Exact in discrete time: no error order.
"""

from __future__ import annotations

import sympy as sp

from theory.algebra.derived import derived
from theory.algebra.proof import Derivation, Step
from theory.algebra.recursion import LinearRecursion
from theory.symbols import NEXT, V, d, delta, eta, g, h, lam, mu, n, r, sigma, u, w, x, y, z
from theory.weight.derivations.linear import LinearMoments, momentum_recursion

__all__ = ["derive_momentum"]

NEXT_BUFFER = sp.Symbol("u'", real=True)
CONDITIONS = {
    "no runaway": "The characteristic polynomial at 1: decay and curvature together must hold the weight.",
    "no overshoot": "The characteristic polynomial at -1: the step must not overshoot.",
    "fading buffer": "One minus the product of the eigenvalues: the buffer must not feed itself.",
}


@derived
def derive_momentum(nesterov: bool, decoupled: bool, correlated: bool, dampened: bool = False) -> Derivation:
    """Derive the stationary variance under momentum (see `theory.derive`).

    Examples
    --------
    >>> derive_momentum(nesterov=False, decoupled=False, correlated=False).check()["small steps"]
    Eq(V, eta*sigma**2/((2 - 2*mu)*(h + lambda/n)))
    """
    law = _law(nesterov, decoupled, correlated, dampened)
    rates = _rates(decoupled)
    steps = [
        *_update_steps(nesterov, decoupled, dampened),
        *_moment_steps(law),
        *_stability_steps(law),
        _small_step(law, rates, decoupled, dampened),
    ]
    return Derivation(tuple(steps), law.variance.subs({**rates, d: 1 - r}))


def _law(nesterov: bool, decoupled: bool, correlated: bool, dampened: bool) -> LinearMoments:
    """Return the law of the recursion; with coupled decay y = 0 from the start, which is how people write it."""
    rule = momentum_recursion(nesterov, dampened)
    if not decoupled:
        rule = LinearRecursion(rule.state, rule.M.subs(y, 0), rule.B)
    return LinearMoments(rule, correlated)


def _rates(decoupled: bool) -> dict[sp.Symbol, sp.Expr]:
    return {x: eta * h, y: eta * lam / n} if decoupled else {x: eta * (lam / n + h)}


def _update_steps(nesterov: bool, decoupled: bool, dampened: bool) -> list[Step]:
    """State PyTorch's rule in x, y and the buffer times eta; proved against the rule written with eta, lam and h."""
    rates = _rates(decoupled)
    k = lam / n
    gradient = (h if decoupled else h + k) * w + g
    enters = 1 - delta if dampened else sp.Integer(1)
    buffer = mu * u / eta + enters * gradient  # PyTorch's: u is eta times it
    kept = (1 - eta * k if decoupled else 1) * w
    direction = gradient + mu * buffer if nesterov else buffer
    pull = x * w + eta * g
    new_buffer = mu * u + enters * pull
    new_weight = (1 - y if decoupled else 1) * w - (pull + mu * NEXT_BUFFER if nesterov else NEXT_BUFFER)
    what = "decoupled: it leaves the buffer alone" if decoupled else "in the gradient: it goes through the buffer"
    shrink = Step(
        "decoupled part",
        sp.Eq(y, eta * k),
        "What a step takes away beside the gradient.",
        lambda eq: [sp.diff(w - kept, w) - eq.rhs],
    )
    return [
        Step(
            "gradient's part",
            sp.Eq(x, rates[x]),
            "What a step takes away through the gradient. The decay is " + what + ".",
            lambda eq: [sp.diff(eta * gradient, w) - eq.rhs],
        ),
        *([shrink] if decoupled else []),
        Step(
            "buffer",
            sp.Eq(NEXT_BUFFER, new_buffer),
            "The momentum buffer in units of a step, $u = eta v$.",
            lambda eq: [eq.rhs.subs(rates) - eta * buffer],
        ),
        Step(
            "update",
            sp.Eq(NEXT[w], new_weight),
            "The new weight" + (", ahead along the new buffer (Nesterov)." if nesterov else "."),
            lambda eq: [eq.rhs.subs(NEXT_BUFFER, new_buffer).subs(rates) - (kept - eta * direction)],
        ),
    ]


def _moment_steps(law: LinearMoments) -> list[Step]:
    """The stationary moments, proved by putting all of them back into P = M P M^T + B B^T; then the closed form."""
    P, state = law.covariance, law.driven.state
    residual = P - law.driven.one_step(P)
    steps = []
    for i in range(len(law.recursion.state)):
        name = sp.Symbol(f"P_{state[i]}{state[i]}")
        steps.append(
            Step(
                f"stationary {state[i]}",
                sp.Eq(name, P[i, i]),
                f"The mean square of ${state[i]}$: the state's second moments $P$ solve $P = M P M^T + B B^T$.",
                lambda eq, i=i: [eq.rhs - P[i, i], *residual[i, :]],  # type: ignore[misc]
            )
        )
    steps.append(
        Step(
            "equilibrium",
            sp.Eq(V, law.variance),
            "The same over the product of what must be positive, where nothing cancels for small rates"
            + (" ($d = 1 - r$)." if law.correlated else "."),
            lambda eq: [eq.rhs.subs(d, 1 - r) - P[0, 0]],
        )
    )
    return steps


def _stability_steps(law: LinearMoments) -> list[Step]:
    """The characteristic polynomial and the three Jury conditions, which are its values and its last coefficient."""
    polynomial = law.recursion.characteristic()
    M = law.recursion.M
    size = len(law.recursion.state)
    proofs = (sp.det(sp.eye(size) - M), sp.det(sp.eye(size) + M), 1 - sp.det(M))
    steps = [
        Step(
            "modes",
            sp.Eq(sp.collect(polynomial, z), 0),
            "Its roots are the factors per step of the two modes; the larger sets the relaxation time.",
            lambda eq: [eq.lhs - (z * sp.eye(size) - M).det()],
        )
    ]
    for number, (name, reason) in enumerate(CONDITIONS.items()):
        steps.append(
            Step(
                name,
                sp.Eq(sp.Symbol(f"J_{number + 1}"), law.conditions[number]),
                reason + " Must be positive.",
                lambda eq, value=proofs[number]: [eq.rhs - value],  # type: ignore[misc]
            )
        )
    return steps


def _small_step(law: LinearMoments, rates: dict[sp.Symbol, sp.Expr], decoupled: bool, dampened: bool) -> Step:
    """The leading order in the learning rate, proved as a limit."""
    k, enters = lam / n, 1 - delta if dampened else sp.Integer(1)
    strength = (1 - mu) * k + enters * h if decoupled else enters * (k + h)
    claim = eta * (enters * sigma) ** 2 / (2 * (1 - mu) * strength)
    exact = law.variance.subs({**rates, d: 1 - r})
    if law.correlated:
        claim *= (1 + r) / (1 - r)
    return Step(
        "small steps",
        sp.Eq(V, claim),
        "The leading order in $eta$.",
        lambda eq: [sp.limit(sp.cancel(exact / eta), eta, 0) - eq.rhs / eta],
    )
