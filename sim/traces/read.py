"""A table of a recorded run, read into a `Trace`: by names where they decide, by the caller's choice where not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from sim.errors import DataError
from sim.estimates.spread import mean_and_error
from sim.machinery.paths import as_path
from sim.traces.cells import numbers, refuse_thousands
from sim.traces.columns import COUNTED, Columns, chosen_columns
from sim.traces.dates import dated, seconds
from sim.traces.decode import read_text
from sim.traces.layers import Layer, chosen_layers, layers_of
from sim.traces.metrics import by_metric
from sim.traces.quantities import as_rms
from sim.traces.running import begins_anew, running_time
from sim.traces.segments import ordered
from sim.traces.table import Table, read_table
from sim.traces.trace import Choice, Series, Trace
from sim.traces.values import Pair
from sim.traces.vocabulary import understood, words

__all__ = ["from_run", "from_table", "time_running_on"]

Record = tuple[str, np.ndarray, np.ndarray, np.ndarray | None, str, str]
# layer, time, value, error, quantity, and which value is not positive
SQUARES = {"rms", "sq", "squared", "square", "squares"}  # a variance called mean square is about zero


def from_table(path: str | Path, choice: Choice | None = None) -> Trace:
    """Read the record of a run from a table that somebody's logger wrote.

    Parameters
    ----------
    path : path
        CSV of any separator, decimal sign and encoding, or JSON lines, packed or not; wide (a column a layer) or long
        (a column `layer`, or the metric's name in each row).
    choice : Choice, optional
        What to take where the names do not decide.

    Returns
    -------
    Trace
        In rms, or in norms where the number of weights is not told. Its notes say what was assumed.

    Raises
    ------
    DataError
        If the file is no such table, or its names do not decide.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "metrics.csv")
    ...     _ = path.write_text("epoch,step,loss,w_rms\\n0,0,2.3,1.0\\n0,100,1.7,0.9\\n")
    ...     trace = from_table(path)
    >>> trace.unit, trace.series[0].layer, trace.series[0].time, trace.series[0].value
    ('step', 'w_rms', array([  0., 100.]), array([1. , 0.9]))
    """
    path, choice = as_path("path", path), choice or Choice()
    text, notes = read_text(path, choice.max_bytes)
    table = by_metric(read_table(path, text, choice.decimal), choice)
    columns = chosen_columns(table, choice)
    notes += [*table.notes, *columns.notes]
    unit = columns.time.unit
    if dated(table.frame[columns.time.name]):
        time, unit = seconds(table, columns.time.name), "second"
        notes.append(f"{columns.time.name!r} holds dates: the time is in seconds since the first")
    else:
        time = numbers(table, columns.time.name)
    if choice.decimal is None and unit in COUNTED:
        refuse_thousands(table, columns.time.name, text)
    left_out: dict[str, list[str]] = {}
    if not len(table.frame):
        raise DataError(f"{path} has a heading and no rows. Give a file with the record in it.")
    layers = chosen_layers(path, layers_of(table, columns, choice.layer, notes), choice.layer)
    if columns.epoch is not None:
        time = time_running_on(table, time, columns, layers, (choice.epoch_steps, notes))
    elif choice.epoch_steps is not None:
        raise DataError(f"{path}: --epoch-steps is for a step beside an epoch, and there are no two such columns.")
    records = [_record(table, time, layer, left_out) for layer in layers]
    notes += _by_layer(left_out)
    squares = all(SQUARES & set(words(pair.value.name)) or "²" in pair.value.name for pair in columns.pairs)
    return _trace(str(path), records, unit, choice, notes, squares=squares)


def from_run(run: xr.Dataset, name: str, choice: Choice | None = None) -> Trace:
    """Return the record of a run of `sim.train`: the replicas' mean rms over epochs, with their standard error.

    Parameters
    ----------
    run : Dataset
        With `rms` over replica, epoch and layer.
    name : str
        What messages call it.
    choice : Choice, optional
        Its layer is looked at, and `error="none"`.

    Raises
    ------
    DataError
        If the layer is not in it, or something is chosen that only a table leaves open.
    """
    choice = choice or Choice()
    _refuse_choices_of_tables(name, choice)
    if set(run.rms.dims) != {"replica", "epoch", "layer"} or not run.rms.size:
        raise DataError(f"{name} has an rms over {dict(run.rms.sizes)}. Give a run of `tailoff train`.")
    rms = run.rms.transpose("layer", "replica", "epoch").values.astype(float)
    places = [(str(layer), Pair(understood("rms"), None), np.array([i])) for i, layer in enumerate(run.layer.values)]
    records: list[Record] = []
    for layer, _, (place,) in chosen_layers(name, places, choice.layer):
        known = rms.shape[1] > 1 and choice.error is None
        mean, spread = mean_and_error(rms[place]) if known else (rms[place].mean(axis=0), None)
        records.append((layer, run.epoch.values.astype(float), mean, spread, "rms", ""))
    return _trace(name, records, "epoch", choice, [])


def _refuse_choices_of_tables(name: str, choice: Choice) -> None:
    """Refuse what would have no effect on a run of ours, whose record is the rms over epochs."""
    given = {
        "--time": choice.time, "--value": choice.value or None, "--decimal": choice.decimal,
        "--epoch-steps": choice.epoch_steps, "--quantity": None if choice.quantity == "rms" else choice.quantity,
        "--error": None if choice.error == "none" else choice.error,
    }  # fmt: skip
    for option, value in given.items():
        if value is not None:
            raise DataError(f"{name} is a run of ours, the rms over epochs: {option} is for tables. Leave it out.")


def time_running_on(
    table: Table, time: np.ndarray, columns: Columns, layers: list[Layer], how: tuple[int | None, list[str]]
) -> np.ndarray:
    """Return the time that runs on, where each layer's counter begins anew with each epoch; else the time as it is."""
    epoch = numbers(table, str(columns.epoch))
    whole, said = time.copy(), dict[str, None]()
    for _, pair, rows in layers:
        there = rows[np.isfinite(numbers(table, pair.value.name)[rows] + time[rows] + epoch[rows])]
        if begins_anew(time[there], epoch[there]):
            names = columns.time.name, str(columns.epoch)
            whole[there], note = running_time(str(table.path), names, time[there], epoch[there], how[0])
            said[note] = None
    if how[0] is not None and not said:
        raise DataError(
            f"{table.path}: --epoch-steps is for a counter that begins anew with each epoch, and "
            f"{columns.time.name!r} runs on. Leave it out."
        )
    how[1].extend(said)
    return whole


