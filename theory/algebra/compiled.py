"""Machine code of a recursion that no array operation writes: one step after the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

__all__ = ["compiled"]

Result = TypeVar("Result")


@lru_cache
def compiled(recursion: Callable[..., Result]) -> Callable[..., Result]:
    """Return the machine code of a function of numbers and arrays; it is kept in a folder where one can be written.

    Examples
    --------
    >>> import numpy as np
    >>> def doubled(out):
    ...     for i in range(1, len(out)):
    ...         out[i] = 2 * out[i - 1]
    >>> values = np.ones(4)
    >>> compiled(doubled)(values)
    >>> values.tolist()
    [1.0, 2.0, 4.0, 8.0]
    """
    import numba

    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        code: Any = numba.njit(cache=True, **options)(recursion)
    except RuntimeError:  # no folder for the compiled code can be written
        code = numba.njit(**options)(recursion)
    return code
