"""Rows that name their metric: each metric becomes a column, so that its name decides what it is."""

from __future__ import annotations

import re
from dataclasses import replace

from sim.traces.cells import RUNS, as_text, one_column_per_tag
from sim.traces.dialect import COMMA, POINT
from sim.traces.lexicon import LOGGED
from sim.traces.table import Table
from sim.traces.trace import Choice
from sim.traces.undecided import undecided
from sim.traces.vocabulary import Name, understood, words

__all__ = ["by_metric"]

OF_TENSORBOARD = re.compile(r"-tag-(.+?)\.(csv|json)")  # how it calls the files that it exports


def by_metric(table: Table, choice: Choice) -> Table:
    """Return a column for each metric, where the rows name theirs and have but one `value`; else the table as it is.

    The rows name their metric in a column called tag, metric, name, ..., or in any other whose cells are known names
    of metrics (loss, w_rms); TensorBoard names it in that of the file.

    Raises
    ------
    DataError
        If several columns may be the metric's name, or the value is of a run that is called after another metric.
    """
    named = [understood(name) for name in table.names]
    texts = [name for name in named if name.role in ("tag", "group", "unknown") and _of_words(table, name)]
    beside = [name for name in named if name not in texts and table.frame[name.name].dtype.kind != "b"]
    values = [name for name in beside if name.role in ("value", "layer", "unknown")]  # MLflow's is_nan is none
    if len(values) != 1 or values[0].role != "value" or values[0].quantity is not None:
        return table
    value, metrics = values[0].name, [name for name in texts if not RUNS & set(words(name.name))]
    telling = [name for name in metrics if any(_is_metric(label) for label in _labels(table, name))]
    tags = [name for name in named if name.role == "tag" and name.name != value]
    of_several = [name for name in telling if name.role == "tag"] or telling or tags
    if len(of_several) > 1 and telling:
        both = f"{of_several[0].name!r} and {of_several[1].name!r}"
        raise undecided(table, f"{both} both seem to say what {value!r} records")
    if len(of_several) == 1:
        return one_column_per_tag(table, of_several[0].name, value)
    if choice.quantity is None and not choice.value:
        for label in (label for name in texts if name not in metrics for label in _labels(table, name)):
            if LOGGED & set(words(label)):
                raise undecided(table, f"no name says what {value!r} records, and its run is called {label[:60]!r}")
        return _named_by_file(table, value)
    return table


def _named_by_file(table: Table, value: str) -> Table:
    """Return the table with its value called as TensorBoard calls the file."""
    said = OF_TENSORBOARD.search(table.path.name)
    if said is None or understood(said[1]).role in ("unknown", "time", "tag", "group") or said[1] in table.names:
        return table
    note = f"{value!r} is {said[1]!r} by the name of its file"
    return replace(table, frame=table.frame.rename(columns={value: said[1]}), notes=(*table.notes, note))


def _labels(table: Table, name: Name) -> list[str]:
    return [str(label) for label in as_text(table.frame[name.name]).dropna().unique()]


def _is_metric(label: str) -> bool:
    """Say whether a cell is the name of a metric, of the weights or not, and no layer's."""
    said = understood(label)
    if said.role == "other":
        return said.puzzle != label  # layer_norm may be a layer's
    return said.role == "error" or (said.role == "value" and said.quantity is not None)


def _of_words(table: Table, name: Name) -> bool:
    """Say whether a column holds words and no numbers; one whose name says nothing, in every row."""
    column = table.frame[name.name]
    if column.dtype.kind in "iufb" or (name.role == "unknown" and column.isna().any()):
        return False
    cells = _labels(table, name)
    return len(cells) > 0 and not any(POINT.fullmatch(cell) or COMMA.fullmatch(cell) for cell in cells)
