r"""What one step does to a layer's squared norm: decay, noise and signal.

.. math:: E\|w'\|^2 - \|w\|^2 = -(1 - a^2) \|w\|^2 + \eta^2 G - 2 a \eta A

with :math:`a = 1 - \eta\lambda/n`, :math:`G = E\|g\|^2` and :math:`A = E\langle w, g\rangle`, g being the
minibatch-mean gradient of C_0 (without the decay term) at the weights before the step. The terms say why a layer grows
or shrinks now: decay takes away, the gradient noise adds, and the signal adds (A negative: the cost wants larger
weights) or takes away (A positive). Where they cancel: `theory.layer.balance`.

Assumptions
-----------
1. The update is plain SGD with weight decay, w' = a w - eta g; nothing is assumed of the network, the cost or the data.

Range: any eta and lam with 0 <= eta lam / n <= 2. Exact: no error order.

References
----------
Yaida, "Fluctuation-dissipation relations for stochastic gradient descent", ICLR 2019 (arXiv:1810.00004).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from theory.algebra.derived import derived
from theory.settings import DecayRule, check_labels, check_range, check_shapes, finite, non_negative, representable
from theory.settings.axes import axes_or_current
from theory.settings.notebook import InNotebook
from theory.settings.types import Number
from theory.weight.problem import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from theory.algebra.proof import Derivation

__all__ = ["Budget", "budget_terms", "derive_norm_balance", "layer_numbers", "norm_budget"]


@dataclass(frozen=True)
class Budget(InNotebook, answer=("total",)):
    """What one step does to a layer's squared norm, term by term.

    Attributes
    ----------
    decay, noise, signal : float or ndarray
        Change of ||w||^2 per step by weight decay (never positive), by the size of the gradient (never negative), and
        by its alignment with the weights (either).
    """

    decay: Number
    noise: Number
    signal: Number

    @property
    @representable
    def total(self) -> Number:
        """The whole change of ||w||^2 per step."""
        return self.decay + self.noise + self.signal

    def plot(self, at: Any, *, axes: Axes | None = None, **line: Any) -> Axes:
        """Draw the three terms and their sum over `at`, such as the epochs at which they were measured.

        Parameters
        ----------
        at : array_like, shape of the terms
        axes : Axes, optional
            Of Matplotlib. Default: the current ones.
        **line
            Passed on to `Axes.plot`.

        Returns
        -------
        Axes
        """
        axes = axes_or_current(axes)
        for name in ("decay", "noise", "signal"):
            axes.plot(at, getattr(self, name), **({"label": name} | line))
        axes.plot(at, self.total, **(line | {"color": "black", "linestyle": "--", "label": "sum"}))
        axes.axhline(0, color="0.5", linewidth=0.7)
        axes.set_ylabel(r"change of $\|w\|^2$ per step")
        return axes


@derived
def derive_norm_balance() -> Derivation:
    """Derive budget and stationary norm in SymPy from the update, summed over the weights of a layer.

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
def _compiled() -> Callable[..., tuple[Number, Number, Number]]:
    """Compile the three terms of the derived budget, one for each of W, G and A, as functions of x, eta, W, G, A."""
    import sympy as sp

    from theory.symbols import a, eta, x

    W, G, A = sp.symbols("W G A", real=True)
    change = sp.collect(sp.expand(derive_norm_balance()["budget"].rhs), [W, G, A], evaluate=False)
    terms = [sp.factor(change[average]).subs(a, 1 - x) * average for average in (W, G, A)]
    return sp.lambdify([x, eta, W, G, A], terms)


def budget_terms(
    x: Number, eta: Number, norm_sq: Number, grad_sq: Number, alignment: Number
) -> tuple[Number, Number, Number]:
    """Return decay, noise and signal, evaluated from the derivation; x is eta lam / n, and nothing is checked.

    Examples
    --------
    >>> budget_terms(0.5, 1.0, 4.0, 2.0, -1.0)
    [-3.0, 2.0, 1.0]
    """
    return _compiled()(x, eta, norm_sq, grad_sq, alignment)


@representable
def norm_budget(n: Number, lam: Number, eta: Number, *, norm_sq: Number, grad_sq: Number, alignment: Number) -> Budget:
    """Return what one step does to a layer's squared norm: decay, noise, signal.

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

    References
    ----------
    See the module's docstring.

    Examples
    --------
    >>> budget = norm_budget(100, 10.0, 0.1, norm_sq=4.0, grad_sq=2.0, alignment=-0.3)
    >>> print(f"{budget.decay:.4f} {budget.noise:.4f} {budget.signal:.4f}")
    -0.0796 0.0200 0.0594
    """
    n, lam, eta, norm_sq, grad_sq, alignment = layer_numbers(
        n=n, lam=lam, eta=eta, norm_sq=norm_sq, grad_sq=grad_sq, alignment=alignment
    )
    non_negative("norm_sq", norm_sq)
    x = eta * lam / n
    hint = "The step overshoots. Take a smaller eta."
    check_range("eta lam / n", x, 0, 2, ends=(True, True), must="at most 2", hint=hint)
    return Budget(*budget_terms(x, eta, norm_sq, grad_sq, alignment))


def layer_numbers(**given: Number) -> tuple[Number, ...]:
    """Return a layer's numbers as floats or arrays of floats, checked: the decay rule's, `grad_sq`, `alignment`."""
    check_labels(given)
    values = {name: number(name, value) for name, value in given.items()}
    check_shapes(values)
    DecayRule(values["n"], values["lam"], values["eta"])
    non_negative("grad_sq", values["grad_sq"], "It is the mean of ||g||^2.")
    finite("alignment", values["alignment"], "It is the mean of <w, g>.")
    return tuple(values.values())
