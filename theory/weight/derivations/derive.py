"""The derivation of an optimizer's law, as an object whose every step proves itself again."""

from __future__ import annotations

from typing import Any

from theory.algebra.proof import Derivation
from theory.settings import SGD
from theory.settings.checks import check_flag
from theory.weight.derivations.momentum import derive_momentum
from theory.weight.derivations.plain import derive_plain

__all__ = ["derive"]

PLAIN = SGD()


def derive(optimizer: Any = PLAIN, *, correlated: bool = False) -> Derivation:
    """Derive the stationary variance of a weight under decay and gradient noise.

    Parameters
    ----------
    optimizer : SGD
        With or without momentum (PyTorch's conventions); momentum and dampening stay symbols; the sign of h
        is that of what the steps go down (see `maximize`).
    correlated : bool
        False: white gradient noise. True: noise with lag-one autocorrelation r.

    Returns
    -------
    Derivation
        With `.steps`, `.result`, `.check()`, `.latex()`, `.typst()`; printing it shows the chain.

    Raises
    ------
    NotImplementedError
        For an optimizer that is not a linear recursion: its law is an average over the noise, not a chain of equations.

    Notes
    -----
    The functions of `theory` evaluate the equations of this object; no formula is written down a second time.

    References
    ----------
    See `theory.weight.derivations.plain` and `theory.weight.derivations.linear`.

    Examples
    --------
    >>> derive().check().result
    eta*sigma**2/((h + lambda/n)*(-eta*(h + lambda/n) + 2))
    >>> derive()["random walk"]
    Eq(V, eta/(lambda*(-eta*lambda/n + 2)))
    """
    check_flag("correlated", correlated)
    if not isinstance(optimizer, SGD):
        raise NotImplementedError(
            f"{type(optimizer).__name__} is not a linear recursion and has no derivation in steps. Available: SGD of "
            "any kind; theory.weight.derivations.adam.first_order(), fixed_second_moment() and coupled(), "
            "theory.weight.derivations.direction.correlation()."
        )
    if optimizer.momentum:
        return derive_momentum(optimizer.nesterov, optimizer.decoupled, correlated, optimizer.dampening > 0)
    return derive_plain(correlated)
