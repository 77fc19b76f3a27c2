r"""The equilibrium of one weight under decay and gradient noise, derived step by step from the update rule.

.. math:: E w^2 = \frac{\eta^2 \sigma^2 (1 + a r)}{(1 - a^2)(1 - a r)}

with :math:`a = 1 - x`, :math:`x = \eta(\lambda/n + h)`: the stationary variance of a weight. Its two limits are the
random walk held back by decay (r = 0) and the literal balance of decay and gradient (r to 1).

Assumptions
-----------
1. The gradient of the weight is `h w + g`: a constant curvature and noise that does not depend on w.
2. g has zero mean, standard deviation `sigma` and autocorrelation `r^k` at lag k (AR(1)); white noise is r = 0.
3. The noise has been running for ever when the clock starts, and the start weight does not know it.

Range: 0 < x < 2 and abs(r) < 1. Exact in discrete time: no error order. The distribution of the noise does not matter.

References
----------
Liu, Ziyin and Ueda, "Noise and Fluctuation of Finite Learning Rate Stochastic Gradient Descent", ICML 2021
(arXiv:2012.03636): the white case in discrete time. Mandt, Hoffman and Blei, "Stochastic Gradient Descent as
Approximate Bayesian Inference", JMLR 18 (2017): its small-step limit. With r the weight is an AR(2) process: Box and
Jenkins, *Time Series Analysis*, section 3.2.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from theory.algebra.derived import derived
from theory.algebra.proof import Derivation, Step
from theory.algebra.recursion import LinearRecursion
from theory.symbols import NEXT, C, V, a, d, eta, g, h, lam, n, r, sigma, t, w, w_start, x, xi

__all__ = ["DividedPower", "derive_plain"]

Eq = partial(sp.Eq, evaluate=False)  # a claim as it stands: whether it is true is for the proof to say


class DividedPower(sp.Function):
    """(a^t - r^t) / (a - r): a function of its own, so that its numeric form can stay exact where a meets r."""

    nargs = 3

    def doit(self, **hints: object) -> sp.Expr:
        """Return the quotient written out."""
        base, other, exponent = self.args
        return (base**exponent - other**exponent) / (base - other)


def _average(expression: sp.Expr) -> sp.Expr:
    """Take the expectation of a polynomial in the weight, its noise and the fresh noise xi."""
    moments = {(2, 0, 0): V, (1, 1, 0): C, (0, 2, 0): sigma**2, (0, 0, 2): 1, (0, 0, 0): 1}
    terms = sp.Poly(sp.expand(expression), w, g, xi).terms()
    return sp.Add(*(coefficient * moments.get(powers, 0) for powers, coefficient in terms))


def _variance(correlated: bool) -> sp.Expr:
    """Return the result, arranged to stay exact for small x and for r near 1 (d = 1 - r)."""
    white = eta**2 * sigma**2 / (x * (2 - x))
    return white * (1 + (1 - x) * (1 - d)) / (d + (1 - d) * x) if correlated else white


@derived
def derive_plain(correlated: bool) -> Derivation:
    """Derive the stationary variance without momentum (see `theory.derive`)."""
    steps = _moment_steps(correlated) + _solution_steps(correlated) + _limit_steps(correlated)
    rate = {x: eta * (lam / n + h), d: 1 - r}
    return Derivation(tuple(steps), _variance(correlated).subs(rate))


def _moment_steps(correlated: bool) -> list[Step]:
    """From the update rule to the recursion of the second moments."""
    update = a * w - eta * g
    steps = [
        Step(
            "rate",
            Eq(x, eta * (lam / n + h)),
            "The fraction of a weight that one step takes away, decay and curvature together; it leaves $a = 1 - x$.",
            lambda eq: [sp.diff(w - eta * lam / n * w - eta * (h * w + g), w) - (1 - eq.rhs)],
        ),
        Step(
            "update",
            Eq(NEXT[w], update),
            "The minibatch rule $w - eta lambda w \\/ n - eta (h w + g)$, with $a = 1 - x$.",
            lambda eq: [eq.rhs.subs(a, 1 - eta * (lam / n + h)) - (w - eta * lam / n * w - eta * (h * w + g))],
        ),
    ]
    noise = r * g + sigma * sp.sqrt(1 - r**2) * xi
    if correlated:
        steps.append(
            Step(
                "noise",
                Eq(NEXT[g], noise),
                "Noise with memory: standard deviation $sigma$, lag-one correlation $r$, driven by white noise $xi$.",
                lambda eq: [_average(eq.rhs**2) - sigma**2, _average(eq.rhs * g) - r * sigma**2],
            )
        )
    steps.append(
        Step(
            "second moment",
            Eq(NEXT[V], sp.expand(_average(update**2)) if correlated else a**2 * V + eta**2 * sigma**2),
            "Square the update and average; $V = E w^2$"
            + (
                ", $C = E w g$."
                if correlated
                else ". White noise does not know the weight, so the cross term vanishes."
            ),
            lambda eq: [eq.rhs - _average(update**2).subs({} if correlated else {C: 0})],
        )
    )
    if correlated:
        steps.append(
            Step(
                "cross moment",
                Eq(NEXT[C], r * (a * C - eta * sigma**2)),
                "Multiply update and noise and average: the weight remembers the noise that pushed it.",
                lambda eq: [eq.rhs - _average(update * noise)],
            )
        )
    return steps


def _recursion(correlated: bool) -> LinearRecursion:
    if not correlated:
        return LinearRecursion((w,), sp.Matrix([[a]]), sp.Matrix([[eta * sigma]]))
    return LinearRecursion((w, g), sp.Matrix([[a, -eta], [0, r]]), sp.Matrix([0, sigma * sp.sqrt(1 - r**2)]))


def _solution_steps(correlated: bool) -> list[Step]:
    """Stationary variance and transient, proved by putting them back into the recursion."""
    memory = -eta * sigma**2 * r / (1 - a * r)
    stationary = eta**2 * sigma**2 / (1 - a**2) * ((1 + a * r) / (1 - a * r) if correlated else 1)
    recursion = _recursion(correlated)

    def fixed_point(eq: sp.Eq) -> list[sp.Expr]:
        P = sp.Matrix([[eq.rhs, memory], [memory, sigma**2]]) if correlated else sp.Matrix([[eq.rhs]])
        return [*(P - recursion.one_step(P)), eq.rhs - recursion.stationary_covariance()[0]]

    steps = []
    if correlated:
        steps.append(
            Step(
                "stationary cross moment",
                Eq(C, memory),
                "In the stationary state $C' = C$.",
                lambda eq: [eq.rhs - r * (a * eq.rhs - eta * sigma**2)],
            )
        )
    steps += [
        Step("equilibrium", Eq(V, stationary), "In the stationary state $V' = V$: decay against noise.", fixed_point),
        Step(
            "stable form",
            Eq(V, _variance(correlated)),
            "The same with $1 - a^2 = x (2 - x)$"
            + (" and $d = 1 - r$" if correlated else "")
            + ": no cancellation for small rates.",
            lambda eq: [eq.rhs.subs({x: 1 - a, d: 1 - r}) - stationary],
        ),
        _transient_step(correlated),
    ]
    return steps


def _transient_step(correlated: bool) -> Step:
    """E w_t^2 from a start weight that does not know the noise, whose memory is already stationary."""
    formula = a ** (2 * t) * w_start**2 + (1 - a ** (2 * t)) * V
    if correlated:
        formula -= 2 * eta**2 * sigma**2 * r * a**t * DividedPower(a, r, t) / (1 - a * r)

    def proof(eq: sp.Eq) -> list[sp.Expr]:
        # Written with p = a^t and q = r^t the claim is a rational identity that SymPy settles at once.
        p, q = sp.symbols("p q")
        stationary = _variance(correlated).subs({x: 1 - a, d: 1 - r})
        now = eq.rhs.doit().subs({a ** (2 * t): p**2, V: stationary}).subs({a**t: p, r**t: q})
        later = now.subs({p: a * p, q: r * q}, simultaneous=True)
        cross = (
            -eta * sigma**2 * r / (1 - a * r) * (1 - p * q) if correlated else 0
        )  # E w_t g_t: C' = r (a C - eta s^2)
        return [now.subs({p: 1, q: 1}) - w_start**2, later - (a**2 * now - 2 * a * eta * cross + eta**2 * sigma**2)]

    reason = "From a start weight $w_0$ after $t$ steps; it solves the recursion of $V$ with $V = w_0^2$ at $t = 0$."
    return Step("transient", Eq(sp.Symbol("V_t"), formula), reason, proof)


def _limit_steps(correlated: bool) -> list[Step]:
    """The two limits, and where each of them equals 1/sqrt(n)."""
    defaults = {h: 0, sigma: 1 / sp.sqrt(n)}
    variance = _variance(correlated).subs({x: eta * (lam / n + h), d: 1 - r})
    walk = Eq(V, eta / (lam * (2 - eta * lam / n)))
    steps = [
        Step(
            "random walk",
            walk,
            "White noise of size $1 \\/ sqrt(n)$, no curvature: a random walk held back by decay. "
            "$V$ tends to $eta \\/ 2 lambda$.",
            lambda eq: [variance.subs(r, 0).subs(defaults) - eq.rhs, sp.limit(eq.rhs, n, sp.oo) - eta / (2 * lam)],
        ),
        Step(
            "white noise meets 1/sqrt(n)",
            Eq(lam, n * ((1 - sp.sqrt(1 - n * eta**2 * sigma**2)) / eta - h)),
            "White noise gives the variance $1 \\/ n$ for this $lambda$ only (its mirror image $2 - x$ flips the "
            "sign at every step). With the defaults it is $lambda = eta n \\/ 2$ to leading order in $eta$.",
            lambda eq: [
                variance.subs(r, 0).subs(lam, eq.rhs) - 1 / n,
                sp.limit(eq.rhs.subs(defaults) / (eta * n / 2), eta, 0) - 1,
            ],
        ),
    ]
    if correlated:
        steps += [
            Step(
                "balance",
                Eq(sp.sqrt(V), sigma / (lam / n + h)),
                "Noise that keeps its sign ($r -> 1$): the step $eta sigma$ balances the decay literally.",
                lambda eq: [sp.limit(variance, r, 1) - eq.rhs**2],
            ),
            Step(
                "coherent noise meets 1/sqrt(n)",
                Eq(lam, n * (sigma * sp.sqrt(n) - h)),
                "The balance is $1 \\/ sqrt(n)$ for this $lambda$ only; with the defaults that is $lambda = n$.",
                lambda eq: [(sigma / (lam / n + h)).subs(lam, eq.rhs) - 1 / sp.sqrt(n), eq.rhs.subs(defaults) - n],
            ),
        ]
    return steps
