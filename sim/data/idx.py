"""The IDX files in which MNIST is published: read, written, gzipped or not.

References
----------
LeCun, Cortes and Burges, *The MNIST database of handwritten digits*: "File formats for the MNIST database".
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from sim.errors import DataError

__all__ = ["read_idx", "write_idx"]

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | Path) -> np.ndarray:
    """Read one IDX file.

    Parameters
    ----------
    path : path
        The file, gzipped or not.

    Returns
    -------
    ndarray
        With the shape and type that the file's header states.

    Raises
    ------
    DataError
        If the file cannot be read, is not IDX, or is shorter or longer than its header says.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(f"{folder}/labels", np.array([5, 0, 4], dtype="u1"))
    ...     read_idx(f"{folder}/labels")
    array([5, 0, 4], dtype=uint8)
    """
    raw = _bytes(Path(path))
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in TYPES:
        raise DataError(
            f"{path} is not an IDX file: it starts with {raw[:4].hex() or 'nothing'}. Give an MNIST IDX file."
        )
    dimensions = raw[3]
    header = 4 + 4 * dimensions
    if len(raw) < header:
        raise DataError(f"{path} is truncated: {len(raw)} bytes, and its header alone has {header}. Fetch it again.")
    shape = struct.unpack(f">{dimensions}I", raw[4:header])
    dtype = np.dtype(TYPES[raw[2]])
    expected = header + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if len(raw) != expected:
        kind = "truncated" if len(raw) < expected else "too long"
        raise DataError(
            f"{path} is {kind}: {len(raw)} bytes, its header (shape {shape}) promises {expected}. Fetch it again."
        )
    return np.frombuffer(raw, dtype, offset=header).reshape(shape)


def _bytes(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except OSError as error:  # gzip's own errors are OSErrors too
        raise DataError(f"{path} cannot be read: {error}. Check the path and the file.") from error
    except (EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file: {error}. Fetch it again.") from error


def write_idx(path: str | Path, array: np.ndarray) -> None:
    """Write an array of unsigned bytes as an IDX file."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 0x08, array.ndim, *array.shape)
    Path(path).write_bytes(header + np.ascontiguousarray(array, dtype="u1").tobytes())
