"""What the recorders' optimizers do with the decay: as the class and its flags say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from theory.settings import InvalidArgument, Optimizer, shown
from theory.settings.optimizers.named import named_optimizer

__all__ = ["acts_on_weights", "described", "has_preconditioner", "is_decoupled", "sums_gradients", "the_optimizer"]

DECOUPLED = {"AdamW", "SGDW", "Lion", "Muon", "Adafactor"}
UNSCALED = {"SGD", "SGDW", "ASGD"}  # no preconditioner
SUMMING = {"SGD", "SGDW", "RMSprop"}  # their momentum sums what it gets and does not average it


def is_decoupled(name: str, flags: Mapping[str, Any]) -> bool:
    """Say whether the decay stands beside the gradient, and is not a part of it.

    Examples
    --------
    >>> is_decoupled("Adam", {"decoupled_weight_decay": True}), is_decoupled("SGD", {})
    (True, False)
    """
    return name in DECOUPLED or bool(flags.get("decoupled_weight_decay") or flags.get("decoupled"))


def acts_on_weights(name: str, flags: Mapping[str, Any]) -> bool:
    """Say whether the decay takes the same share of every weight: it is decoupled, or nothing preconditions it."""
    return name in UNSCALED or is_decoupled(name, flags)


def has_preconditioner(name: str) -> bool:
    """Say whether something multiplies the gradient, weight by weight."""
    return name not in UNSCALED


def sums_gradients(name: str) -> bool:
    """Say whether the momentum sums gradients (heavy ball), so that each counts 1 / (1 - momentum) times."""
    return name in SUMMING


def the_optimizer(optimizer: Any) -> Any:
    """Return the settings that a caller means.

    Raises
    ------
    InvalidArgument
        If it is no optimizer of `theory`, nor the name of one.
    """
    if isinstance(optimizer, str):
        return named_optimizer(optimizer)
    if optimizer is None or isinstance(optimizer, Optimizer):
        return optimizer
    raise InvalidArgument(
        f"optimizer must be a name such as 'adamw', or settings such as theory.AdamW(), got {shown(optimizer)}. A live "
        "optimizer of torch is for sim.torch_recorder."
    )


def described(optimizer: Any) -> dict[str, Any]:
    """Return the header's entry for settings of `theory`."""
    if optimizer is None:
        return {"class": None, "decoupled": False}
    name, flags = type(optimizer).__name__, asdict(optimizer)
    return {"class": name, "decoupled": is_decoupled(name, flags), "settings": flags}
