"""Tables as JSON: an object a line, an array of objects or one object; TensorBoard's arrays of three numbers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from sim.errors import DataError
from sim.traces.heading import line_of
from sim.traces.json_documents import rows_of

__all__ = ["read_json"]

MOST_CELLS = 20_000_000
MOST_COLUMNS = 10_000
TENSORBOARD = ("Wall time", "Step", "Value")
WALL_TIMES = (1e8, 1e11)  # seconds since 1970: from 1973 on


class Twice(ValueError):
    """A key that an object has twice."""


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
        If it is no JSON, no list of objects, or has a name twice in one of them.
    """
    whole, records, notes = _records(path, text)
    columns: dict[str, list[Any]] = {}
    row = -1
    for row, record in enumerate(records):
        if isinstance(record, list):
            record = _tensorboard(path, row + 1, record)
            notes = ("arrays of three are TensorBoard's wall time, step and value",)
        for name, value in _flat(path, row + 1, record):
            column = columns.setdefault(name, [])
            if len(column) > row:
                raise DataError(f"{path}, entry {row + 1}: the name {name[:60]!r} is there twice. Keep one.")
            if not column and (len(columns) > MOST_COLUMNS or len(columns) * row > MOST_CELLS):
                raise DataError(f"{path} has {len(columns)} names in {row} objects: too many. Keep the weights' own.")
            column += [None] * (row - len(column))
            column.append(value)
    if not columns:
        raise DataError(f"{path} has no rows. Give one JSON object a line, with a time and an rms in each.")
    for column in columns.values():
        column += [None] * (row + 1 - len(column))
    return pd.DataFrame(columns), lambda row: f"entry {row + 1}" if whole else f"line {line_of(text, row)}", notes


def _records(path: Path, text: str) -> tuple[bool, Iterable[Any], tuple[str, ...]]:
    """Return whether the file is one JSON document, its records, and notes."""
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except Twice as error:
        raise DataError(f"{path}: {error}. Keep one.") from error
    except (ValueError, RecursionError) as error:
        if text.lstrip().startswith("["):
            raise DataError(f"{path} is no JSON: {error}. Give one object a line, or an array of objects.") from error
        return False, _objects(path, text), ()
    if isinstance(document, list):
        return True, document, ()
    rows, notes = rows_of(path, document)
    return rows != [document], rows, notes


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, none of whose keys may be given twice: the last would win without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Twice(f"the name {twice[:60]!r} is there twice in one object")
    return found


def _objects(path: Path, text: str) -> Iterator[Any]:
    for number, line in enumerate(io.StringIO(text), 1):
        if line.strip():
            yield _record(path, number, line)


def _record(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line, object_pairs_hook=_once)
    except Twice as error:
        raise DataError(f"{path}, line {number}: {error}. Keep one.") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}, line {number}: no JSON object ({error}). Give one object a line.") from error


def _tensorboard(path: Path, place: int, record: list[Any]) -> dict[str, Any]:
    """Return a list of three as TensorBoard's scalar; refuse any other list, whose numbers have no names."""
    low, high = WALL_TIMES
    if len(record) != 3 or not isinstance(record[0], int | float) or not low < record[0] < high:
        raise DataError(
            f"{path}, entry {place}: a list, whose numbers have no names, and not TensorBoard's [wall time, step, "
            'value]. Give an object of names and numbers, such as {"step": 0, "rms": 1.0}.'
        )
    return dict(zip(TENSORBOARD, record, strict=True))


def _flat(path: Path, place: int, record: Any, above: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Give the record's entries, the names of inner objects joined by a slash."""
    if not isinstance(record, dict) or depth > 20:
        raise DataError(f"{path}, entry {place}: not an object of names and numbers. Give one such object a line.")
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _flat(path, place, value, f"{above}{name.strip()}/", depth + 1)
        else:
            yield above + name.strip(), value
