"""What a function that derives promises: it does so once for its arguments, and its derivations can be pickled."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, ParamSpec, cast

if TYPE_CHECKING:  # importing it imports SymPy
    from theory.algebra.proof import Derivation

__all__ = ["derived"]

P = ParamSpec("P")


def derived(derive: Callable[P, Derivation]) -> Callable[P, Derivation]:
    """Keep a function's derivations, and let them travel between processes as the call that makes them again.

    Examples
    --------
    >>> import pickle
    >>> from theory import derive
    >>> pickle.loads(pickle.dumps(derive())) is derive()
    True
    """

    @lru_cache
    @wraps(derive)
    def once(*args: P.args, **kwargs: P.kwargs) -> Derivation:
        derivation = derive(*args, **kwargs)
        object.__setattr__(derivation, "_call", (once, args, kwargs))  # no field: a changed copy has none
        return derivation

    return cast("Callable[P, Derivation]", once)
