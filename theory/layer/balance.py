r"""What holds a whole layer at its scale: the balance of decay, noise and signal in its squared norm.

.. math:: \|w\|^2 = \frac{\eta^2 G - 2 a \eta A}{1 - a^2}

in any stationary state, with :math:`a = 1 - \eta\lambda/n`, :math:`G = E\|g\|^2` and :math:`A = E\langle w, g\rangle`,
g being the minibatch-mean gradient of C_0 (without the decay term) at the weights before the step. The numerator is
what the gradient's size and its alignment with the weights add in one step, the denominator the fraction that decay
takes away. The same terms off equilibrium: `theory.layer.budget`.

Assumptions
-----------
1. The update is plain SGD with weight decay, w' = a w - eta g; nothing is assumed of the network, the cost or the data.
2. The second moments of the weights are stationary.

Range: any eta, lam > 0 with 0 < eta lam / n < 2. Exact: no error order. What people train with, to leading order in the
rate: heavy-ball momentum with eta over 1 - momentum for eta (`momentum=`), and decoupled decay with a preconditioner P,
such as AdamW, with the moments of P g for those of g.

References
----------
Yaida, "Fluctuation-dissipation relations for stochastic gradient descent", ICLR 2019 (arXiv:1810.00004): the same
identity with the decay written as part of the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from theory.errors import InvalidArgument, NoEquilibrium
from theory.layer.budget import budget_terms, derive_norm_balance, layer_numbers
from theory.settings import (
    check_fraction,
    check_labels,
    check_range,
    check_shapes,
    non_negative,
    one_number,
    representable,
    whole_number,
)
from theory.settings.notebook import InNotebook
from theory.settings.types import Number
from theory.weight.problem import number

__all__ = ["NormBalance", "norm_balance"]


@dataclass(frozen=True)
class NormBalance(InNotebook, answer=("norm_sq",)):
    """The stationary squared norm of a layer, predicted from its gradient statistics.

    Attributes
    ----------
    norm_sq : float or ndarray
        Stationary E||w||^2.
    norm_sq_error : float, ndarray or None
        Its standard error, where errors of the statistics were given.
    """

    norm_sq: Number
    norm_sq_error: Number | None = None

    @representable
    def rms(self, weights: int) -> Number:
        """Return the root mean square of the layer's weights, of which there are `weights`."""
        whole_number("weights", weights)
        return np.sqrt(self.norm_sq / weights)

    @representable
    def rms_error(self, weights: int) -> Number:
        """Return the standard error of `rms`; InvalidArgument if no errors were given."""
        if self.norm_sq_error is None:
            raise InvalidArgument("no error is known: give grad_sq_error and alignment_error to norm_balance.")
        whole_number("weights", weights)
        return self.norm_sq_error / (2 * np.sqrt(self.norm_sq * weights))


@lru_cache
def _laws() -> tuple[Callable[..., Number], Callable[..., Number], Callable[..., Number]]:
    """Compile the stationary norm and its two derivatives, by G and by A, as functions of x, eta, G, A."""
    import sympy as sp

    from theory.symbols import a, eta, x

    law = derive_norm_balance().result.subs(a, 1 - x)
    A, G = sp.symbols("A G", real=True)
    return tuple(sp.lambdify([x, eta, G, A], form) for form in (law, sp.diff(law, G), sp.diff(law, A)))


@representable
def norm_balance(
    n: Number,
    lam: Number,
    eta: Number,
    *,
    grad_sq: Number,
    alignment: Number,
    grad_sq_error: Number | None = None,
    alignment_error: Number | None = None,
    momentum: float = 0.0,
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
    momentum : float
        Of a heavy ball that sums the gradients, as torch's SGD, in [0, 1): a gradient then counts 1 / (1 - momentum)
        times. Where nothing but white noise holds the layer, `norm_sq` is too high by the fraction
        momentum / (1 + momentum) of the decay per step; g is the gradient before momentum.

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

    AdamW with lr 1e-3 and weight_decay 0.1, from its preconditioned gradients:

    >>> print(f"{norm_balance(1, 0.1, 1e-3, grad_sq=2.0, alignment=-0.3).norm_sq:.4f}")
    3.0099
    """
    errors = {"grad_sq_error": grad_sq_error, "alignment_error": alignment_error}
    check_labels({"grad_sq": grad_sq, "alignment": alignment, **errors})
    check_fraction("momentum", one_number("momentum", momentum))
    n, lam, eta, grad_sq, alignment = layer_numbers(n=n, lam=lam, eta=eta, grad_sq=grad_sq, alignment=alignment)
    eta = eta / (1 - momentum)
    x = eta * lam / n
    _, noise, signal = budget_terms(x, eta, 1.0, grad_sq, alignment)
    _refuse_without_norm(np.asarray(x), np.asarray(noise + signal))
    law, by_grad_sq, by_alignment = _laws()
    norm_sq = law(x, eta, grad_sq, alignment)
    if grad_sq_error is None and alignment_error is None:
        return NormBalance(norm_sq)
    if grad_sq_error is None or alignment_error is None:
        raise InvalidArgument("give both grad_sq_error and alignment_error, or none of them.")
    grad_sq_error, alignment_error = (number(name, value) for name, value in errors.items())
    non_negative("grad_sq_error", grad_sq_error)
    non_negative("alignment_error", alignment_error)
    check_shapes({"grad_sq": grad_sq, "grad_sq_error": grad_sq_error, "alignment_error": alignment_error})
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
