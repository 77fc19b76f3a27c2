r"""What holds a whole layer at its scale: the balance of decay, noise and signal in its squared norm.

.. math:: \|w\|^2 = \frac{\eta^2 G - 2 a \eta A}{1 - a^2}

in any stationary state, with :math:`a = 1 - \eta\lambda/n`, :math:`G = E\|g\|^2` and :math:`A = E\langle w, g\rangle`,
g being the minibatch-mean gradient of C_0 (without the decay term) at the weights before the step. Decay is on the
left; on the right what the gradient noise puts in, and what the signal puts in (A negative: the cost wants
larger weights) or takes out (A positive). Off equilibrium the same three terms, per step, say why a layer grows or
shrinks now.

Assumptions
-----------
1. The update is plain SGD with weight decay, w' = a w - eta g; nothing is assumed of the network, the cost or the data.
2. For the stationary norm: the second moments of the weights are stationary.

Range: any eta, lam > 0 with 0 < eta lam / n < 2. Exact: no error order.

References
----------
Yaida, "Fluctuation-dissipation relations for stochastic gradient descent", ICLR 2019 (arXiv:1810.00004): the same
identity with the decay written as part of the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from theory.errors import InvalidArgument, NoEquilibrium
from theory.settings import DecayRule, check_range, check_shapes, finite, non_negative, whole_number
from theory.settings.types import Value
from theory.weight.problem import number

__all__ = ["Budget", "NormBalance", "derive_norm_balance", "norm_balance", "norm_budget"]


@dataclass(frozen=True)
class Budget:
    """What one step does to a layer's squared norm, term by term.

    Attributes
    ----------
    decay, noise, signal : float or ndarray
        Change of ||w||^2 per step by weight decay (never positive), by the size of the gradient (never negative), and
        by its alignment with the weights (either).
    """

    decay: Value
    noise: Value
    signal: Value

    @property
    def total(self) -> Value:
        """The whole change of ||w||^2 per step."""
        return self.decay + self.noise + self.signal


@dataclass(frozen=True)
class NormBalance:
    """The stationary squared norm of a layer, predicted from its gradient statistics.

    Attributes
    ----------
    norm_sq : float or ndarray
        Stationary E||w||^2.
    norm_sq_error : float, ndarray or None
        Its standard error, where errors of the statistics were given.
    """

    norm_sq: Value
    norm_sq_error: Value | None = None

    def rms(self, weights: int) -> Value:
        """Return the root mean square of the layer's weights, of which there are `weights`."""
        whole_number("weights", weights)
        return np.sqrt(self.norm_sq / weights)

    def rms_error(self, weights: int) -> Value:
        """Return the standard error of `rms`; InvalidArgument if no errors were given."""
        if self.norm_sq_error is None:
            raise InvalidArgument("no error is known: give grad_sq_error and alignment_error to norm_balance.")
        return self.norm_sq_error / (2 * np.sqrt(self.norm_sq * weights))


@lru_cache
def derive_norm_balance() -> Any:
    """Derive the balance in SymPy from the update, summed over the weights of a layer; return a Derivation.

    Examples
    --------
    >>> derive_norm_balance().check()["stationary norm"]
    Eq(W, (-2*A*a*eta + G*eta**2)/(x*(2 - x)))
    """
    import sympy as sp

    from theory.algebra.proof import Derivation, Step
    from theory.symbols import a, eta, g, w, x

    W, A, G = sp.symbols("W A G", real=True)
    following = sp.Symbol("W'", real=True)

    def summed(expression: sp.Expr) -> sp.Expr:
        """Sum a quadratic form over the layer's weights and average it."""
        terms = sp.Poly(sp.expand(expression), w, g).terms()
        return sp.Add(*(c * {(2, 0): W, (1, 1): A, (0, 2): G}[powers] for powers, c in terms))

    one_step = a**2 * W - 2 * a * eta * A + eta**2 * G
    stationary = (eta**2 * G - 2 * a * eta * A) / (x * (2 - x))
    decay, noise, signal = -x * (2 - x) * W, eta**2 * G, -2 * a * eta * A
    steps = (
        Step(
            "norm after a step",
            sp.Eq(following, one_step),
            "Square the update, sum over the layer and average: $W = E norm(w)^2$, $A = E w dot g$, $G = E norm(g)^2$.",
            lambda eq: [eq.rhs - summed((a * w - eta * g) ** 2)],
        ),
        Step(
            "budget",
            sp.Eq(following - W, sp.Add(decay, noise, signal, evaluate=False)),
            "The same as a change per step: decay, noise, signal; $1 - a^2 = x (2 - x)$.",
            lambda eq: [(eq.rhs - (one_step - W)).subs(a, 1 - x)],
        ),
        Step(
            "stationary norm",
            sp.Eq(W, stationary),
            "In the stationary state the three terms cancel.",
            lambda eq: [(one_step.subs(W, eq.rhs) - eq.rhs).subs(a, 1 - x)],
        ),
    )
    return Derivation(steps, stationary)


@lru_cache
def _laws() -> tuple[Callable[..., Value], Callable[..., Value], Callable[..., Value]]:
    """Compile the stationary norm and its two derivatives, by G and by A, as functions of x, eta, G, A."""
    import sympy as sp

    from theory.symbols import a, eta, x

    law = derive_norm_balance()["stationary norm"].rhs.subs(a, 1 - x)
    A, G = (next(s for s in law.free_symbols if s.name == name) for name in "AG")
    return tuple(sp.lambdify([x, eta, G, A], form) for form in (law, sp.diff(law, G), sp.diff(law, A)))


