"""What a number is here, once for the package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

__all__ = ["Given", "Number", "Value"]

Number: TypeAlias = float | np.ndarray
"""A float, or an array of floats that broadcasts against the others."""

Value: TypeAlias = Any
"""A `Number` or a SymPy expression, out comes what went in. SymPy has no types, so the checker sees Any."""


class ArrayLike(Protocol):
    """What NumPy reads as an array: its own arrays and scalars, a pandas Series, an xarray DataArray."""

    def __array__(self) -> Any:
        """Return the array."""
        ...


class Symbolic(Protocol):
    """A SymPy expression."""

    @property
    def free_symbols(self) -> Any:
        """The symbols in it."""
        ...


Given: TypeAlias = float | Sequence[float] | ArrayLike | Symbolic
"""What callers may give as a `Value`; a string is none, and the checker says so."""
