"""A table that a logger wrote, as rows of layers: a small one with all that people do to it, a large one in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

from sim.errors import DataError
from sim.traces.cells import numbers
from sim.traces.chunks import first_rows, is_large, pieces
from sim.traces.columns import Columns, chosen_columns
from sim.traces.dates import dated, seconds
from sim.traces.decode import read_text
from sim.traces.extras import EXTRAS, extra_columns
from sim.traces.layers import Layer, chosen_layers, layers_of
from sim.traces.measured import Rows, rows_of
from sim.traces.metrics import by_metric
from sim.traces.read import time_running_on
from sim.traces.rows import as_dataset
from sim.traces.segments import distinct, ordered
from sim.traces.table import Table, read_table
from sim.traces.trace import Choice

__all__ = ["from_log"]

APART = "\x1f"  # between the run and the layer, while it is not known whether the runs differ


def from_log(path: Path, choice: Choice) -> xr.Dataset:
    """Return a logger's table as a Dataset over layer and step, its notes and unit of time in the attributes.

    Raises
    ------
    DataError
        If it is no table, its names do not decide, or a cell is no number.
    """
    notes: list[str] = []
    large = is_large(path)
    if large:
        if choice.epoch_steps is not None:
            raise DataError(
                f"{path} is large: a step that begins anew with each epoch is not read from it. Thin it first."
            )
        table = first_rows(path, choice.decimal)
    else:
        text, notes = read_text(path, choice.max_bytes)
        table = by_metric(read_table(path, text, choice.decimal), choice)
    columns = chosen_columns(table, choice)
    notes += [*table.notes, *columns.notes]
    found = extra_columns(table.names)
    rows = Rows(tuple(name for name in EXTRAS if name in found))
    tables = _in_pieces(table, columns, choice) if large else _at_once(table, columns, choice, notes)
    for piece, time, layers in tables:
        for layer, own in rows_of(piece, time, layers, rows.extras):
            rows.add(layer, own)
    if rows.merged:
        notes.append("neighbouring rows are taken together: there are more than are kept apart")
    return _dataset(path, rows, columns, choice, notes)


def _at_once(
    table: Table, columns: Columns, choice: Choice, notes: list[str]
) -> Iterator[tuple[Table, np.ndarray, list[Layer]]]:
    if not len(table.frame):
        raise DataError(f"{table.path} has a heading and no rows. Give a file with the record in it.")
    time = (seconds if dated(table.frame[columns.time.name]) else numbers)(table, columns.time.name)
    layers = chosen_layers(table.path, layers_of(table, columns, choice.layer, notes), choice.layer)
    if columns.epoch is not None:
        time = time_running_on(table, time, columns, layers, (choice.epoch_steps, notes))
    elif choice.epoch_steps is not None:
        raise DataError(f"{table.path}: epoch_steps is for a step beside an epoch, and there are no two such columns.")
    yield table, time, layers


def _in_pieces(first: Table, columns: Columns, choice: Choice) -> Iterator[tuple[Table, np.ndarray, list[Layer]]]:
    """Yield the pieces of a large table; a layer's name holds that of its run too, until all are known."""
    extras = [name for by_layer in extra_columns(first.names).values() for name in by_layer.values()]
    pairs = [pair.value.name for pair in columns.pairs]
    wanted = list(dict.fromkeys([columns.time.name, *pairs, *columns.groups, *extras]))
    for table in pieces(first, wanted):
        time = numbers(table, columns.time.name)
        groups: dict[str, np.ndarray] = {"": np.arange(len(table.frame))}
        if columns.groups:
            by = table.frame.groupby(list(columns.groups), sort=False, dropna=False)
            groups = {_label(key): np.asarray(place) for key, place in by.indices.items()}
        layers = [
            (name if len(pairs) == 1 and columns.groups else f"{name}{APART}{pair.value.label}", pair, place)
            for pair in columns.pairs
            for name, place in groups.items()
        ]
        yield table, time, layers


