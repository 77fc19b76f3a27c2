"""An optimizer by its name, as people write it on a command line."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import theory.settings.optimizers as room
from theory.errors import InvalidArgument
from theory.settings.checks import shown

__all__ = ["WITHOUT_DECAY", "named_optimizer", "optimizer_classes"]

WITHOUT_DECAY = {"rprop": "Rprop", "lbfgs": "LBFGS", "sparseadam": "SparseAdam"}  # torch's; no weight_decay argument


def optimizer_classes() -> dict[str, type[Any]]:
    """Return every class of settings by its name in small letters."""
    modules = [
        import_module(f"{room.__name__}.{found.name}") for found in iter_modules(room.__path__) if found.name != "betas"
    ]
    named = {name: getattr(module, name) for module in modules for name in module.__all__}
    return {name.lower(): kind for name, kind in named.items() if isinstance(kind, type)}


def named_optimizer(name: str) -> Any:
    """Return the optimizer of a name, with its default settings.

    Raises
    ------
    InvalidArgument
        For a name that is unknown (the message lists the known ones) or that has no weight decay.

    Examples
    --------
    >>> named_optimizer("AdamW")
    AdamW(betas=(0.9, 0.999), eps=1e-08, amsgrad=False, maximize=False)
    """
    plain = name.strip().lower().replace("_", "").replace("-", "")
    if plain in WITHOUT_DECAY:
        raise InvalidArgument(
            f"optimizer must have weight decay, got {WITHOUT_DECAY[plain]}: its weights walk at random, and nothing "
            "holds them."
        )
    classes = optimizer_classes()
    if plain not in classes:
        raise InvalidArgument(f"optimizer must be one of {', '.join(sorted(classes))}, got {shown(name)}.")
    return classes[plain]()
