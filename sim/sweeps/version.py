"""Which simulation made a result: the releases that decide its numbers, and the code itself without its comments.

Of `sim` all rooms count but this one, `recording` and `traces`, which simulate nothing; of `theory` the settings. A
function from elsewhere counts with its module; one that was typed into a session, or stands in the script that is run,
by itself.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from sim.machinery.provenance import versions

__all__ = ["code_of", "version_of"]

NOT_SIMULATED = ("recording", "sweeps", "traces")


def version_of(run: Callable[..., Any]) -> str:
    """Return the version of a simulation: the same words if and only if its results may be mixed.

    Examples
    --------
    >>> import sim
    >>> version_of(sim.walk) == version_of(sim.sphere), version_of(sim.walk).startswith("tailoff ")
    (True, True)
    """
    ours = _code_of_sim()
    if not run.__module__.startswith("sim."):
        ours = sha256((ours + code_of(run)).encode()).hexdigest()
    return f"{versions()}, code {ours[:16]}"


def code_of(function: Callable[..., Any]) -> str:
    """Return a hash of what a function's module says, or the function alone if it is of the script that runs."""
    if function.__module__ not in {"__main__", None}:
        try:
            return _digest(inspect.getsource(sys.modules[function.__module__]))
        except (OSError, TypeError, KeyError):
            pass  # made by exec: it has no file
    code = function.__code__
    return sha256(repr((code.co_code, _constants(code), code.co_names)).encode()).hexdigest()


def _constants(code: Any) -> list[str]:
    """Return the constants of a function, and of those inside it."""
    return [str(_constants(c)) + repr(c.co_code) if inspect.iscode(c) else repr(c) for c in code.co_consts]


@cache
def _code_of_sim() -> str:
    rooms = [room for room in _sorted(files("sim")) if room.is_dir() and room.name not in NOT_SIMULATED]
    sources = [text for room in [*rooms, files("theory") / "settings"] for text in _sources(room)]
    return sha256("".join(_digest(text) for text in sources).encode()).hexdigest()


def _sources(room: Traversable) -> Iterator[str]:
    """Yield the text of every module in a room and the rooms inside."""
    for found in _sorted(room):
        if found.is_dir():
            yield from _sources(found)
        elif found.name.endswith(".py"):
            yield found.read_text(encoding="utf-8")


def _sorted(room: Traversable) -> list[Traversable]:
    return sorted(room.iterdir(), key=lambda found: found.name)


@cache
def _digest(source: str) -> str:
    """Return a hash of a module's code: neither comments nor docstrings nor line breaks count."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False):
            del node.body[0]
    return sha256(ast.dump(tree).encode()).hexdigest()