def norm_budget(n: Value, lam: Value, eta: Value, *, norm_sq: Value, grad_sq: Value, alignment: Value) -> Budget:
    """Say what one step does to a layer's squared norm: decay, noise, signal.

    Parameters
    ----------
    n, lam, eta : float or ndarray
        Training examples in the decay term, regularisation parameter, learning rate per step. They broadcast.
    norm_sq, grad_sq, alignment : float or ndarray
        ||w||^2, E||g||^2 and E<w, g> of the layer.

    Returns
    -------
    Budget
        The three terms, per step.

    Raises
    ------
    InvalidArgument
        A number out of range.

    Examples
    --------
    >>> budget = norm_budget(100, 10.0, 0.1, norm_sq=4.0, grad_sq=2.0, alignment=-0.3)
    >>> print(f"{budget.decay:.4f} {budget.noise:.4f} {budget.signal:.4f}")
    -0.0796 0.0200 0.0594
    """
    n, lam, eta, norm_sq, grad_sq, alignment = _numbers(
        n=n, lam=lam, eta=eta, norm_sq=norm_sq, grad_sq=grad_sq, alignment=alignment
    )
    DecayRule(n, lam, eta)
    non_negative("norm_sq", norm_sq)
    _check_statistics(grad_sq, alignment)
    x = eta * lam / n
    if np.any(x > 2):
        raise InvalidArgument(f"eta lam / n must be at most 2, got {np.max(x):g}: it overshoots. Take a smaller eta.")
    return Budget(-x * (2 - x) * norm_sq, eta**2 * grad_sq, -2 * (1 - x) * eta * alignment)


def _numbers(**given: Value) -> tuple[Value, ...]:
    """Return the arguments as floats or arrays of floats that broadcast."""
    values = {name: number(name, value) for name, value in given.items()}
    check_shapes(values)
    return tuple(values.values())


def _check_statistics(grad_sq: Value, alignment: Value) -> None:
    non_negative("grad_sq", grad_sq, "It is the mean of ||g||^2.")
    finite("alignment", alignment, "It is the mean of <w, g>.")


def norm_balance(
    n: Value,
    lam: Value,
    eta: Value,
    *,
    grad_sq: Value,
    alignment: Value,
    grad_sq_error: Value | None = None,
    alignment_error: Value | None = None,
) -> NormBalance:
    """Predict the stationary squared norm of a layer from its gradient statistics.

    Parameters
    ----------
    n, lam, eta : float or ndarray
        Training examples in the decay term, regularisation parameter, learning rate per step. They broadcast.
    grad_sq, alignment : float or ndarray
        E||g||^2 and E<w, g> of the layer, g the minibatch-mean gradient of C0 without the decay term.
    grad_sq_error, alignment_error : float or ndarray, optional
        Their standard errors, taken as independent; give both or none.

    Returns
    -------
    NormBalance
        `.norm_sq` and, where errors went in, `.norm_sq_error`.

    Raises
    ------
    InvalidArgument
        A number out of range, or one error without the other.
    NoEquilibrium
        lam = 0, a step that overshoots, or statistics with which noise and signal together shrink the layer: it would
        fall towards zero, and there is no stationary norm to predict.

    References
    ----------
    See the module's docstring.

    Examples
    --------
    >>> print(f"{norm_balance(100, 10.0, 0.1, grad_sq=2.0, alignment=-0.3).norm_sq:.6f}")
    3.989950
    """
    n, lam, eta, grad_sq, alignment = _numbers(n=n, lam=lam, eta=eta, grad_sq=grad_sq, alignment=alignment)
    DecayRule(n, lam, eta)
    _check_statistics(grad_sq, alignment)
    x = eta * lam / n
    _refuse_without_norm(np.asarray(x), np.asarray(eta**2 * grad_sq - 2 * (1 - x) * eta * alignment))
    law, by_grad_sq, by_alignment = _laws()
    norm_sq = law(x, eta, grad_sq, alignment)
    if grad_sq_error is None and alignment_error is None:
        return NormBalance(norm_sq)
    if grad_sq_error is None or alignment_error is None:
        raise InvalidArgument("give both grad_sq_error and alignment_error, or none of them.")
    non_negative("grad_sq_error", grad_sq_error)
    non_negative("alignment_error", alignment_error)
    from_grad_sq = by_grad_sq(x, eta, grad_sq, alignment) * grad_sq_error
    from_alignment = by_alignment(x, eta, grad_sq, alignment) * alignment_error
    return NormBalance(norm_sq, np.hypot(from_grad_sq, from_alignment))


def _refuse_without_norm(x: np.ndarray, drive: np.ndarray) -> None:
    if np.any(x == 0):
        raise NoEquilibrium("no stationary norm for lam = 0: nothing holds the layer back. Take lam above 0.")
    check_range("eta lam / n", x, 0, 2, hint="The step overshoots. Take a smaller eta.")
    if np.any(drive <= 0):
        where = "" if drive.ndim == 0 else f" at index {tuple(int(i) for i in np.argwhere(drive <= 0)[0])}"
        worst = float(drive[drive <= 0].flat[0]) if drive.ndim else float(drive)
        raise NoEquilibrium(
            f"no stationary norm{where}: noise and signal together change ||w||^2 by {worst:.4g} per step, so nothing "
            "holds the layer up against decay. Use statistics from later in the run."
        )
