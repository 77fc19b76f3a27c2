"""Which optimizer a person or a record means: from the words of the command line, and from a walk's attributes."""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from typing import Any

import xarray as xr

from theory import SGD, SGDW, Adam, AdamW, InvalidArgument, Lion
from theory.settings import Optimizer

__all__ = ["Name", "chosen_optimizer", "optimizer_of"]

KINDS: dict[str, Any] = {kind.__name__: kind for kind in (SGD, SGDW, Adam, AdamW, Lion)}


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


def optimizer_of(walk: xr.Dataset) -> Optimizer:
    """Return the optimizer of a record of `sim.walk`; one that names none is of plain SGD."""
    name = walk.attrs.get("optimizer", "SGD")
    if name not in KINDS:
        raise InvalidArgument(f"optimizer must be one of {', '.join(KINDS)}, got a record of {name!r}.")
    kind, key = KINDS[name], "optimizer_{}".format
    given = {f.name: walk.attrs[key(f.name)] for f in fields(kind) if f.init and key(f.name) in walk.attrs}
    return kind(**{k: type(default)(v) for k, v in given.items() for default in [getattr(kind(), k)]})
