"""A JSON file that is one object: which of the forms that programs write, and its rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.errors import DataError
from sim.traces.dialect import POINT
from sim.traces.vocabulary import understood

__all__ = ["rows_of"]

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*")
Rows = tuple[list[Any], tuple[str, ...]]


def rows_of(path: Path, document: dict[str, Any]) -> Rows:
    """Return the rows of one object, and a note that says how it was read; of no known form it is one row itself.

    Known are Hugging Face's trainer_state.json, every `orient` of pandas' `to_json`, and lists of one length.

    Raises
    ------
    DataError
        If it holds lists whose lengths differ.

    Examples
    --------
    >>> rows_of(Path("run.json"), {"step": {"0": 0, "1": 9}, "rms": {"0": 1.0, "1": 0.9}})[0]
    [{'step': 0, 'rms': 1.0}, {'step': 9, 'rms': 0.9}]
    """
    values = list(document.values())
    if _objects(document.get("log_history")):
        return document["log_history"], ("log_history holds the records",)
    if "schema" in document and _objects(document.get("data")):
        return document["data"], ()
    if _lists(document.get("columns"), document.get("data")) and all(_lists(row) for row in document["data"]):
        return _split(path, document)
    if values and _lists(*values):
        return _of_one_length(path, document), ()
    if values and all(isinstance(value, dict) and value for value in values):
        inner = list(values[0])
        if _places(inner) and all(list(value) == inner for value in values):
            rows = [{name: column[key] for name, column in document.items()} for key in inner]
            return _indexed(inner, rows)
        if _places(list(document)) and (_timed(values) or not _counts(list(document))):
            return _indexed(list(document), values)
    return [document], ()


def _objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)


def _lists(*values: Any) -> bool:
    return all(isinstance(value, list) for value in values)


def _places(keys: Sequence[str]) -> bool:
    """Say whether keys are places of a table: numbers or dates, and no names."""
    return len(keys) > 1 and all(POINT.fullmatch(key) or DATE.fullmatch(key) for key in keys)


def _counts(keys: Sequence[Any]) -> bool:
    """Say whether keys only count the rows."""
    return list(map(str, keys)) in ([str(i) for i in range(start, start + len(keys))] for start in (0, 1))


def _timed(rows: Sequence[dict[str, Any]]) -> bool:
    return any(understood(name).role == "time" for name in rows[0])


def _indexed(index: Sequence[Any], rows: list[dict[str, Any]]) -> Rows:
    """Return the rows, with their index as a column where it says more than their count."""
    if _counts(index) or _timed(rows):
        return rows, ()
    return [{"index": key} | row for key, row in zip(index, rows, strict=True)], ()


def _split(path: Path, document: dict[str, Any]) -> Rows:
    names = [str(name) for name in document["columns"]]
    widths = {len(row) for row in document["data"]} - {len(names)}
    if widths or len(set(names)) < len(names):
        raise DataError(f"{path}: its {len(names)} columns and its rows of data do not fit. Save the table again.")
    rows = [dict(zip(names, row, strict=True)) for row in document["data"]]
    index = document.get("index", range(len(rows)))
    return _indexed(index, rows) if rows and len(index) == len(rows) else (rows, ())


def _of_one_length(path: Path, document: dict[str, Any]) -> list[dict[str, Any]]:
    lengths = {name: len(column) for name, column in document.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name!r} {length}" for name, length in list(lengths.items())[:6])
        raise DataError(f"{path}: its lists are not of one length ({said}). Give one value for each time.")
    return [dict(zip(document, row, strict=True)) for row in zip(*document.values(), strict=True)]
