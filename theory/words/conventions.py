"""`theory.conventions`: what weight_decay means in each framework, as a table that computes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from textwrap import fill

from theory.errors import InvalidArgument
from theory.settings.checks import shown
from theory.words.convention import Convention
from theory.words.rows import ROWS

__all__ = ["Conventions", "conventions"]


class Conventions(Mapping[str, Convention]):
    """The conventions by name; printed, a table.

    Examples
    --------
    >>> import theory
    >>> theory.conventions["timm.AdamW(corrected_weight_decay)"].formula
    'lr^2 wd / max_lr'
    """

    def __init__(self, rows: tuple[Convention, ...]) -> None:
        self._rows = {row.name: row for row in rows}
        self._by_small = {name.lower(): row for name, row in self._rows.items()}

    def __getitem__(self, name: str) -> Convention:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, argument: str, name: str) -> Convention:
        """Return the row of a name in any letters; InvalidArgument says the argument and lists what is there."""
        row = self._by_small.get(name.strip().lower()) if isinstance(name, str) else None
        if row is None:
            raise InvalidArgument(f"{argument} must be one of {', '.join(self)}, got {shown(name)}.")
        return row

    def __str__(self) -> str:
        wide, middle = (max(map(len, words)) for words in (self, [row.formula for row in self.values()]))
        lines = [f"{'':{wide}}  {'kind':9}  {'taken per step':{middle}}".rstrip()]
        for row in self.values():
            lines.append(f"{row.name:{wide}}  {row.kind:9}  {row.formula}")
            source = row.source + ("" if row.verified else " (not verified)") + (f". {row.note}" if row.note else "")
            lines.append(fill(source, 80, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        heads = "".join(f"<th>{head}</th>" for head in ("", "kind", "taken per step", "source"))
        rows = [
            "".join(f"<td>{escape(word)}</td>" for word in (row.name, row.kind, row.formula, row.source))
            for row in self.values()
        ]
        return f"<table><tr>{heads}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"

    def __repr__(self) -> str:
        return f"<{len(self)} conventions of weight decay; print them>"


conventions = Conventions(ROWS)
