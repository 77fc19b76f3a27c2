r"""When is the predicted scale the textbook's 1/sqrt(n)? Only for one regularisation parameter.

.. math:: \lambda = n \left(\frac{1 - \sqrt{1 - n \eta^2 \sigma^2}}{\eta} - h\right)

for white noise, and n (sigma sqrt(n) - h) for noise that keeps its sign; with the defaults eta n / 2 (to leading order)
and n. Plain SGD; derivation, assumptions, range and references are those of `theory.weight.derivations.plain`. Exact:
no error order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from theory.errors import InvalidArgument
from theory.settings.notebook import InNotebook
from theory.settings.types import Value
from theory.weight.search import smallest_lam

__all__ = ["InverseSqrtN", "meeting", "meeting_by_search", "meeting_law"]


@dataclass(frozen=True)
class InverseSqrtN(InNotebook, answer=("value", "ratio")):
    """The textbook's 1/sqrt(n) beside the prediction, with the only `lam` for which they are equal.

    Attributes
    ----------
    value : float
        1/sqrt(n).
    ratio : float
        The predicted scale over it.
    lam_white : float
        The lam for which white noise gives 1/sqrt(n); NaN if none does.
    lam_coherent : float
        The lam for which noise of constant sign gives 1/sqrt(n); NaN if none does.
    closed_form : bool
        Whether the two come from closed forms (plain SGD) or from a search.
    """

    value: Value
    ratio: Value
    lam_white: Value
    lam_coherent: Value
    closed_form: bool = True

    def __str__(self) -> str:
        notes = (" (by default near eta n / 2)", " (by default n)") if self.closed_form else ("", "")
        white, coherent = (
            f"only if lam = {_shown(lam, '.6g')}{note}" if str(lam) != "nan" else "at no lam"
            for lam, note in zip((self.lam_white, self.lam_coherent), notes, strict=True)
        )
        return (
            f"{_shown(self.value, '<14.10g')} the scale is {_shown(self.ratio, '.4g')} times this; they would meet\n"
            f"    for white noise {white},\n    for coherent noise {coherent}"
        )


def _shown(value: Value, form: str) -> str:
    """Return a number in its format, an array or an expression as it is."""
    return format(value, form) if isinstance(value, float) else str(value)


@lru_cache
def meeting(case: str) -> Any:
    """Return the lam at which the noise of this `case` (white or coherent) gives 1/sqrt(n), in the theory's symbols."""
    from theory.weight.derivations.plain import derive_plain

    return derive_plain(correlated=True)[f"{case} noise meets 1/sqrt(n)"].rhs


@lru_cache
def meeting_law(case: str) -> Callable[..., Value]:
    """Compile the lam at which one limit equals 1/sqrt(n); NaN where it would be complex or negative."""
    import sympy as sp

    from theory.symbols import eta, h, n, sigma

    law = sp.lambdify([n, eta, sigma, h], meeting(case), [{"sqrt": np.sqrt}])  # "numpy" would import all of it

    def lam(*values: Value) -> Value:
        with np.errstate(invalid="ignore"):
            found = law(*values)
            return np.where(found >= 0, found, np.nan)

    return lam


def meeting_by_search(
    n: float, lam: float, scale: Callable[[float], float], balance: Callable[[float], float]
) -> tuple[float, float]:
    """Return the lam at which the scale, and the lam at which the balance, is 1/sqrt(n); NaN where there is none.

    Parameters
    ----------
    n, lam : float
        Number of training examples, and the lam about which the balance is looked at.
    scale, balance : callable
        Map lam to them. One over the balance must be a straight line in lam.
    """
    wanted = n**-0.5
    try:
        white = smallest_lam(scale, wanted, "scale", n)
    except InvalidArgument:
        white = float("nan")
    here, slope = 1 / balance(lam), 1 / balance(2 * lam) - 1 / balance(lam)
    coherent = lam * (1 + (1 / wanted - here) / slope)
    return white, coherent if coherent >= 0 else float("nan")
