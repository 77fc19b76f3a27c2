"""The reference, written from the faces' stubs: a page for each room, with every public name that comes from it."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.roles import XRefRole

__all__ = ["FACES", "NameRole", "pages", "public_names", "setup"]

ROOT = Path(__file__).parents[2]
FACES = ("theory", "sim", "reports")
SAID = """
Every public name, by the room of the package that it comes from. ``theory`` predicts, ``sim`` measures and knows no
prediction, ``reports`` compares.
"""


def public_names(face: str) -> Iterator[tuple[str, str]]:
    """Yield the room and the name of everything that a face's stub declares, in its order.

    Examples
    --------
    >>> ("weight", "equilibrium") in set(public_names("theory"))
    True
    """
    stub = ast.parse((ROOT / face / "__init__.pyi").read_text(encoding="utf-8"))
    for line in stub.body:
        if isinstance(line, ast.ImportFrom) and line.level == 1:
            for alias in line.names:
                yield (line.module or "").partition(".")[0], alias.asname or alias.name


def _directive(face: str, name: str) -> str:
    """Return the autodoc directive of a public name."""
    thing = getattr(importlib.import_module(face), name)
    if isinstance(thing, ModuleType):
        return f".. automodule:: {thing.__name__}\n   :members:\n"
    if inspect.isclass(thing):
        ours = all(base.__module__.partition(".")[0] in (*FACES, "abc") for base in thing.__mro__[:-1])
        return f".. autoclass:: {face}.{name}\n   :members:\n" + "   :inherited-members:\n" * ours
    if callable(thing):
        return f".. autofunction:: {face}.{name}\n"
    return f".. autodata:: {face}.{name}\n   :no-value:\n"


def _title(words: str) -> str:
    return f"{words}\n{'=' * len(words)}\n"


def pages() -> dict[str, str]:
    """Return the reference's pages in reStructuredText, by their path under docs."""
    written: dict[str, str] = {}
    for face in FACES:
        rooms = defaultdict(list)
        for room, name in public_names(face):
            rooms[room].append(name)
        for room, names in rooms.items():
            said = inspect.getdoc(importlib.import_module(f"{face}.{room}")) or ""
            body = "\n".join(_directive(face, name) for name in names)
            listed = ", ".join(f":py:obj:`~{face}.{name}`" for name in names)
            title = _title(f"{face}: {room}")
            written[f"reference/{face}_{room}.rst"] = f"{title}\n{said}\n\n{listed}.\n\n{body}"
        toc = "".join(f"   {face}_{room}\n" for room in rooms)
        said = inspect.getdoc(importlib.import_module(face)) or ""
        written[f"reference/{face}.rst"] = f"{_title(face)}\n{said}\n\n.. toctree::\n   :maxdepth: 2\n\n{toc}"
    toc = "".join(f"   {face}\n" for face in FACES)
    written["reference/index.rst"] = f"{_title('Reference')}\n{SAID}\n\n.. toctree::\n   :maxdepth: 2\n\n{toc}"
    return written


class NameRole(XRefRole):
    """What single backticks mean in a docstring: a link to a public name written in full, code where it is none."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the node."""
        if not re.fullmatch(rf"({'|'.join(FACES)})(\.\w+)+(\(\))?", self.text):
            return [nodes.literal(self.rawtext, self.text)], []
        self.name = "py:obj"
        return super().run()


def _write(app: Sphinx) -> None:
    """Write the pages, and leave alone what has not changed: Sphinx then does not read it again."""
    for name, text in pages().items():
        path = Path(app.srcdir) / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before Sphinx looks for its sources."""
    app.add_role("name", NameRole())
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
