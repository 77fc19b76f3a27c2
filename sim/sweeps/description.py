"""What decides the result of a point, in words that are the same in every process, and one hash of them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256
from types import FunctionType
from typing import Any
from weakref import ref

import numpy as np

from sim.data.dataset import Data
from sim.sweeps.version import code_of
from theory.settings import InvalidArgument

__all__ = ["as_text", "described", "digest", "name_of"]

_data: dict[int, tuple[ref[Data], dict[str, Any]]] = {}  # of 70,000 images, read once


def described(value: Any) -> Any:
    """Return a setting as JSON can hold it; what stands for the same number is described alike.

    Parameters
    ----------
    value : Any
        A number, words, a list, an array, a dictionary, settings such as `theory.AdamW()`, a function, or `sim.Data`.

    Raises
    ------
    InvalidArgument
        If it is something else, whose content nothing can be said of.

    Examples
    --------
    >>> described({"lam": 5.0, "sizes": (784, 30)})
    {'lam': 5, 'sizes': [784, 30]}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value if math.isfinite(value) else repr(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Data):
        return _described_data(value)
    return _described_whole(value)


def _described_whole(value: Any) -> Any:
    """Return what has parts."""
    if isinstance(value, (list, tuple, range)):
        return [described(part) for part in value]
    if isinstance(value, Mapping):
        return {str(name): described(part) for name, part in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufcUS":
        content = sha256(np.ascontiguousarray(value).data).hexdigest()
        return {"array": [value.dtype.str, list(value.shape), content]}
    if isinstance(value, FunctionType):
        return {"function": name_of(value), "code": code_of(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return {"type": name_of(type(value))} | {f.name: described(getattr(value, f.name)) for f in fields(value)}
    if type(value).__module__ != "builtins" and hasattr(value, "__dict__"):
        return {"type": name_of(type(value))} | described(vars(value))
    raise InvalidArgument(
        f"the settings of a point must be numbers, words, lists, arrays or settings of tailoff, got {value!r}. "
        "Give what can be told from another by its content."
    )


def _described_data(data: Data) -> dict[str, Any]:
    known = _data.get(id(data))
    if known is None or known[0]() is not data:
        known = ref(data), {f.name: described(getattr(data, f.name)) for f in fields(data)}
        _data[id(data)] = known
    return {"data": known[1]}


def name_of(thing: Any) -> str:
    """Return the full name of a function or class."""
    return f"{thing.__module__}.{thing.__qualname__}"


def as_text(description: Any) -> str:
    """Return a description as JSON, the same text for the same content."""
    return json.dumps(description, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(*parts: str | bytes) -> bytes:
    """Return the SHA-256 of several texts, each with its length, so that none runs into the next."""
    whole = sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        whole.update(b"%d " % len(content))
        whole.update(content)
    return whole.digest()
