"""An optimizer's settings as a record keeps them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TypeAlias

import numpy as np

__all__ = ["Attribute", "described"]

Attribute: TypeAlias = float | str | tuple[float, ...]
"""What netCDF can hold beside the arrays."""


def described(optimizer: object) -> dict[str, Attribute]:
    """Return an optimizer as attributes that netCDF can hold: its name, and each of its settings as `optimizer_NAME`.

    Examples
    --------
    >>> from theory.settings import Adamax
    >>> described(Adamax((0.8, 0.9)))
    {'optimizer': 'Adamax', 'optimizer_betas': (0.8, 0.9), 'optimizer_eps': 1e-08, 'optimizer_maximize': 0}
    """
    names = [f.name for f in fields(optimizer)] if is_dataclass(optimizer) else list(getattr(optimizer, "__dict__", {}))
    return {"optimizer": type(optimizer).__name__} | {
        f"optimizer_{name}": _attribute(getattr(optimizer, name)) for name in names
    }


def _attribute(value: object) -> Attribute:
    """Return a setting as a number, a tuple of numbers or words; truth values as 0 and 1."""
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, (int, float, str, np.number)):
        return value  # type: ignore[return-value]
    if isinstance(value, tuple) and value and all(isinstance(part, (int, float)) for part in value):
        return value
    return repr(value)
