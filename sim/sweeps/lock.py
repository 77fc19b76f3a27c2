"""One writer at a time: an SQLite lock, which every system has and which ends with the process that holds it."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.errors import DataError

__all__ = ["only_writer"]

log = logging.getLogger("sim")

FILE = "lock.sqlite"
PAUSE = 0.1  # seconds between two tries


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Let the block run while no other process, and no other thread, is in such a block for this folder.

    Parameters
    ----------
    folder : Path
        It holds the lock's file, which is always empty.

    Raises
    ------
    DataError
        If nothing can be written in the folder.
    """
    try:
        connection = sqlite3.connect(folder / FILE, timeout=0, isolation_level=None, check_same_thread=False)
        said = False
        while not _locked(connection):
            if not said:
                log.info("another process writes to %s: waiting for it", folder)
                said = True
            time.sleep(PAUSE)
    except sqlite3.Error as error:
        raise DataError(f"the store {str(folder)!r} cannot be written: {error}. Name another place.") from error
    try:
        yield
    finally:
        connection.close()


def _locked(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
            return False
        raise
    return True
