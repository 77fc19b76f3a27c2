"""Which column is the time, which are the values and which their errors: names decide, or the caller."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.errors import DataError
from sim.traces.cells import CLOCK, numbers
from sim.traces.dates import dated
from sim.traces.lexicon import QUANTITIES
from sim.traces.table import Table
from sim.traces.trace import Choice
from sim.traces.undecided import found, undecided
from sim.traces.values import Pair, values_of, with_errors
from sim.traces.vocabulary import Name, understood, words

__all__ = ["COUNTED", "Columns", "chosen_columns"]

MOST_GROUPS = 8
COUNTED = {"step", "iteration", "batch"}


@dataclass(frozen=True)
class Columns:
    """The columns that were chosen.

    Attributes
    ----------
    time : Name
    pairs : tuple of Pair
        One a layer in a wide table; one in a long table.
    groups : tuple of str
        Columns that say which layer (or run) a row is of: those of a long table.
    notes : tuple of str
    epoch : str or None
        Beside a time in steps, unless the caller chose it.
    """

    time: Name
    pairs: tuple[Pair, ...]
    groups: tuple[str, ...]
    notes: tuple[str, ...]
    epoch: str | None


def chosen_columns(table: Table, choice: Choice) -> Columns:
    """Return the columns to read.

    Raises
    ------
    DataError
        If the names do not decide, with the columns and the options that do.
    """
    if choice.quantity is not None and choice.quantity not in QUANTITIES:
        raise DataError(f"--quantity must be one of {', '.join(QUANTITIES)}, got {choice.quantity!r}.")
    names = [understood(name) for name in table.names]
    notes: list[str] = []
    if not table.heading:
        names = _by_place(table, choice, notes)
    names = _without_runs(names)
    values = values_of(table, names, choice, notes)
    taken = {value.name for value in values}
    time = _time(table, [name for name in names if name.name not in taken], choice, notes)
    if time.name in taken:
        raise undecided(table, f"{time.name!r} cannot be both time and value")
    taken.add(time.name)
    groups = tuple(name.name for name in names if name.role == "group" and name.name not in taken)
    if len(groups) > MOST_GROUPS:
        raise undecided(table, f"{len(groups)} columns say which layer or run a row is of")
    pairs = with_errors(table, names, values, choice, notes)
    epochs = [name.name for name in names if name.role == "time" and name.unit == "epoch" and name != time]
    beside = epochs and time.unit in COUNTED and (choice.time is None or choice.epoch_steps is not None)
    return Columns(time, pairs, groups, tuple(notes), epochs[0] if beside else None)


def _by_place(table: Table, choice: Choice, notes: list[str]) -> list[Name]:
    """Name the columns of a table without a heading: two are time and value; of more the caller says which."""
    places = table.names
    if choice.time is None and choice.value == () and len(places) == 2:
        first, second = (np.diff(numbers(table, place)) for place in places)
        if len(first) > 1 and (first > 0).mean() < 0.5 < (second > 0).mean():
            raise undecided(table, "it has no heading, and its second column counts up, not its first")
        notes.append("the table has no heading: its columns are taken as time and rms")
        return [Name("1", "time", unit="unit of time"), Name("2", "value", choice.quantity or "rms", "rms")]
    if choice.time is None and choice.error is not None and len(places) == 3 and choice.value == ():
        notes.append("the table has no heading: its columns are taken as time, rms and error")
        return [Name("1", "time", unit="unit of time"), Name("2", "value", choice.quantity or "rms", "rms"),
                Name("3", "unknown")]  # fmt: skip
    if not choice.value:
        raise undecided(
            table,
            "no heading says which column is what (they count from 1)"
            if len(places) > 1
            else "it has one column, no time",
        )
    if choice.time is None:
        notes.append("the table has no heading: its first column is taken as the time")
        return [Name("1", "time", unit="unit of time"), *(Name(place, "unknown", None, place) for place in places[1:])]
    return [Name(place, "unknown", None, place) for place in places]


def _without_runs(names: list[Name]) -> list[Name]:
    """Give layers of several runs in one table (Weights & Biases' `run - metric`) labels that tell them apart."""
    runs = {name.name.rsplit(" - ", 1)[0] for name in names if " - " in name.name and name.role != "time"}
    if len(runs) < 2:
        return names
    return [
        Name(name.name, name.role, name.quantity, name.name, name.unit, name.rank) if " - " in name.name else name
        for name in names
    ]


def _time(table: Table, names: list[Name], choice: Choice, notes: list[str]) -> Name:
    if choice.time is not None:
        time = found(table, names, choice.time, "--time")
        return time if time.unit else Name(time.name, "time", unit=time.name)
    times = sorted((name for name in names if name.role == "time"), key=lambda name: name.rank)
    dates = [] if times else [name for name in names if dated(table.frame[name.name])]
    if len(dates) == 1:
        return Name(dates[0].name, "time", unit="second")
    if not times and [name.role for name in names if name.role not in ("error", "group")] == ["unknown"]:
        (only,) = (name for name in names if name.role == "unknown")
        if {"log", "log10", "ln"} & set(words(only.name)):
            raise undecided(table, f"{only.name!r} is a logarithm, and the time is wanted")
        notes.append(f"{only.name!r} is taken as the time: it is the only other column")
        return Name(only.name, "time", unit=only.name)
    if not times:
        first = {name.name: str(cell) for name in names for cell in table.frame[name.name][:1]}
        clock = next((name for name, cell in first.items() if CLOCK.search(cell)), None)
        hint = f" ({clock!r} may be one; dates are read as 2025-01-31 12:00:00)" if clock else ""
        raise undecided(table, f"no name says which column is the time{hint}")
    others = [repr(name.name) for name in times[1:] if name.unit != times[0].unit]
    if others:
        notes.append(f"the time is {times[0].name!r}, not {' or '.join(others)} (--time chooses)")
    same = [name for name in times[1:] if name.unit == times[0].unit]
    if same and not any(table.frame[times[0].name].equals(table.frame[name.name]) for name in same):
        notes.append(f"the time is {times[0].name!r}, not {same[0].name!r} (--time chooses)")
    return times[0]
