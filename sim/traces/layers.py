"""The layers of a table: a column each, or rows each; all of them, or the one asked for."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from sim.errors import DataError
from sim.traces.cells import RUNS, as_text, labels, numbers
from sim.traces.columns import Columns
from sim.traces.lexicon import LOGGED, OF_GRADIENTS, OF_WEIGHTS
from sim.traces.table import Table
from sim.traces.values import Pair
from sim.traces.vocabulary import understood, words

__all__ = ["Layer", "chosen_layers", "layers_of"]

MOST_LAYERS = 1000
SHOWN = 12  # names in a message
Layer = tuple[str, Pair, np.ndarray]  # its name, its columns and its rows


def layers_of(table: Table, columns: Columns, wanted: str | None, notes: list[str]) -> list[Layer]:
    """Return each layer with its columns and its rows, in the table's order; what is called a loss is none.

    Raises
    ------
    DataError
        If a row's layer is empty, or no row is of a layer.
    """
    tags = [name.name for name in map(understood, table.names) if name.role == "tag"]
    taken = {columns.time.name, *(pair.value.name for pair in columns.pairs)}
    groups = tuple(name for name in (*columns.groups, *tags) if name not in taken)
    rows_of = labels(table, groups, alone=len(columns.pairs) == 1)
    logged = _logged(table, groups, wanted, notes)
    if not rows_of:
        return [(pair.value.label, pair, np.flatnonzero(~logged)) for pair in columns.pairs]
    _refuse_rows_of_no_layer(table, columns, rows_of)
    rows_of = {layer: rows for layer, rows in rows_of.items() if not logged[rows[0]]}
    return [
        (f"{layer}/{pair.value.label}" if len(columns.pairs) > 1 else layer, pair, rows)
        for pair in columns.pairs
        for layer, rows in rows_of.items()
    ]


def _logged(table: Table, groups: tuple[str, ...], wanted: str | None, notes: list[str]) -> np.ndarray:
    """Return which rows are of what a logger records besides, by the name that stands where a layer's should."""
    logged, names = np.zeros(len(table.frame), bool), dict[str, None]()
    for column in (as_text(table.frame[name]) for name in groups if not RUNS & set(words(name))):
        here = [name for name in column.dropna().unique() if _is_logged(name) and name != wanted]
        logged |= column.isin(here).to_numpy()
        names |= dict.fromkeys(here)
    if logged.any() and logged.all():
        raise DataError(
            f"{table.path}: its rows are of {_quoted(list(names))}, no layers of weights. Give the weights'."
        )
    if names:
        notes.append(f"{_quoted(list(names))} left alone: no layers by their names (--layer takes one all the same)")
    return logged


def _is_logged(name: str) -> bool:
    said = set(words(name))
    return bool(OF_GRADIENTS & said or (LOGGED & said and not (OF_WEIGHTS | {"kernel", "bias"}) & said))


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
    known, fits = _quoted([layer[0] for layer in layers]), "several" if fitting else "none"
    raise DataError(f"{path} has the layers {known}; --layer {wanted!r} fits {fits}. Give one of these.")


def _quoted(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(repr(name[:60]) for name in names[:SHOWN]) + more


def _whole(layer: Layer) -> set[str]:
    return {layer[0].lower(), layer[1].value.name.lower(), "".join(words(layer[0]))}


def _parts(layer: Layer) -> set[str]:
    return {part.lower() for part in layer[0].split("/")}


def _words(layer: Layer) -> set[str]:
    return {*words(layer[0]), *re.findall(r"[0-9]+", layer[0])}
