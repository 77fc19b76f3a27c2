"""The first row: names, or numbers already, or a mistyped number that must not be lost as a heading."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from sim.errors import DataError
from sim.traces.dialect import COMMA, POINT, nearly_number, split
from sim.traces.vocabulary import understood

__all__ = ["heading_of", "line_of", "without_titles"]

MOST_COLUMNS = 10_000
LONGEST = 1_000_000
MOST_TITLES = 10
COMMENT = re.compile(r"^[^\S\n]*#+[^\S\n]*([^\n]*)", re.MULTILINE)
NORM_OR_LAYER = re.compile(r"[lL][0-9]")  # beside names it is one
FIRST_ROW = re.compile(r"^[^\S\n]*[^#\s]", re.MULTILINE)


def without_titles(text: str, body: str, separator: str) -> tuple[str, str, list[str]]:
    """Return text and body without the lines above a table whose first cell alone has words, and what to say of them.

    Words that may be a column's name are no title. In the text the lines become comments, so that they still count.
    """
    notes: list[str] = []
    while True:
        first, _, rest = body.partition("\n")
        rows = split(rest[: 1 << 16].split("\n")[:3], separator)
        cells = split([first], separator)[0] if first.strip() else [""]
        words = bool(cells[0]) and not any(cells[1:]) and understood(cells[0]).role == "unknown"
        words &= not nearly_number(cells[0]) and not POINT.fullmatch(cells[0])
        wider = len(rows) > 1 and all(sum(map(bool, row)) > 1 for row in rows[1:2])
        if not words or not wider or len(notes) > MOST_TITLES:
            return text, body, notes
        at = FIRST_ROW.search(text)
        text, body = text[: at.start()] + "#" + text[at.start() :] if at else text, rest
        notes.append(f"line {line_of(text, 0) - 1}, {cells[0][:40]!r}, is passed over: a title")


def heading_of(path: Path, text: str, body: str, separator: str, decimal: str) -> tuple[list[str], str, list[str]]:
    """Return the names, the rows after them, and what to say of it."""
    number = COMMA if decimal == "," else POINT
    first, _, rest = body.partition("\n")
    if len(first) > LONGEST:
        raise DataError(f"{path} has a first line of {len(first)} letters; {LONGEST} are the most that is read.")
    cells = split([first], separator)[0] if split([first], separator) else [""]
    if len(cells) > MOST_COLUMNS:
        raise DataError(f"{path} has {len(cells)} columns; {MOST_COLUMNS} are the most that is read. Keep fewer.")
    numbers = [bool(number.fullmatch(cell)) for cell in cells]
    if all(numbers):
        return _names_of_comment(text, cells, separator), body, []
    line = line_of(text, 0)
    for cell, is_number in zip(cells, numbers, strict=True):
        mistyped = nearly_number(cell) and not (NORM_OR_LAYER.fullmatch(cell) and not any(numbers))
        if not is_number and (mistyped or (any(numbers) and not _layers_by_number(cells, numbers))):
            raise DataError(
                f"{path}, line {line}: {cell[:40]!r} is no number, and no name beside the other cells of its row. "
                "Mend the cell, or put a line of headings first, such as step,rms."
            )
    names = [cell or f"column {place}" for place, cell in enumerate(cells, 1)]
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise DataError(f"{path}, line {line}: the heading has {twice[:40]!r} twice. Rename one.")
    return names, rest, []


def _names_of_comment(text: str, cells: list[str], separator: str) -> list[str]:
    """Return the names in the last comment above the first row, as NumPy writes them, or else 1, 2, ..."""
    first = FIRST_ROW.search(text)
    above = list(COMMENT.finditer(text, 0, first.start() if first else 0))
    names = split([above[-1].group(1)], separator) if above and above[-1].group(1) else []
    fits = bool(names) and len(names[0]) == len(cells) == len(set(names[0]))
    if fits and not any(POINT.fullmatch(name) or not name for name in names[0]):
        return names[0]
    return [str(place) for place in range(1, len(cells) + 1)]


def _layers_by_number(cells: list[str], numbers: list[bool]) -> bool:
    """Say whether a row with some numbers is a heading: step,1,2,3 with the layers in their order."""
    inside = [cell for cell, is_number in zip(cells, numbers, strict=True) if is_number]
    if not all(cell.isdecimal() for cell in inside) or not cells[0].isalpha() or numbers.count(False) > 2:
        return False
    counted = [int(cell) for cell in inside if len(cell) < 6]
    return len(counted) == len(inside) > 1 and counted == list(range(counted[0], counted[0] + len(counted)))


def line_of(text: str, row: int) -> int:
    """Return the number, from 1, of the line that holds the row-th row of cells; counted only for a message."""
    rows = -1
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        rows += bool(stripped) and not stripped.startswith("#")
        if rows == row:
            return number
    return text.count("\n") + 1
