"""Tables as JSON: an object a line (or an array of objects), and TensorBoard's arrays of three numbers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from sim.errors import DataError
from sim.traces.heading import line_of

__all__ = ["read_json"]

MOST_CELLS = 20_000_000
MOST_COLUMNS = 10_000
TENSORBOARD = ("Wall time", "Step", "Value")


def read_json(path: Path, text: str) -> tuple[pd.DataFrame, Callable[[int], str], tuple[str, ...]]:
    """Return the columns, a row's place in words, and notes.

    Parameters
    ----------
    path : Path
        For messages.
    text : str
        Objects within objects become columns `outer/inner`.

    Raises
    ------
    DataError
        If it is no JSON, or no list of objects.
    """
    whole = text.lstrip().startswith("[")
    columns: dict[str, list[Any]] = {}
    notes: tuple[str, ...] = ()
    row = -1
    for row, record in enumerate(_array(path, text) if whole else _objects(path, text)):
        if isinstance(record, list) and len(record) == 3:
            record = dict(zip(TENSORBOARD, record, strict=True))
            notes = ("arrays of three are TensorBoard's wall time, step and value",)
        for name, value in _flat(path, row + 1, record).items():
            column = columns.setdefault(name, [])
            if not column and (len(columns) > MOST_COLUMNS or len(columns) * row > MOST_CELLS):
                raise DataError(f"{path} has {len(columns)} names in {row} objects: too many. Keep the weights' own.")
            column += [None] * (row - len(column))
            column.append(value)
    if not columns:
        raise DataError(f"{path} has no rows. Give one JSON object a line, with a time and an rms in each.")
    for column in columns.values():
        column += [None] * (row + 1 - len(column))
    return pd.DataFrame(columns), lambda row: f"entry {row + 1}" if whole else f"line {line_of(text, row)}", notes


def _array(path: Path, text: str) -> list[Any]:
    try:
        records: list[Any] = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no JSON: {error}. Give one object a line, or an array of objects.") from error
    return records


def _objects(path: Path, text: str) -> Iterator[Any]:
    for number, line in enumerate(io.StringIO(text), 1):
        if line.strip():
            yield _record(path, number, line)


def _record(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}, line {number}: no JSON object ({error}). Give one object a line.") from error


def _flat(path: Path, place: int, record: Any, above: str = "", depth: int = 0) -> dict[str, Any]:
    """Return the record with the names of inner objects joined by a slash."""
    if not isinstance(record, dict) or depth > 20:
        raise DataError(f"{path}, entry {place}: not an object of names and numbers. Give one such object a line.")
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            flat |= _flat(path, place, value, f"{above}{name}/", depth + 1)
        else:
            flat[above + name] = value
    return flat
