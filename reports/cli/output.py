"""How a command prints its answer."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["announce_compilation", "layer_json", "layer_table", "show"]


def show(text: str, content: dict[str, Any], as_json: bool) -> None:
    """Print the text for people, or the content as JSON, in which NaN is an error."""
    try:
        document = json.dumps(content, indent=1, allow_nan=False)
    except ValueError as error:
        raise OverflowError("a result is not finite") from error
    typer.echo(document if as_json else text)


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
