"""The database of a store: its tables, how it is opened, and what its errors mean to people."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sim.errors import DataError
from sim.sweeps.description import digest

__all__ = ["FILE", "REFUSALS", "discard", "is_whole", "reading", "refusal", "writing"]

FILE = "results.sqlite"
SCHEMA = """
CREATE TABLE IF NOT EXISTS pieces (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, layout TEXT NOT NULL,
    content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS points (key BLOB PRIMARY KEY, base BLOB NOT NULL, version TEXT NOT NULL,
    settings TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL, seconds REAL NOT NULL,
    piece INTEGER, position INTEGER, seal BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sweeps (id INTEGER PRIMARY KEY, spec TEXT NOT NULL, keys BLOB NOT NULL, seal BLOB NOT NULL);
"""
REFUSALS = (sqlite3.Error, UnicodeDecodeError)  # the second where a bit of a text was flipped
WAIT = 60.0  # seconds for a lock that another process holds for the moment of a write


def writing(folder: Path) -> sqlite3.Connection:
    """Open the database of a folder for writing, made if it is not there, and look through it for damage.

    Raises
    ------
    DataError
        If it cannot be written, or is damaged.
    """
    connection = None
    try:
        connection = sqlite3.connect(folder / FILE, timeout=WAIT, check_same_thread=False)
        connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {SCHEMA}")
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except REFUSALS as error:
        if connection:
            connection.close()
        raise refusal(folder, error) from error
    if verdict != "ok":
        connection.close()
        raise _damaged(folder, verdict)
    return connection


def discard(folder: Path) -> None:
    """Remove the database of a folder.

    Raises
    ------
    DataError
        If it cannot be removed.
    """
    try:
        for file in folder.glob(f"{FILE}*"):
            file.unlink()
    except OSError as error:
        raise DataError(f"the store {str(folder)!r} cannot be emptied: {error.strerror}. Name another.") from error


def reading(folder: Path) -> sqlite3.Connection:
    """Open the database of a folder to read it.

    Raises
    ------
    DataError
        If there is none, or it is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        raise DataError(f"{str(folder)!r} is no store: it has no {FILE}. Check the path.")
    written = file.with_name(f"{FILE}-wal")
    modes = ["mode=rw"]  # SQLite keeps a file in the folder while it reads
    if not written.exists() or not written.stat().st_size:
        modes.append("immutable=1")  # for a folder in which nothing can be written
    while True:
        address = f"{file.absolute().as_uri()}?{modes.pop(0)}"
        connection = sqlite3.connect(address, uri=True, timeout=WAIT, check_same_thread=False)
        try:
            connection.execute("PRAGMA query_only=1")
            connection.execute("SELECT count(*) FROM sweeps").fetchone()
        except REFUSALS as error:
            connection.close()
            if not modes:
                raise refusal(folder, error) from error
        else:
            return connection


def is_whole(sha: Any, layout: Any, content: Any) -> bool:
    """Whether a file is as it was written; a flipped bit may have made a number of a text."""
    return isinstance(layout, str) and isinstance(content, bytes) and digest(layout, content) == sha


def refusal(folder: Path, error: Exception) -> DataError:
    """Return what SQLite says against a store, in one sentence with what to do."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        why = "no space left on the device" if name.startswith("SQLITE_FULL") else str(error)
        return DataError(f"the store {str(folder)!r} cannot be used: {why}. Finished points are kept; make room, or "
                         "name another place.")  # fmt: skip
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return DataError(f"the store {str(folder)!r} is busy: {error}. Try again.")
    return _damaged(folder, str(error))


def _damaged(folder: Path, why: str) -> DataError:
    return DataError(
        f"the store {str(folder)!r} is damaged ({why}). Move the folder away, and the sweep computes all anew."
    )
