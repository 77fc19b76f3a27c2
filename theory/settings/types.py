"""What a number is here, once for the package."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

__all__ = ["Number", "Value"]

Number: TypeAlias = float | np.ndarray
"""A float, or an array of floats that broadcasts against the others."""

Value: TypeAlias = Any
"""A `Number` or a SymPy expression, out comes what went in. SymPy has no types, so the checker sees Any."""
