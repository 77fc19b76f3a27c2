"""Sizes are looked at before memory is taken; what cannot be read is one `DataError` that names the file."""

from __future__ import annotations

import contextlib
import gzip
import stat
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import IO

import numpy as np

from sim.errors import DataError

__all__ = ["MAX_BYTES", "check_size", "opened", "read_bytes", "read_whole"]

MAX_BYTES = 2**30
GZIP = b"\x1f\x8b"
PIECE = 2**20


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BufferedIOBase]:
    """Open a file to read, unpacking it on the way if it is gzipped; what goes wrong with it is a `DataError`.

    Raises
    ------
    DataError
        If it is not there, not a regular file (a device or a pipe has no size), cannot be read, or is a damaged gzip.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(f"{path} is not a regular file, so its size cannot be known. Save it to a file first.")
        with path.open("rb") as file:
            packed = file.read(2) == GZIP
            file.seek(0)
            if not packed:
                yield file
                return
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
    except OSError as error:  # gzip's own errors are OSErrors too
        raise DataError(f"{path} cannot be read: {error}. Check the path and the file.") from error
    except (EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file: {error}. Fetch it again.") from error


def check_size(path: Path, size: int, max_bytes: int, *, at_least: bool = False) -> None:
    """Refuse what would take more than `max_bytes` of memory.

    Examples
    --------
    >>> check_size(Path("digits.npz"), 46 * 10**9, 2**30)
    Traceback (most recent call last):
    ...
    sim.errors.DataError: digits.npz holds 46,000,000,000 bytes unpacked, more than the limit of 1,073,741,824. If that
    is right, raise the limit: max_bytes=46000000000 (--max-size).
    """
    if size > max_bytes:
        holds, enough = (f"more than {max_bytes:,}", 4 * max_bytes) if at_least else (f"{size:,}", size)
        rule = "the limit" if at_least else f"more than the limit of {max_bytes:,}"
        raise DataError(f"{path} holds {holds} bytes unpacked, {rule}. If that is right, raise the limit: "
                        f"max_bytes={enough} (--max-size).")  # fmt: skip


def read_bytes(path: Path, file: IO[bytes] | BufferedIOBase, size: int) -> np.ndarray:
    """Read `size` bytes, or as many as there are: shape (read,), uint8. Only what is there is written to memory."""
    try:
        room = np.empty(size, np.uint8)
    except (MemoryError, ValueError) as error:
        raise DataError(f"{path} holds {size:,} bytes unpacked, more than this machine has memory for.") from error
    filled = 0
    while filled < size and (piece := file.read(min(size - filled, PIECE))):
        room[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
        filled += len(piece)
    return room[:filled]


def read_whole(path: Path, max_bytes: int, *, growth: int = 1) -> bytes:
    """Return a whole file, unpacked; a gzip's size is counted in a first pass, which keeps nothing.

    Parameters
    ----------
    growth : int
        How many bytes of memory a byte of the file becomes; the limit is on these.
    """
    with opened(path) as file:
        if isinstance(file, gzip.GzipFile):
            check_size(path, growth * _last_size(path), max_bytes)
            size = 0
            while growth * size <= max_bytes and (piece := file.read(PIECE)):
                size += len(piece)
            check_size(path, growth * size, max_bytes, at_least=True)
            file.seek(0)
        else:
            size = path.stat().st_size
            check_size(path, growth * size, max_bytes)
        return file.read(size)


def _last_size(path: Path) -> int:
    """Return what a gzip's last four bytes say: its last member's unpacked size, modulo 2^32."""
    with path.open("rb") as file:
        file.seek(-4, 2)
        return int.from_bytes(file.read(), "little")