def _not_positive(table: Table, pair: Pair, row: int, value: float) -> str:
    """Say where a value is that no rms or norm has."""
    place = table.where(int(table.frame.index[row]))
    what = "A logarithm must be turned back first" if value < 0 else "Take the row out, or mend it"
    return f"{place}: {pair.value.name!r} is {value:g}, and a {pair.value.quantity} of weights is positive. {what}."


def _record(table: Table, time: np.ndarray, layer: Layer, left_out: dict[str, list[str]]) -> Record:
    """Return the rows of one layer that have a time and a value; say in `left_out` how many have not."""
    name, pair, rows = layer
    value = numbers(table, pair.value.name)
    there = rows[np.isfinite(time[rows]) & np.isfinite(value[rows])]
    missing, total = len(rows) - len(there), len(rows)
    if not len(there):
        raise DataError(
            f"{table.path}: no row has both {pair.value.name!r} and a time. Choose others with --value, --time."
        )
    if missing:
        left_out.setdefault(f"{missing} of {total} rows are empty or nan, and left out", []).append(name)
    error = None
    if pair.error is not None:
        error = numbers(table, pair.error)[there]
        if np.isnan(error).all():
            error = None
            left_out.setdefault("the column of errors is empty, and no errors are taken", []).append(name)
        elif np.isnan(error).any():
            row = int(there[np.isnan(error)][0])
            place = table.where(int(table.frame.index[row]))
            raise DataError(
                f"{table.path}, {place}: {pair.value.name!r} has a value and {pair.error!r} none. Fill it, or give "
                "--error none."
            )
    low = there[value[there] <= 0]
    not_positive = _not_positive(table, pair, int(low[0]), value[low[0]]) if len(low) else ""
    if not_positive and pair.value.quantity in ("variance", "norm_sq") and (value[there] < 0).any():
        row = int(there[value[there] < 0][0])
        raise DataError(f"{table.path}, {_not_positive(table, pair, row, value[row])}")
    return name, time[there], value[there], error, pair.value.quantity or "rms", not_positive


def _trace(
    path: str, records: list[Record], unit: str, choice: Choice, notes: list[str], *, squares: bool = False
) -> Trace:
    """Convert, cut into segments, and put together."""
    weights = _weights(path, records, choice.weights)
    series: list[Series] = []
    said: dict[str, list[str]] = {}
    quantity = "rms"
    for (layer, time, value, error, kind, not_positive), number in zip(records, weights, strict=True):
        try:
            value, error, quantity = as_rms(value, error, kind, number)
            one, notes_of_it = ordered(layer, time, value, error, unit)
        except DataError as problem:
            raise DataError(f"{path}: {problem}") from problem
        series.append(replace(one, not_positive=not_positive))
        for note in notes_of_it:
            said.setdefault(note, []).append(layer)
    kinds = dict.fromkeys(record[4] for record in records)
    for kind in ("std", "variance"):
        if kind in kinds and not squares:
            notes.append(f"a {kind} is about the mean, and is taken as the rms, which is about zero")
    for kind in kinds:
        if kind in ("variance", "norm_sq") or (kind == "norm" and quantity == "rms"):
            notes.append(f"{kind} is turned into {quantity}")
    if quantity == "norm":
        notes.append("norms stay norms, whose rate is the rms's own: for the rms give --weights, how many there are")
    notes += _by_layer(said)
    return Trace(tuple(series), quantity, unit, tuple(notes))


def _by_layer(said: dict[str, list[str]]) -> list[str]:
    """Return each note once, with the layers that it is about."""
    return [
        f"{', '.join(layers[:3])}{f' and {len(layers) - 3} more' if len(layers) > 3 else ''}: {note}"
        for note, layers in said.items()
    ]


def _weights(path: str, records: list[Record], weights: tuple[int, ...]) -> list[int | None]:
    """Return the number of weights of each layer."""
    if not weights:
        return [None] * len(records)
    if not all(1 <= number <= 1e18 for number in weights):
        raise DataError(f"--weights must be whole numbers from 1 to 1e18, got {min(weights)}.")
    if records[0][4] not in ("norm", "norm_sq"):
        raise DataError(f"{path}: --weights is for norms, and the values are {records[0][4]}. Leave it out.")
    if len(weights) != len(records):
        layers = ", ".join(record[0] for record in records[:8])
        raise DataError(
            f"{path} has {len(records)} layers ({layers}), but --weights has {len(weights)} numbers. Give one "
            "for each, with commas between, or choose a layer with --layer."
        )
    return list(weights)
