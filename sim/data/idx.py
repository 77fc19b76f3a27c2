"""The IDX files in which MNIST is published: read, written, gzipped or not.

References
----------
LeCun, Cortes and Burges, *The MNIST database of handwritten digits*: "File formats for the MNIST database".
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

from sim.data.limits import MAX_BYTES, check_size, opened, read_bytes
from sim.errors import DataError

__all__ = ["read_idx", "write_idx"]

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MOST_DIMENSIONS = 4  # images, rows, columns, colours


def read_idx(path: str | Path, *, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """Read one IDX file.

    Parameters
    ----------
    path : path
        The file, gzipped or not.
    max_bytes : int
        More than this, unpacked, is refused before memory is taken.

    Returns
    -------
    ndarray
        With the shape and type that the file's header states.

    Raises
    ------
    DataError
        If the file cannot be read, is not IDX, is shorter or longer than its header says, or too large.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(f"{folder}/labels", np.array([5, 0, 4], dtype="u1"))
    ...     read_idx(f"{folder}/labels")
    array([5, 0, 4], dtype=uint8)
    """
    path = Path(path)
    with opened(path) as file:
        start = file.read(4)
        if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES:
            raise DataError(
                f"{path} is not an IDX file: it starts with {start.hex() or 'nothing'}. Give an MNIST IDX file."
            )
        dtype, shape = np.dtype(TYPES[start[2]]), _shape(path, start + file.read(4 * start[3]))
        size = math.prod(shape) * dtype.itemsize
        check_size(path, size, max_bytes)
        content = read_bytes(path, file, size)
        header = 4 + 4 * len(shape)
        if len(content) < size:
            problem = f"truncated: {header + len(content)} bytes"
        elif file.read(1):
            problem = f"too long: more than {header + size} bytes"
        else:
            return content.view(dtype).reshape(shape)
    raise DataError(f"{path} is {problem}, its header (shape {shape}) promises {header + size}. Fetch it again.")


def _shape(path: Path, header: bytes) -> tuple[int, ...]:
    dimensions = header[3]
    if not 1 <= dimensions <= MOST_DIMENSIONS:
        raise DataError(
            f"{path} is not an IDX file of labels or images: its header promises {dimensions} dimensions, and these "
            f"have 1 to {MOST_DIMENSIONS}. Fetch it again."
        )
    promised = 4 + 4 * dimensions
    if len(header) < promised:
        raise DataError(
            f"{path} is truncated: {len(header)} bytes, and its header alone has {promised}. Fetch it again."
        )
    shape = struct.unpack(f">{dimensions}I", header[4:])
    if not all(shape):
        raise DataError(f"{path} is empty: its header promises the shape {shape}. Fetch it again.")
    return shape


def write_idx(path: str | Path, array: np.ndarray) -> None:
    """Write an array of unsigned bytes as an IDX file."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 0x08, array.ndim, *array.shape)
    Path(path).write_bytes(header + np.ascontiguousarray(array, dtype="u1").tobytes())
