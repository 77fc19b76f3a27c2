"""A table too large to hold: its first rows decide what is what, and only the wanted columns are kept."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pandas as pd

from sim.errors import DataError
from sim.traces.decode import UNPACKED_BY, encoding_of
from sim.traces.table import Table, read_table

__all__ = ["first_rows", "is_large", "pieces"]

WHOLE = 20_000_000  # bytes of text that are read at once, with all that people do to tables
SAMPLE = 1_000_000  # bytes of a larger one that decide
PIECE = 200_000  # rows


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        start = file.read(6)
    opener: Any = next((unpack for mark, unpack in UNPACKED_BY.items() if start.startswith(mark)), open)
    stream: IO[bytes] = opener(path, "rb")
    return stream


def _begin(path: Path, size: int) -> bytes:
    try:
        with _opened(path) as file:
            return file.read(size)
    except (OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read: {error}. Copy or pack it anew.") from error


def is_large(path: Path) -> bool:
    """Say whether a file has so much text, unpacked, that it is read in pieces; JSON and zip files are not."""
    begin = _begin(path, WHOLE + 1)
    return len(begin) > WHOLE and not begin.startswith(b"PK\x03\x04") and begin.lstrip()[:1] not in (b"{", b"[")


def first_rows(path: Path, decimal: str | None) -> Table:
    """Return the table of a large file's first rows."""
    sample = _begin(path, SAMPLE)
    sample = sample[: sample.rfind(b"\n") + 1]
    encoding = encoding_of(sample)
    if encoding not in ("utf-8", "utf-8-sig"):
        raise DataError(f"{path} is large, and written in {encoding}. Convert it to UTF-8 first.")
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is large, and no UTF-8 text. Convert it first.") from error
    return read_table(path, text.replace("\r\n", "\n").replace("\r", "\n"), decimal)


def pieces(first: Table, columns: list[str]) -> Iterator[Table]:
    """Yield the table piece by piece, with some of its columns.

    Raises
    ------
    DataError
        If its rows are not as the first ones are.
    """
    separator = r"\s+" if first.separator == " " else first.separator
    with _opened(first.path) as file:
        reader = pd.read_csv(
            file, sep=separator, header=None, names=first.names, index_col=False, comment="#",
            decimal=first.decimal, skipinitialspace=first.separator != " ", skiprows=first.begin, chunksize=PIECE,
            low_memory=False, encoding="utf-8-sig",
        )  # fmt: skip
        while (frame := _next(first, reader)) is not None:
            yield Table(first.path, frame[columns], first.heading, first.decimal, lambda row: f"row {row + 1}")


def _next(first: Table, reader: Iterator[pd.DataFrame]) -> pd.DataFrame | None:
    try:
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
            return next(reader, None)
    except (ValueError, OverflowError, pd.errors.ParserWarning, OSError, EOFError) as error:
        why = str(error).replace("Error tokenizing data. C error: ", "").strip()
        raise DataError(f"{first.path} is no table of {len(first.names)} columns: {why}. Mend the rows.") from error
