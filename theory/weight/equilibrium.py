r"""Where weight decay holds a weight: the public face of the derivation.

.. math:: E w^2 = \frac{\eta}{(2 - \eta\lambda/n) \lambda}

with the defaults (white gradient noise of size :math:`1/\sqrt n`, no curvature). With noise that keeps its sign the
scale tends to :math:`\sqrt n/\lambda` instead, the literal balance of decay and gradient; one formula, that of
`theory.weight.derivations.plain`, covers both. Assumptions, range and references are stated there. Exact: no error
order.
"""

from __future__ import annotations

from typing import Any

from theory.settings.representable import representable
from theory.settings.types import Given
from theory.weight.inverse_sqrt_n import InverseSqrtN
from theory.weight.law import law_that_holds, refuse_unknown_noise
from theory.weight.problem import PLAIN, posed
from theory.weight.stationary import Equilibrium

__all__ = ["Equilibrium", "InverseSqrtN", "equilibrium"]


@representable
def equilibrium(
    n: Given | None = None,
    lam: Given | None = None,
    eta: Given | None = None,
    *,
    lr: Given | None = None,
    weight_decay: Given | None = None,
    noise: Given | None = None,
    correlation: Given = 0.0,
    curvature: Given = 0.0,
    optimizer: Any = PLAIN,
    shape: tuple[int, ...] | None = None,
) -> Equilibrium:
    """Predict where weight decay holds a weight, and how fast it gets there.

    One formula covers the two pictures people have of it. White gradient noise (`correlation` 0) makes the weight a
    random walk held back by decay, of scale sqrt(eta / 2 lam). Noise that keeps its sign (`correlation` to 1) is
    balanced by the decay term literally, and the scale is sqrt(n) / lam.

    Parameters
    ----------
    n : float, ndarray or Expr
        Number of training examples in the decay term eta lam w / n.
    lam : float, ndarray or Expr
        Regularisation parameter of the cost (lam / 2n) sum w^2.
    eta : float, ndarray or Expr
        Learning rate per step.
    lr, weight_decay : float or ndarray
        In place of n, lam and eta: PyTorch's words, eta and lam/n.
    noise : float, ndarray or Expr, optional
        Standard deviation of the gradient noise per weight. Default 1/sqrt(n); with lr and weight_decay it must be
        given where the law depends on it.
    correlation : float, ndarray or Expr
        Autocorrelation of that noise from one step to the next (AR(1)), between -1 and 1. Default 0: white.
    curvature : float, ndarray or Expr
        Second derivative of the cost C0 in the weight. Default 0.
    optimizer : SGD, SGDW, Adam, AdamW, Lion, ..., a name such as "adamw", or one registered with `theory.law_of`
        Each as its namesake in `torch.optim`. Default: SGD without momentum.
    shape : (int, int), optional
        Rows and columns of the weight's matrix, where the law depends on them (Muon).

    Returns
    -------
    Equilibrium
        With `.scale`, `.variance`, `.relaxation_time`, `.rms(steps, start)` and more; `.method` says whether it is
        "exact", a "quadrature" or "approximate". Arrays broadcast; SymPy symbols in, SymPy expressions out.
        `float(eq)` is `eq.scale`.

    Raises
    ------
    InvalidArgument
        n, eta or noise not positive, lam negative, abs(correlation) not below 1, or anything NaN or infinite.
    NoEquilibrium
        lam = 0 without curvature (the variance grows without bound), or eta (lam/n + curvature) >= 2 (the step
        overshoots); with momentum, a Jury condition is violated. The message names the condition and the largest
        learning rate that satisfies it. AMSGrad, Adagrad, Adafactor, ASGD with lambd and the schedule-free rules are
        never stationary: `theory.trajectory` answers for them.
    NotImplementedError
        A combination whose law has not been derived, such as noise with a memory beyond SGD, or rates beyond those at
        which an approximate law was measured; the message says what is available.

    Notes
    -----
    Exact in discrete time for noise that does not depend on the weight, whatever its distribution under SGD of any
    kind, and Gaussian under every other optimizer; `theory.derive()` shows the steps. `.method` says how the variance
    comes about, `.accuracy` the relative error that was measured; the module of a law states its range.

    References
    ----------
    See `theory.weight.derivations.plain`, `theory.weight.derivations.linear` and the optimizer's module in
    `theory.weight.laws`.

    Examples
    --------
    >>> eq = equilibrium(50_000, 5.0, 0.1)
    >>> print(f"{eq.scale:.8f} {eq.balance:.7f} {eq.shrink} {eq.relaxation_time:.1f}")
    0.10000025 44.7213595 0.99999 99999.5
    >>> print(f"{equilibrium(lr=3e-4, weight_decay=0.1, optimizer='adamw').scale:.5f}")
    0.03871
    >>> import theory
    >>> eq = equilibrium(50_000, 5.0, 0.1, optimizer=theory.SGD(momentum=0.9))
    >>> print(f"{eq.scale:.6f} {eq.relaxation_time:.1f} {eq.method}")
    0.316228 9990.5 exact
    """
    given = {"n": n, "lam": lam, "eta": eta, "lr": lr, "weight_decay": weight_decay}
    model = {"noise": noise, "correlation": correlation, "curvature": curvature}
    problem = posed(given | model, optimizer, shape)
    law = law_that_holds(problem)
    refuse_unknown_noise(law, noise)
    return Equilibrium(problem, law)
