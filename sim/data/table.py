"""Images in a CSV table, one a line: Kaggle's label,pixel0,pixel1,... or the same without a heading."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.data.emnist import emnist_set
from sim.data.limits import opened, read_whole
from sim.data.parts import Parts
from sim.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_table"]

LABEL = re.compile(r"labels?|class(es)?|targets?|y", re.IGNORECASE)
PIXEL = re.compile(r"[a-z_. -]*\d+([^\d\s:]\d+)*", re.IGNORECASE)  # pixel0, 0, 1x1, px_3_4
NUMBER = re.compile(r"\s*[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d{1,2})?\s*", re.IGNORECASE)
GROWTH = 4  # "0," is two bytes of text and becomes a number of eight


@dataclass(frozen=True)
class _Shape:
    """How the table is laid out, from its first line."""

    separator: str
    encoding: str
    heading: list[str]  # empty where the first line is numbers already
    columns: int
    label: int


def read_table(path: Path, max_bytes: int) -> Parts:
    """Read a table with a column of labels; all other columns are pixels.

    The labels are in the column that the heading calls label, class, target or y; without a heading they come first.
    Pixels are in the order of their names.

    Raises
    ------
    DataError
        If there is no such column, other columns do not look like pixels, a cell is not a number, or it is too large.
    """
    import pandas as pd

    with opened(path) as file:
        start = file.read(4096)
    if b"\0" in start.replace(b"\xff\xfe", b"") and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path} is neither a .npz, an IDX file, a pickle nor a table. Give one of these, or 'mnist'.")
    text = read_whole(path, max_bytes, growth=GROWTH)
    shape = _first_line(path, text)
    try:
        frame = pd.read_csv(
            io.BytesIO(text), sep=shape.separator, header=None, skiprows=1 if shape.heading else 0, index_col=False,
            encoding=shape.encoding, dtype={shape.label: str}, na_filter=False, low_memory=False,
            decimal="," if shape.separator != "," and b"," in text[:4096] else ".",
        )  # fmt: skip
    except (ValueError, OverflowError, csv.Error, MemoryError, pd.errors.ParserError) as error:
        raise DataError(f"{path} is not a readable table: {str(error).strip()[:200]}. Save it again.") from error
    if len(frame.columns) != shape.columns:
        raise DataError(
            f"{path}: line 1 has {shape.columns} columns, the next ones {len(frame.columns)}. Save it again."
        )
    labels, pixels = frame.pop(shape.label).to_numpy(str), _numbers(path, frame, shape)
    order, notes = _order(path, [shape.heading[column] for column in frame.columns] if shape.heading else [])
    pixels = pixels[:, order] if order else pixels
    note = "labels: the first column, as there is no heading"
    if not shape.heading and len(labels) > 1 and (labels == labels[0]).all():
        raise DataError(
            f"{path}: the first column, the label where there is no heading, is {labels[0][:20]!r} in every row. Add "
            "a heading that names the label's column: label,pixel0,..."
        )
    return Parts((pixels,), (_numbers_or_names(labels),), notes if shape.heading else (note,), emnist_set(path.name))


def _order(path: Path, names: list[str]) -> tuple[list[int], tuple[str, ...]]:
    """Return the order of the columns in which their numbers count, and what to say of it; none if they do already.

    Of two numbers, as in 3x4, the columns may count row by row or column by column: which, makes no difference to a
    network; one after the other like text (1, 10, 2) does, if the next file is in order.

    Raises
    ------
    DataError
        If two columns have the same numbers, or they are not of one kind.
    """
    kinds = {re.sub(r"\d+", "0", name.lower()) for name in names}
    if len(kinds) > 1:
        shown = ", ".join(map(repr, sorted(kinds)[:4]))
        raise DataError(
            f"{path}: the columns of pixels are called in {len(kinds)} ways ({shown}, with a number for each 0), so "
            "that their order is not clear. Call them pixel0, pixel1, ... or 1x1, 1x2, ..."
        )
    places = [tuple(map(int, re.findall(r"\d+", name))) for name in names]
    if len(set(places)) < len(places):
        twice = next(name for name, place in zip(names, places, strict=True) if places.count(place) > 1)
        raise DataError(f"{path}: two columns are the pixel {twice[:40]!r}. Rename or take out one.")
    if places in (sorted(places), sorted(places, key=lambda place: place[::-1])):
        return [], ()
    note = f"pixels: put in the order of their names, {names[0]!r} and so on stood elsewhere"
    return sorted(range(len(places)), key=places.__getitem__), (note,)


def _first_line(path: Path, text: bytes) -> _Shape:
    encoding = "utf-16" if text.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        line = io.TextIOWrapper(io.BytesIO(text), encoding).readline().rstrip("\r\n")
        separator = max(",;\t", key=line.count)
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except (UnicodeError, csv.Error) as error:
        raise DataError(f"{path} is not a readable table: {error}. Save it as UTF-8.") from error
    if len(cells) < 2:
        raise DataError(f"{path} is not a table of a label and pixels: line 1 is {line[:60]!r}. Give label,pixel0,...")
    found = [i for i, cell in enumerate(cells) if LABEL.fullmatch(cell)]
    if not found:
        if not all(_is_number(cell) for cell in cells):
            what = ", ".join(cells[:6]) + (", ..." if len(cells) > 6 else "")
            raise DataError(
                f"{path}: line 1 is neither numbers nor a heading with a column called label, but {what[:200]}. "
                "Name the label's column label; a test set without labels cannot be used."
            )
        return _Shape(separator, encoding, [], len(cells), 0)
    others = [cell for i, cell in enumerate(cells) if i != found[0] and not PIXEL.fullmatch(cell)]
    if others:
        shown = ", ".join(map(repr, others[:6]))
        raise DataError(
            f"{path}: columns that are neither the label nor pixels: {shown[:200]}. Take them out; pixels are called "
            "pixel0, pixel1, ... or 1x1, 1x2, ..."
        )
    return _Shape(separator, encoding, cells, len(cells), found[0])


def _is_number(cell: str) -> bool:
    """Whether this is a finite number, with a decimal point or comma, and of a length that a pixel has."""
    return bool(NUMBER.fullmatch(cell))


def _numbers(path: Path, frame: pd.DataFrame, shape: _Shape) -> np.ndarray:
    """Return the columns of pixels as one array; the first cell that is not a number is named."""
    for column in frame.columns:
        if frame[column].dtype.kind in "iuf":
            continue
        name = shape.heading[column] if shape.heading else str(column + 1)
        row, cell = next(((i, c) for i, c in enumerate(map(str, frame[column])) if not _is_number(c)), (0, ""))
        raise DataError(
            f"{path}: row {row + 1}{' below the heading' if shape.heading else ''}, column {name[:40]}: "
            f"{cell[:40]!r} is not a number. Repair it or take the row out."
        )
    return frame.to_numpy()


def _numbers_or_names(labels: np.ndarray) -> np.ndarray:
    try:
        return labels.astype(np.int64)
    except (ValueError, OverflowError):
        return labels