def _label(key: object) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return APART.join(f"{part:g}" if isinstance(part, float) else str(part) for part in parts)


def _told_apart(names: list[str]) -> dict[str, str]:
    """Return each name without the parts that are the same in all."""
    parts = [name.split(APART) for name in names]
    telling = [place for place in range(len(parts[0])) if len({own[place] for own in parts}) > 1]
    telling = telling or [len(parts[0]) - 1]
    return {name: "/".join(own[place] for place in telling) for name, own in zip(names, parts, strict=True)}


def _dataset(path: Path, rows: Rows, columns: Columns, choice: Choice, notes: list[str]) -> xr.Dataset:
    """Put the layers together: restarts cut into segments, a step told twice told once, squares of norms."""
    if not rows.of_layer:
        raise DataError(f"{path}: no row has both {columns.pairs[0].value.name!r} and a time. Choose others.")
    names, quantity = _told_apart(list(rows.of_layer)), columns.pairs[0].value.quantity or "rms"
    table: dict[str, list[np.ndarray]] = {}
    said: dict[str, list[str]] = {}
    for name, parts in rows.of_layer.items():
        own = np.concatenate(parts)
        series, notes_of_it = ordered(names[name], own[:, 0], own[:, 1], None, columns.time.unit)
        for note in notes_of_it:
            said.setdefault(note, []).append(names[name])
        cells = {"step": series.time, "segment": series.segment, "value": series.value}
        cells |= dict(zip(rows.extras, _averaged(own, series.time, series.segment), strict=True))
        cells["layer"] = np.full(len(series.time), names[name], object)
        for key, column in cells.items():
            table.setdefault(key, []).append(column)
    whole = {key: np.concatenate(column) for key, column in table.items()}
    value = whole.pop("value")
    sizes = _sizes(path, list(names.values()), choice.weights)
    square = value if quantity in ("norm_sq", "variance") else value**2
    if quantity in ("norm", "norm_sq"):
        whole["norm_sq"] = square
    elif sizes:
        whole["norm_sq"] = square * np.array([sizes[name] for name in whole["layer"]], float)
    else:
        whole["rms"] = np.sqrt(square)
    notes += [f"{', '.join(layers[:3])}{' and others' if len(layers) > 3 else ''}: {n}" for n, layers in said.items()]
    run = as_dataset(str(path), whole)
    run = run.assign_coords(weights=("layer", [sizes.get(name, 0) for name in run.layer.values]))
    return run.assign_attrs(unit=columns.time.unit, notes=notes)


def _averaged(own: np.ndarray, time: np.ndarray, segment: np.ndarray) -> list[np.ndarray]:
    """Return the extras at each of the times that are told once: the mean of what is there."""
    if len(own) > 2 and (np.diff(own[:, 0]) <= 0).all() and own[0, 0] > own[-1, 0]:
        own = own[::-1]  # as the rows that run backwards are turned round
    back = np.flatnonzero(np.diff(own[:, 0]) < 0) + 1
    of_rows = np.searchsorted(back, np.arange(len(own)), side="right") + 1
    told_segment, told, place = distinct(of_rows, own[:, 0])
    if not (np.array_equal(told_segment, segment) and np.array_equal(told, time)):
        raise AssertionError("the rows of a layer and its quantities must be ordered alike")
    averaged = []
    for column in own[:, 3:].T:
        known = np.isfinite(column)
        count = np.bincount(place[known], minlength=len(told))
        with np.errstate(invalid="ignore"):
            averaged.append(np.bincount(place[known], column[known], len(told)) / count)
    return averaged


def _sizes(path: Path, layers: list[str], weights: tuple[int, ...]) -> dict[str, int]:
    """Return the number of weights of each layer, as far as it is told."""
    if not weights:
        return {}
    if len(weights) != len(layers) or not all(1 <= number <= 1e18 for number in weights):
        raise DataError(
            f"{path} has the layers {', '.join(layers[:8])}, and weights={weights}. Give a number for each."
        )
    return dict(zip(layers, weights, strict=True))
