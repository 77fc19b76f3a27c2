"""What a notebook shows of a result: the answer first, in bold, and below it what the result says when it is printed.

Results of `theory`, `sim` and `reports` share it, as they share the errors of `theory.settings`.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from html import escape
from typing import Any, ClassVar

import numpy as np

from theory.settings.checks import shown

__all__ = ["InNotebook"]


class InNotebook:
    """A result with `_repr_html_`; a subclass says which of its attributes are the answer.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Balance(InNotebook, answer=("norm",)):
    ...     norm: float
    ...     error: float
    >>> print(Balance(8.25, 0.5)._repr_html_())
    <div><strong>norm = 8.25</strong><pre>error            0.5</pre></div>
    """

    _answer: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, answer: tuple[str, ...] = (), **others: Any) -> None:
        super().__init_subclass__(**others)
        cls._answer = answer or cls._answer

    def _repr_html_(self) -> str:
        answer = ", ".join(f"{name} = {_text(getattr(self, name))}" for name in self._answer)
        text = str(self) if _prints(self) else _fields(self, leave_out=self._answer)
        first, _, rest = text.partition("\n")
        answer, rest = (answer, text) if answer else (first, rest)
        formula = self._repr_latex_() if hasattr(self, "_repr_latex_") else ""
        return f"<div><strong>{escape(answer)}</strong><pre>{escape(rest)}</pre>{escape(formula)}</div>"


def _prints(value: Any) -> bool:
    """Say whether a value's class, or one above it, says how it is printed."""
    return any("__str__" in vars(kind) for kind in type(value).__mro__ if kind is not object)


def _fields(result: Any, leave_out: tuple[str, ...]) -> str:
    """Return the public fields of a dataclass, a line each."""
    names = [f.name for f in fields(result) if f.repr and f.name[0] != "_"] if is_dataclass(result) else []
    return "\n".join(f"{name:16} {_text(getattr(result, name))}" for name in names if name not in leave_out)


def _text(value: Any) -> str:
    """Return how a value is shown: a number, a few of them, or the range of many."""
    if isinstance(value, float):
        return f"{value:.8g}"
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
        if value.size <= 8:
            return " ".join(np.array2string(value, precision=6).split())
        return f"array {value.shape}, from {np.min(value):.6g} to {np.max(value):.6g}"
    return str(value) if _prints(value) else shown(value)
