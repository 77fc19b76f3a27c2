"""How a table is written: its separator, its decimal sign, and which cells are numbers."""

from __future__ import annotations

import csv
import re

__all__ = ["COMMA", "POINT", "THOUSANDS", "decimal_sign", "nearly_number", "separator_of", "split"]

SEPARATORS = ("\t", ";", ",", "|", " ")  # earlier ones are rarer inside a cell; " " is any white space
POINT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE)
COMMA = re.compile(r"[+-]?([0-9]+,?[0-9]*|,[0-9]+)(e[+-]?[0-9]+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE)
EITHER = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")  # a hundred thousand, or a hundred: 100,000
THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}([,. '_\u00a0\u202f][0-9]{3})+([.,][0-9]*)?")
LOOKALIKES = str.maketrans("OoQlIi|", "0001111")


def split(lines: list[str], separator: str) -> list[list[str]]:
    """Return the cells of some lines; a field that csv cannot take leaves the line whole."""
    if separator == " ":
        lines, separator = [re.sub(r"[^\S\n]+", " ", line.strip()) for line in lines], " "
    try:
        rows = list(csv.reader(lines, delimiter=separator, skipinitialspace=True))
    except csv.Error:
        rows = [line.split(separator) for line in lines]
    return [[cell.strip() for cell in row] for row in rows if row]


def separator_of(lines: list[str]) -> str:
    """Return the separator that gives rows of one width, above one, and most cells that are numbers."""

    def merit(separator: str) -> tuple[bool, float, bool]:
        rows = split(lines, separator)
        widths = {len(row) for row in rows[:-1] or rows}  # the sample's last line may be cut
        cells = [cell for row in rows[1:] or rows for cell in row if cell]
        other = POINT if separator == "," else COMMA
        numbers = sum(bool(POINT.fullmatch(cell) or other.fullmatch(cell)) for cell in cells) / max(len(cells), 1)
        return len(widths) == 1 and widths != {1}, numbers, widths != {1}

    return max(SEPARATORS, key=merit)  # the first of equals


def decimal_sign(rows: list[list[str]]) -> tuple[str, str]:
    """Return the decimal sign, and the first cell for which nothing in the rows decides between it and thousands.

    A comma before three digits may separate thousands; another comma, or a point, in another cell decides.

    Examples
    --------
    >>> decimal_sign([["1,000", "0,912"]]), decimal_sign([["1,000", "0.912"]]), decimal_sign([["1,000", "1,912"]])
    ((',', ''), ('.', ''), (',', '1,000'))
    """
    cells = [cell for row in rows for cell in row]
    points = sum("." in cell and bool(POINT.fullmatch(cell)) for cell in cells)
    commas = [cell for cell in cells if "," in cell and COMMA.fullmatch(cell)]
    either = [cell for cell in commas if EITHER.fullmatch(cell)]
    thousands = any(cell.count(",") > 1 and THOUSANDS.fullmatch(cell) for cell in cells)
    if len(commas) > len(either):
        return ("," if len(commas) > points else "."), ""
    if points or thousands or not either:
        return ".", ""
    return ",", either[0]


def nearly_number(cell: str) -> bool:
    """Say whether a cell looks like a mistyped number: 1OO, 0.9.1, 3,2e, l00."""
    digits = sum(character.isdigit() for character in cell)
    tidy = re.sub(r"[\s_']", "", cell.translate(LOOKALIKES))
    mistaken = POINT.fullmatch(tidy) or COMMA.fullmatch(tidy)
    return digits > 0 and bool(mistaken or (re.match(r"[+-]?[.,]?[0-9]", cell) and 2 * digits >= len(cell)))
