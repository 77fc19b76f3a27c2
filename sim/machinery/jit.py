"""Compilation to machine code: cached on disk, announced, and without the interpreter's lock.

A cached function is compiled again when *its own* file changes, not when a file it calls into does: compiled functions
that call each other therefore live in one module.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import event

__all__ = ["announced", "code_folder", "compiled"]

log = logging.getLogger("sim")

# Sums may be reordered and products fused, so that loops vectorise. NaN and infinity keep their meaning: weights that
# run away must be seen.
FAST_MATH = {"reassoc", "contract", "nsz", "arcp"}


def compiled(function: Callable[..., Any]) -> Any:
    """Compile `function` when it is first called; keep the machine code on disk if any folder for it can be written."""
    options: dict[str, Any] = {"nogil": True, "fastmath": FAST_MATH, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no folder that it can write: compile in every process then
        _say_once(
            "no folder for compiled code can be written, so it is made anew in every process. NUMBA_CACHE_DIR names one"
        )
        return numba.njit(cache=False, **options)(function)


def code_folder(function: Any) -> Path | None:
    """Return where the machine code of a compiled function is kept; None if nowhere."""
    folder = function.stats.cache_path
    return Path(folder) if folder else None


@cache
def _say_once(message: str) -> None:
    log.info(message)


class _Announcement(event.Listener):
    """Logs the first compilation in a process; code that comes from the disk is not compiled and says nothing."""

    def __init__(self, what: str) -> None:
        self.what = what

    def on_start(self, event: event.Event) -> None:
        _say_once(f"compiling {self.what}, once")

    def on_end(self, event: event.Event) -> None:
        """Nothing to say."""


@contextmanager
def announced(what: str) -> Iterator[None]:
    """Log "compiling `what`, once" (logger "sim", level INFO) if the block compiles anything."""
    with event.install_listener("numba:compile", _Announcement(what)):
        yield
