"""How a command prints its answer."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["announce_compilation", "folded", "layer_json", "layer_table", "said", "show", "working"]


WIDTH, COLUMN = 80, 17  # of a line, and where what follows a name begins


def show(text: str, content: dict[str, Any], as_json: bool) -> None:
    """Print the text for people, in lines of 80 columns, or the content as JSON, in which NaN is an error."""
    try:
        document = json.dumps(content, indent=1, allow_nan=False)
    except ValueError as error:
        raise OverflowError("a result is not finite") from error
    typer.echo(document if as_json else folded(text))


def folded(text: str) -> str:
    """Return a text with its long lines broken between words; what goes on stands under what follows the name.

    Examples
    --------
    >>> print(folded("optimizer        " + 12 * "AdamW, "))
    optimizer        AdamW, AdamW, AdamW, AdamW, AdamW, AdamW, AdamW, AdamW, AdamW,
                     AdamW, AdamW, AdamW,
    """
    lines = []
    for line in text.splitlines():
        named = line[COLUMN - 1 : COLUMN] == " " and line[COLUMN - 2 : COLUMN + 1].strip() and line[0] != " "
        under = " " * (COLUMN if named else 4)
        fits = len(line) <= WIDTH
        lines += [line] if fits else wrap(line, WIDTH, subsequent_indent=under, break_long_words=False,
                                          break_on_hyphens=False)  # fmt: skip
    return "\n".join(lines)


def said(text: str, optimizer: Any, unused: Mapping[str, str]) -> str:
    """Return an answer with its optimizer, and what was given without effect."""
    lines = [text, f"optimizer        {optimizer}"]
    return "\n".join(lines + [f"{name.replace('_', ' '):16} {what}" for name, what in unused.items()])


PATIENCE = 1.5  # seconds in which nobody asks how long it takes


@contextmanager
def working(what: str) -> Iterator[Callable[[float], None]]:
    """Show on a terminal what is being done and for how long, once it takes a while; yield what takes the share done.

    Parameters
    ----------
    what : str
        What is done, with its size.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("left"),
               TimeRemainingColumn())  # fmt: skip
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=None)
    patience = threading.Timer(PATIENCE, bar.start)
    patience.daemon = True
    patience.start()
    try:
        yield lambda share: bar.update(task, total=1.0, completed=share)
    finally:
        patience.cancel()
        patience.join()
        bar.stop()


class _ToStderr(logging.Handler):
    """Prints a message as a line on stderr, wherever that leads at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(record.getMessage(), err=True)


def announce_compilation() -> None:
    """Let the simulations say when they compile something, which takes a while and happens once."""
    log = logging.getLogger("sim")
    log.setLevel(logging.INFO)
    if not any(isinstance(handler, _ToStderr) for handler in log.handlers):
        log.addHandler(_ToStderr())


def layer_table(result: xr.Dataset) -> str:
    """Return the layers before and after training, averaged over the replicas, as a table."""
    whole = result.rms.notnull().all(["replica", "layer"])
    result = result.sel(epoch=result.epoch[whole])  # of a run that diverged, what was recorded before
    mean = result.mean("replica")
    lines = [f"{'layer':>5} {'epoch':>6} {'rms':>10} {'variance':>10} {'sum':>10} {'l1':>10} {'induced 1-norm':>15}"]
    for layer in result.layer.values:
        for epoch in (0, int(result.epoch[-1])):
            row = mean.sel(layer=layer, epoch=epoch)
            values = [f"{float(row[name]):10.5g}" for name in ("rms", "variance", "sum", "l1")]
            lines.append(f"{layer:>5} {epoch:>6} {' '.join(values)} {float(row.induced_1_norm):15.5g}")
    accuracy = ", ".join(f"{s} {100 * float(mean.accuracy.sel(split=s)[-1]):.2f}%" for s in result.split.values)
    return "\n".join([*lines, f"accuracy: {accuracy}"])


def layer_json(result: xr.Dataset) -> dict[str, Any]:
    """Return every recorded number, (replica, epoch, layer or split)."""
    from sim.training.statistics import UNITS

    return {
        "settings": _plain(result.attrs),
        **{name: result[name].values.tolist() for name in ("layer", "split")},
        **{name: _without_nan(result[name].values) for name in UNITS if name in result},
    }  # fmt: skip


def _without_nan(values: Any) -> Any:
    """Return nested lists with None where nothing was measured: JSON has no NaN."""
    return np.asarray(np.where(np.isnan(values), None, values)).tolist()


def _plain(attributes: dict[str, Any]) -> dict[str, Any]:
    return {key: value.tolist() if hasattr(value, "tolist") else value for key, value in attributes.items()}
