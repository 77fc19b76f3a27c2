"""Scale-invariant weights (followed by a normalisation layer): the norm at which they settle, and how fast they turn.

The gradient is orthogonal to w and of size 1/norm. Each law has its own module, which states it with assumptions, range
and references: `theory.layer.rotation_sgd` (plain), `theory.layer.rotation_linear` (SGD with momentum of any kind),
`theory.layer.rotation_adamw` (AdamW, and RAdam with decoupled decay) and `theory.layer.rotation_normalised` (Lion,
Signum, and NAdam with decoupled decay). Another optimizer registers what makes its `Rotation` with `rotation_of`.
"""

from __future__ import annotations

import math
from functools import singledispatch

from theory.errors import InvalidArgument, NoEquilibrium
from theory.layer.rotation_adamw import AdamWRotation
from theory.layer.rotation_linear import LinearRotation
from theory.layer.rotation_normalised import NormalisedRotation
from theory.layer.rotation_sgd import SGDRotation
from theory.layer.rotational_equilibrium import Rotation
from theory.settings import (
    SGD,
    AdamW,
    DecayRule,
    Lion,
    NAdam,
    Optimizer,
    RAdam,
    Signum,
    one_number,
    positive,
    representable,
    shown,
    whole_number,
)
from theory.weight.equilibrium import equilibrium
from theory.weight.laws.normalised import NormalisedLaw

__all__ = ["Rotation", "rotation", "rotation_of"]

PLAIN = SGD()
LARGEST_RATE = 1 - math.sqrt(0.5)  # of eta lam/n under SGD: where (1 - eta lam/n)^2 is 1/2


@singledispatch
def rotation_of(optimizer: object, n: float, lam: float, eta: float, dimension: int, grad_sq: float | None) -> Rotation:
    """Return the rotational equilibrium under an optimizer: one function for each class of settings.

    Parameters
    ----------
    optimizer : Optimizer
        The settings; their class picks the law.
    n, lam, eta, dimension, grad_sq
        As in `rotation`, checked there.

    Raises
    ------
    NotImplementedError
        If no law is registered for the optimizer.
    """
    raise NotImplementedError(
        f"rotation under {shown(optimizer)} is not derived. Available: SGD of any kind, AdamW, Lion, and Signum, NAdam "
        "and RAdam with decoupled decay."
    )


@rotation_of.register
def _(optimizer: SGD, n: float, lam: float, eta: float, dimension: int, grad_sq: float | None) -> Rotation:
    if grad_sq is None:
        raise InvalidArgument("grad_sq must be given for SGD, got None. Give E ||g||^2 ||w||^2.")
    positive("grad_sq", grad_sq)
    if optimizer.momentum:
        turning = LinearRotation(n, lam, eta, dimension, optimizer, grad_sq)
        turning.refuse()
        return turning
    if eta * lam / n >= LARGEST_RATE:
        raise NoEquilibrium(
            f"the norm does not settle: (1 - eta lam/n)^2 must be above 1/2, got eta lam/n = {eta * lam / n:g}. "
            f"Take eta below {LARGEST_RATE * n / lam:g}."
        )
    return SGDRotation(n, lam, eta, dimension, optimizer, grad_sq)


@rotation_of.register
def _(optimizer: AdamW, n: float, lam: float, eta: float, dimension: int, grad_sq: float | None) -> Rotation:
    equilibrium(n, lam, eta, optimizer=optimizer)  # refuses what has no equilibrium, now and not later
    return AdamWRotation(n, lam, eta, dimension, optimizer)


@rotation_of.register(Lion)
@rotation_of.register(Signum)
@rotation_of.register(NAdam)
@rotation_of.register(RAdam)
def _(optimizer: Optimizer, n: float, lam: float, eta: float, dimension: int, grad_sq: float | None) -> Rotation:
    underived = rotation_of.dispatch(object)
    if not getattr(optimizer, "decoupled", getattr(optimizer, "decoupled_weight_decay", True)):
        return underived(optimizer, n, lam, eta, dimension, grad_sq)
    law = equilibrium(n, lam, eta, optimizer=optimizer).law  # refuses what has no equilibrium
    if not isinstance(law, NormalisedLaw):  # RAdam that never divides
        return underived(optimizer, n, lam, eta, dimension, grad_sq)
    if isinstance(optimizer, RAdam):  # AdamW, once its start has worn off
        return AdamWRotation(n, lam, eta, dimension, AdamW(optimizer.betas, optimizer.eps))
    return NormalisedRotation(n, lam, eta, dimension, optimizer)


@representable
def rotation(
    n: float,
    lam: float,
    eta: float,
    *,
    dimension: int,
    grad_sq: float | None = None,
    optimizer: Optimizer = PLAIN,
) -> Rotation:
    """Predict where the norm of a scale-invariant weight vector settles, and how fast its direction turns.

    Parameters
    ----------
    n, lam, eta : float
        As in `theory.equilibrium`.
    dimension : int
        Number of weights of the vector, at least 2.
    grad_sq : float, optional
        G = E ||g||^2 ||w||^2, the mean square of the gradient at unit norm. Needed for SGD; normalised steps do not see
        it.
    optimizer : SGD, SGDW, AdamW, Lion, Signum, NAdam, RAdam
        Default: plain SGD. Signum, NAdam and RAdam with decoupled decay.

    Returns
    -------
    Rotation
        With `.norm_sq`, `.angle`, `.turn`, `.cosine(lag)`, `.diffusive_angle` and `.relaxation_time`.

    Raises
    ------
    InvalidArgument
        A number out of range, or grad_sq missing for SGD.
    NoEquilibrium
        If eta lam/n is too large for the norm to settle; the message gives the largest eta.
    NotImplementedError
        For a normalised step with coupled decay, for Muon, and any optimizer without a registered law.

    References
    ----------
    See `theory.layer.rotation_sgd`, `rotation_linear`, `rotation_adamw` and `rotation_normalised`.

    Examples
    --------
    >>> import theory
    >>> sgd = rotation(50_000, 5.0, 0.1, dimension=100, grad_sq=1.0)
    >>> print(f"{sgd.angle:.6f} {sgd.diffusive_angle:.6f}")
    0.004461 0.004472
    >>> heavy = rotation(50_000, 5.0, 0.1, dimension=100, grad_sq=1.0, optimizer=theory.SGD(0.9))
    >>> print(f"{heavy.angle:.6f} {heavy.diffusive_angle:.6f}")  # per step, and per root of a step
    0.003236 0.014149
    >>> adamw = rotation(50_000, 5.0, 0.1, dimension=100, optimizer=theory.AdamW())
    >>> print(f"{adamw.angle:.6f} {adamw.diffusive_angle:.6f}")
    0.001023 0.004472
    """
    n, lam, eta = one_number("n", n), one_number("lam", lam), one_number("eta", eta)
    grad_sq = None if grad_sq is None else one_number("grad_sq", grad_sq)
    DecayRule(n, lam, eta)
    positive("lam", lam, "Without decay the norm grows without bound.")
    dimension = whole_number("dimension", dimension, least=2)
    return rotation_of(optimizer, n, lam, eta, dimension, grad_sq)
