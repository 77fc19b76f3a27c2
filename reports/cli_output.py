"""How a command prints its answer."""

from __future__ import annotations

import json
import logging
from typing import Any

import typer

__all__ = ["announce_compilation", "show"]


def show(text: str, content: dict[str, Any], as_json: bool) -> None:
    """Print the text for people, or the content as JSON, in which NaN is an error."""
    typer.echo(json.dumps(content, indent=1, allow_nan=False) if as_json else text)


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
