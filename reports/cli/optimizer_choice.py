"""Which optimizer a person means: from the words of the command line."""

from __future__ import annotations

from enum import StrEnum

from theory import SGD, Adam, AdamW, InvalidArgument, Lion
from theory.settings import Optimizer

__all__ = ["Name", "chosen_optimizer"]


class Name(StrEnum):
    """The optimizers of the command line."""

    sgd = "sgd"
    momentum = "momentum"
    nesterov = "nesterov"
    adam = "adam"
    adamw = "adamw"
    lion = "lion"


def chosen_optimizer(
    name: Name, momentum: float | None, beta1: float | None, beta2: float | None, decoupled: bool
) -> Optimizer:
    """Return the settings that the options mean; refuse options that the optimizer does not have.

    Parameters
    ----------
    name : Name
        Which optimizer.
    momentum, beta1, beta2 : float or None
        None for the default: 0.9 of momentum and nesterov, 0 of sgd, and those of `theory.AdamW` and `theory.Lion`.
    decoupled : bool
        Decay beside the gradient. AdamW and Lion have no other.

    Examples
    --------
    >>> chosen_optimizer(Name.nesterov, None, None, None, decoupled=True)
    SGD(momentum=0.9, nesterov=True, decoupled=True)
    >>> chosen_optimizer(Name.adamw, 0.9, None, None, decoupled=False)
    Traceback (most recent call last):
    theory.errors.InvalidArgument: --momentum must be left out with --optimizer adamw, got 0.9. It has --beta1.
    """
    betas = {key: value for key, value in (("beta1", beta1), ("beta2", beta2)) if value is not None}
    if name in (Name.sgd, Name.momentum, Name.nesterov):
        if betas:
            key, value = next(iter(betas.items()))
            raise InvalidArgument(
                f"--{key} must be left out with --optimizer {name}, got {value!r}. It has --momentum."
            )
        memory = (0.0 if name is Name.sgd else 0.9) if momentum is None else momentum
        return SGD(memory, nesterov=name is Name.nesterov, decoupled=decoupled)
    if momentum is not None:
        raise InvalidArgument(f"--momentum must be left out with --optimizer {name}, got {momentum!r}. It has --beta1.")
    if name is Name.adam and decoupled:
        raise InvalidArgument("--decoupled must be left out with --optimizer adam. That is --optimizer adamw.")
    kind = {Name.lion: Lion, Name.adam: Adam, Name.adamw: AdamW}[name]
    default = kind()
    return kind((betas.get("beta1", default.beta1), betas.get("beta2", default.beta2)))
