"""The layers of a table: a column each, or rows each; all of them, or the one asked for."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from sim.errors import DataError
from sim.traces.cells import labels, numbers
from sim.traces.columns import Columns
from sim.traces.table import Table
from sim.traces.values import Pair
from sim.traces.vocabulary import understood, words

__all__ = ["Layer", "chosen_layers", "layers_of"]

MOST_LAYERS = 1000
SHOWN = 12  # names in a message
Layer = tuple[str, Pair, np.ndarray]  # its name, its columns and its rows


def layers_of(table: Table, columns: Columns) -> list[Layer]:
    """Return each layer with its columns and its rows, in the table's order."""
    tags = [name.name for name in map(understood, table.names) if name.role == "tag"]
    taken = {columns.time.name, *(pair.value.name for pair in columns.pairs)}
    groups = tuple(name for name in (*columns.groups, *tags) if name not in taken)
    rows_of = labels(table, groups, alone=len(columns.pairs) == 1)
    if not rows_of:
        return [(pair.value.label, pair, np.arange(len(table.frame))) for pair in columns.pairs]
    _refuse_rows_of_no_layer(table, columns, rows_of)
    return [
        (f"{layer}/{pair.value.label}" if len(columns.pairs) > 1 else layer, pair, rows)
        for pair in columns.pairs
        for layer, rows in rows_of.items()
    ]


def _refuse_rows_of_no_layer(table: Table, columns: Columns, rows_of: dict[str, np.ndarray]) -> None:
    nowhere = np.ones(len(table.frame), bool)
    nowhere[np.concatenate(list(rows_of.values()))] = False
    for pair in columns.pairs if nowhere.any() else ():
        lost = np.flatnonzero(nowhere & ~np.isnan(numbers(table, pair.value.name)))
        if len(lost):
            place = table.where(int(table.frame.index[lost[0]]))
            raise DataError(
                f"{table.path}, {place}: {pair.value.name!r} has a value, but of no layer. Fill in the layer."
            )


def chosen_layers(path: str | Path, layers: list[Layer], wanted: str | None) -> list[Layer]:
    """Return all layers, or the one that is wanted: by its name, its column's name, a word or a number in it.

    Raises
    ------
    DataError
        If none or several fit, with the layers there are.
    """
    if wanted is None:
        if len(layers) > MOST_LAYERS:
            raise DataError(f"{path} has {len(layers)} layers; at most {MOST_LAYERS} are read. Choose with --layer.")
        return layers
    fitting: list[Layer] = []
    for names in (_whole, _parts, _words):
        fitting = [layer for layer in layers if {wanted.lower(), "".join(words(wanted))} & names(layer)]
        if len(fitting) == 1:
            return fitting
        if fitting:
            break
    known = ", ".join(repr(layer[0][:60]) for layer in layers[:SHOWN])
    more = f" and {len(layers) - SHOWN} more" if len(layers) > SHOWN else ""
    fits = "several" if fitting else "none"
    raise DataError(f"{path} has the layers {known}{more}; --layer {wanted!r} fits {fits}. Give one of these.")


def _whole(layer: Layer) -> set[str]:
    return {layer[0].lower(), layer[1].value.name.lower(), "".join(words(layer[0]))}


def _parts(layer: Layer) -> set[str]:
    return {part.lower() for part in layer[0].split("/")}


def _words(layer: Layer) -> set[str]:
    return {*words(layer[0]), *re.findall(r"[0-9]+", layer[0])}
