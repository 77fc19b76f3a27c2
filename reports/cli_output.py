"""How a command prints its answer."""

from __future__ import annotations

import json
from typing import Any

import typer

__all__ = ["show"]


def show(text: str, content: dict[str, Any], as_json: bool) -> None:
    """Print the text for people, or the content as JSON, in which NaN is an error."""
    typer.echo(json.dumps(content, indent=1, allow_nan=False) if as_json else text)
