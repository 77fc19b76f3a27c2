"""A seal at the end of a file, the SHA-256 of all before it: a flipped bit is found before it becomes a number.

HDF5 and zip, the two forms in which we write results and checkpoints, both ignore what follows their own last byte, so
that any other program opens a sealed file as it is. A program that changes the file drops or breaks the seal.
"""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from sim.errors import DataError

__all__ = ["Bytes", "Sealed", "read_sealed", "seal"]

Bytes: TypeAlias = bytes | memoryview

MARK = b"tailoff sha256"  # at both ends of the line: one flipped bit cannot take them both away
LENGTH = len(MARK) + 64 + len(MARK) + 4


def seal(content: Bytes) -> bytes:
    """Return the line that is written behind the content of a file.

    Examples
    --------
    >>> line = seal(b"numbers")
    >>> line[:22], line[-16:], len(line) == LENGTH
    (b'\\ntailoff sha256 f3c780', b' tailoff sha256\\n', True)
    """
    return b"\n%s %s %s\n" % (MARK, hashlib.sha256(content).hexdigest().encode(), MARK)


@dataclass(frozen=True)
class Sealed:
    """A file as it was read: its bytes, the seal included, and whether it has one, which then is right."""

    content: bytes
    verified: bool


def read_sealed(path: Path, max_bytes: int | None = None) -> Sealed:
    """Read a file and verify its seal if it has one.

    Parameters
    ----------
    path : Path
    max_bytes : int, optional
        How large a file without a seal may be; looked at before it is read. None: it is not read, its content is empty.

    Raises
    ------
    DataError
        If there is no such file, it cannot be read, it is too large, or its seal does not fit: it was damaged or
        changed after it was written.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{path} is not a file. Name one.")
        with path.open("rb") as file:
            file.seek(max(0, status.st_size - 2 * LENGTH))
            ours = MARK in file.read()
            if not ours and max_bytes is None:
                return Sealed(b"", verified=False)
            if not ours and max_bytes is not None and status.st_size > max_bytes:
                raise DataError(f"{path} holds {status.st_size:,} bytes, more than the limit of {max_bytes:,}. If that "
                                f"is right, raise the limit: max_bytes={status.st_size} (--max-size).")  # fmt: skip
            file.seek(0)
            content = file.read()
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist. Check the path.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Check the path and the file.") from error
    if ours and seal(memoryview(content)[:-LENGTH]) != content[-LENGTH:]:
        raise DataError(f"{path} is damaged, or was changed after it was written: its checksum is wrong.")
    return Sealed(content, verified=ours)
