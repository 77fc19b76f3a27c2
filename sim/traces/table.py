"""From text to named columns: which separator, which decimal sign, is there a heading, or is it JSON."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sim.errors import DataError
from sim.traces.dialect import COMMA, POINT, decimal_sign, separator_of, split
from sim.traces.heading import heading_of, line_of, without_titles
from sim.traces.json_lines import read_json

__all__ = ["Table", "read_table"]

EMPTY_LINES = re.compile(r"\A\s*\n|\n\s*\n")
COMMENT_LINES = re.compile(r"^[^\S\n]*#[^\n]*\n?", re.MULTILINE)
SAID = re.compile(r"sep=(.)\n", re.IGNORECASE)  # Excel's own first line
SAMPLE = 50  # rows that decide separator and decimal sign
WIDER = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


@dataclass(frozen=True)
class Table:
    """Named columns, not yet understood.

    Attributes
    ----------
    path : Path
    frame : DataFrame
        Its columns are the heading's names, each once; "1", "2", ... where there is no heading.
    heading : bool
    decimal : str
        The decimal sign of cells that pandas left as text.
    where : callable
        Of a row's index: the place in the file, in words, for messages.
    notes : tuple of str
    separator : str
        Of text; " " is any white space.
    begin : int
        Lines of text before the first row.
    """

    path: Path
    frame: pd.DataFrame
    heading: bool
    decimal: str
    where: Callable[[int], str]
    notes: tuple[str, ...] = ()
    separator: str = ""
    begin: int = 0

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [str(name) for name in self.frame.columns]


def read_table(path: Path, text: str, decimal: str | None = None) -> Table:
    """Return the columns of a text.

    Parameters
    ----------
    path : Path
        For messages.
    text : str
        With a separator of any kind, or JSON: an object a line, or an array of objects.
    decimal : str, optional
        The decimal sign, "." or ",". Default: what the cells tell.

    Raises
    ------
    DataError
        If it is no table; a first row that is nearly numbers is not taken for a heading.
    """
    if text.lstrip()[:1] in ("{", "["):
        frame, place, note = read_json(path, text)
        return Table(path, frame, True, ".", place, note)
    said = SAID.match(text)
    body = EMPTY_LINES.sub(_one_end, text[said.end() :] if said else text)
    if "#" in body:
        body = COMMENT_LINES.sub("", body)
    sample = body[: 1 << 18].split("\n")[: SAMPLE + 1]
    if not sample[0].strip():
        raise DataError(f"{path} has no rows. Give a table with a column of time and one of rms.")
    if decimal not in (None, ".", ","):
        raise DataError(f"--decimal must be a point or a comma, got {decimal!r}.")
    separator = said.group(1) if said else separator_of(sample)
    text, body, titles = without_titles(text, body, separator)
    decimal = _decimal(path, text, body, (separator, bool(said))) if decimal is None else decimal
    names, rest, notes = heading_of(path, text, body, separator, decimal)
    notes = [*titles, *notes]
    before = body[: len(body) - len(rest)].count("\n") + bool(said)

    def where(row: int) -> str:
        return f"line {line_of(text, row + before)}"

    frame = _parsed(path, rest, names, (separator, decimal), where)
    if not any(pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes):
        repeated = (frame == names).all(axis=1)
        if repeated.any():  # runs appended to one file
            notes.append(f"{where(int(frame.index[repeated][0]))} repeats the heading and is passed over")
            frame = frame[~repeated]
    _refuse_second_heading(path, frame, decimal, where)
    if decimal == ",":
        notes.append("commas are decimal signs")
    begin = line_of(text, before) - 1
    return Table(path, frame, names[0] != "1", decimal, where, tuple(notes), separator, begin)


def _refuse_second_heading(path: Path, frame: pd.DataFrame, decimal: str, where: Callable[[int], str]) -> None:
    """Refuse a first row without any number: names once more, or units, which would change what numbers mean."""
    cells = [str(cell).strip() for cell in frame.iloc[0].dropna()] if len(frame) else []
    number = COMMA if decimal == "," else POINT
    if cells and not any(number.fullmatch(cell) or cell[:1].isdigit() for cell in cells):
        shown = ", ".join(repr(cell[:30]) for cell in cells[:6])
        raise DataError(
            f"{path}, {where(int(frame.index[0]))}: a second row without numbers ({shown}). Keep one heading, of "
            "names: take out a title, units (the rate is then per unit of the time) or the second heading."
        )


def _decimal(path: Path, text: str, body: str, dialect: tuple[str, bool]) -> str:
    """Return the decimal sign that the first rows tell, or else the others.

    Raises
    ------
    DataError
        If none tells whether commas are decimal signs or separate thousands.
    """
    (separator, said), lines = dialect, body.split("\n")
    sign, doubtful = decimal_sign(split(lines[: SAMPLE + 1], separator))
    if doubtful and len(lines) > SAMPLE + 1:
        sign, doubtful = decimal_sign(split(lines, separator))
    if doubtful:
        row = next(i for i, line in enumerate(lines) if doubtful in line)
        raise DataError(
            f"{path}, line {line_of(text, row + said)}: {doubtful!r} may have a decimal comma or separate "
            'thousands, and no other cell tells. Say it: --decimal "," or --decimal "." (and take out the separators).'
        )
    return sign


def _one_end(empty: re.Match[str]) -> str:
    """Return the line end that stays of several; none stays at the beginning."""
    return "\n" if empty.start() else ""


def _parsed(
    path: Path, rest: str, names: list[str], dialect: tuple[str, str], where: Callable[[int], str]
) -> pd.DataFrame:
    """Let pandas parse the rows; what it would pass over with a warning is an error here."""
    separator, decimal = dialect
    try:
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
            frame = pd.read_csv(
                io.StringIO(rest), sep=r"\s+" if separator == " " else separator, header=None, names=names,
                index_col=False, decimal=decimal, skipinitialspace=separator != " ", low_memory=False,
            )  # fmt: skip
    except pd.errors.ParserWarning as error:
        raise DataError(
            f"{path}, {where(0)}: more cells than the heading's {len(names)}. Mend heading or rows."
        ) from error
    except (ValueError, OverflowError, csv.Error) as error:
        wider = WIDER.search(str(error))
        if wider:
            line = where(int(wider.group(2)) - 1)
            raise DataError(f"{path}, {line}: {wider.group(3)} cells, not {len(names)}. Mend the row.") from error
        why = str(error).replace("Error tokenizing data. C error: ", "").strip()
        raise DataError(f"{path} is no table of {len(names)} columns: {why}. Mend the rows.") from error
    if separator == " " and frame[names[-1]].isna().any():
        _refuse_gaps(path, rest, frame[names[-1]].isna().to_numpy(), len(names), where)
    return frame


def _refuse_gaps(path: Path, rest: str, empty: np.ndarray, columns: int, where: Callable[[int], str]) -> None:
    """Refuse a short row between blanks: nobody can tell which of its cells is missing."""
    lines = rest.split("\n")
    for row in np.flatnonzero(empty):
        cells = len(split([lines[row]], " ")[0])
        if cells < columns:
            raise DataError(
                f"{path}, {where(int(row))}: {cells} cells, not {columns}. Write nan where there is nothing."
            )
