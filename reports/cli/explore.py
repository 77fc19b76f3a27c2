"""The command `tailoff explore`."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from reports.cli.options import AT_HOME
from reports.cli.output import working

__all__ = ["explore"]


def explore(
    out: Annotated[Path, typer.Option(**AT_HOME, help="The page: one HTML file that needs no network.")] = Path(
        "explorer.html"
    ),
    no_open: Annotated[bool, typer.Option("--no-open", help="Only write it.")] = False,
) -> None:
    """Write the explorer, a page in which the laws can be dragged, and open it in the browser.

    Example: tailoff explore --no-open
    """
    from reports.explorer.page import write_page

    with working("the page is put together"):
        path = write_page(out)
    typer.echo(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    if not no_open and not webbrowser.open(path.resolve().as_uri()):
        typer.echo("No browser was found here: open the file in one.", err=True)
