"""Columns as arrays of numbers; a cell that is none is named by its place."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from sim.errors import DataError
from sim.traces.dialect import COMMA, POINT, THOUSANDS
from sim.traces.table import Table
from sim.traces.vocabulary import words

__all__ = ["CLOCK", "RUNS", "as_text", "labels", "numbers", "one_column_per_tag", "refuse_thousands"]

MOST_CELLS = 20_000_000
MOST_LAYERS = 10_000
POINTED = re.compile(r"(?<![\w.,-])[1-9][0-9]{0,2}[.][0-9]{3}(?![\w.])")
CLOCK = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}|[0-9]+:[0-9]{2}")
RUNS = {"run", "runname", "seed", "replica"}


def numbers(table: Table, name: str) -> np.ndarray:
    """Return a column as float64, NaN where it is empty.

    Raises
    ------
    DataError
        Of the first cell that is no finite number, with its place.
    """
    column = table.frame[name]
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        found = column.to_numpy(dtype=float, na_value=np.nan)
    else:
        text = column.map(lambda cell: cell if pd.isna(cell) is True else str(cell).strip())
        if table.decimal == ",":
            text = text.map(lambda cell: cell.replace(".", "?").replace(",", ".") if isinstance(cell, str) else cell)
        found = pd.to_numeric(text, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        bad = np.isnan(found) & ~column.isna().to_numpy() & ~text.isin(["", "nan", "NaN"]).to_numpy()
        if bad.any():
            _refuse(table, name, int(np.flatnonzero(bad)[0]), "is not a number")
    if np.isinf(found).any():
        _refuse(table, name, int(np.flatnonzero(np.isinf(found))[0]), "is too large for a number, or infinite")
    return found


def refuse_thousands(table: Table, name: str, text: str) -> None:
    """Refuse a counter whose points may separate thousands: 900, 1.000, 1.100.

    Raises
    ------
    DataError
        If every cell with a fraction (or, without one, every cell) stands in the file as at most three digits, a point
        and three digits.
    """
    column = table.frame[name]
    if table.decimal == "," or not pd.api.types.is_float_dtype(column) or not column.max() < 1000:
        return
    cells = column.dropna()
    fractions = cells[cells % 1 != 0]
    doubtful = [f"{cell:.3f}" for cell in (fractions if len(fractions) else cells)]
    if doubtful and set(doubtful) <= set(POINTED.findall(text)):
        raise DataError(
            f"{table.path}: {doubtful[0]!r} in the column {name[:60]!r} may have a decimal point or separate "
            'thousands. Take the separators out, or say --decimal "." (or ",", if commas are decimal signs).'
        )


def _refuse(table: Table, name: str, row: int, why: str) -> None:
    cell, place = str(table.frame[name].iloc[row])[:40], table.where(int(table.frame.index[row]))
    hint = " (commas are decimal signs here)" if table.decimal == "," else ""
    remedy = "Write a plain number there, or leave the cell empty"
    if THOUSANDS.fullmatch(cell):
        other = "." if table.decimal == "," else ","
        remedy = f"If it has separators of thousands, take them out; if they are decimal signs, --decimal {other!r}"
    elif "," in cell and COMMA.fullmatch(cell):
        remedy = "If its comma is a decimal sign, write a point as in the other cells"
    elif cell.rstrip("% ") != cell:
        remedy = "Write the number alone, a per cent as a hundredth"
    elif CLOCK.search(cell):
        remedy = (
            "Dates are read as 2025-01-31 or 2025-01-31 12:00:00 in every row; else write the seconds since the start"
        )
    elif not any(_number(table, str(other)) for other in table.frame.iloc[row]):
        remedy = "Its row has no numbers: if it is a second heading, says units, or is a title, take it out"
    raise DataError(f"{table.path}, {place}: {cell!r} in the column {name[:60]!r} {why}{hint}. {remedy}.")


def _number(table: Table, cell: str) -> bool:
    return bool((COMMA if table.decimal == "," else POINT).fullmatch(cell.strip())) and cell != "nan"


def labels(table: Table, groups: tuple[str, ...], *, alone: bool) -> dict[str, np.ndarray]:
    """Return the rows of each layer (or run/layer) of a long table, in the file's order; nothing of a wide one.

    A column that says the same in every row names the layer only where it stands alone, and is not of a run.
    """
    columns = {name: as_text(table.frame[name]) for name in groups}
    telling = [column for column in columns.values() if column.nunique() > 1]
    if alone and not telling:
        telling = [column for name, column in columns.items() if not RUNS & set(words(name)) and column.nunique()][:1]
    if not telling:
        return {}
    label = telling[0]
    for column in telling[1:]:
        label = label + "/" + column
    code, names = pd.factorize(label)
    if len(names) > MOST_LAYERS:
        raise DataError(f"{table.path} has {len(names)} layers in {groups[0]!r}; at most {MOST_LAYERS} are told apart.")
    by_layer = np.argsort(code, kind="stable")
    ends = np.searchsorted(code[by_layer], np.arange(len(names) + 1))
    return {str(name): by_layer[ends[i] : ends[i + 1]] for i, name in enumerate(names)}


def as_text(column: pd.Series) -> pd.Series:
    """Return the cells as text without blanks around it; a whole number without its .0, which an empty cell brings."""
    whole = [isinstance(cell, float) and cell.is_integer() for cell in column]
    text = column.map(lambda cell: str(cell).strip(), na_action="ignore")
    text = text.mask(whole, text.str.removesuffix(".0")) if any(whole) else text
    return text.mask(text == "")


def one_column_per_tag(table: Table, tag: str, value: str) -> Table:
    """Return the wide table of a long one that has a metric's name in each row.

    Raises
    ------
    DataError
        If it would be too large.
    """
    tags = as_text(table.frame[tag])
    names = list(dict.fromkeys(tags.dropna()))
    if len(names) * len(tags) > MOST_CELLS:
        raise DataError(f"{table.path} has {len(names)} metrics in the column {tag!r}: too many. Keep the weights'.")
    kept = table.frame.drop(columns=[tag, value])
    columns = {name: table.frame[value].where(tags == name) for name in names if name not in kept}
    frame = pd.concat([kept, pd.DataFrame(columns, index=kept.index)], axis=1)
    return Table(table.path, frame, True, table.decimal, table.where, table.notes)
