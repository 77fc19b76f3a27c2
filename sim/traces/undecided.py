"""Where names do not decide: one sentence that lists the columns, and the options that do."""

from __future__ import annotations

from collections.abc import Sequence

from sim.errors import DataError
from sim.traces.lexicon import QUANTITIES
from sim.traces.table import Table
from sim.traces.vocabulary import Name

__all__ = ["found", "undecided"]

SHOWN = 12  # names in a message


def undecided(table: Table, why: str) -> DataError:
    """Return the error that lists the columns and the options that choose."""
    names = ", ".join(repr(name[:60]) for name in table.names[:SHOWN])
    more = f" and {len(table.names) - SHOWN} more" if len(table.names) > SHOWN else ""
    kind = "columns" if table.heading else "columns, without a heading,"
    return DataError(
        f"{table.path}: {why}. Its {kind} are {names}{more}. Choose with --time NAME, --value NAME (again for each "
        f"layer), --error NAME, --layer NAME and --quantity {'|'.join(QUANTITIES)}."
    )


def found(table: Table, names: Sequence[Name], wanted: str, option: str) -> Name:
    """Return the column that an option names: exactly, or by its small letters or its layer.

    Raises
    ------
    DataError
        If none fits, or several.
    """
    exact = [name for name in names if name.name == wanted]
    alike = [name for name in names if wanted.lower() in (name.name.lower(), name.label.lower())]
    fitting = exact or alike
    if len(fitting) != 1:
        what = "is no column" if not fitting else f"is {len(fitting)} columns"
        raise undecided(table, f"{option} {wanted!r} {what}")
    return fitting[0]
