"""NumPy's .npz files: ours, those of Keras and MedMNIST. Headers are read before arrays, and pickles never."""

from __future__ import annotations

import gzip
import math
import tokenize
import warnings
import zipfile
import zlib
from io import BufferedIOBase
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from sim.data.limits import check_size, opened, read_bytes
from sim.data.parts import Parts
from sim.errors import DataError

__all__ = ["read_npz"]

LAYOUTS = (  # (images, labels) of each part
    (("images", "labels"),),
    (("x_train", "y_train"), ("x_test", "y_test")),  # Keras
    (("x_train", "y_train"), ("x_val", "y_val"), ("x_test", "y_test")),
    (("train_images", "train_labels"), ("test_images", "test_labels")),
    (("train_images", "train_labels"), ("val_images", "val_labels"), ("test_images", "test_labels")),  # MedMNIST
)
UNREADABLE = (ValueError, TypeError, LookupError, OverflowError, MemoryError, RuntimeError, EOFError, OSError,
              SyntaxError, tokenize.TokenError, zipfile.BadZipFile, zlib.error)  # fmt: skip


class _Refused(ValueError):
    """A member that is not a plain array."""


def read_npz(path: Path, max_bytes: int) -> Parts:
    """Read the arrays of the first layout that the file has in full, the most parts first.

    Raises
    ------
    DataError
        If no layout fits, or the file is damaged, encrypted, too large, or holds Python objects.
    """
    with opened(path) as file:
        if isinstance(file, gzip.GzipFile):
            raise DataError(f"{path} is a .npz inside a gzip. Unpack it first.")
        try:
            return _read(path, file, max_bytes)
        except DataError:
            raise
        except UNREADABLE as error:
            raise DataError(f"{path} is not a readable .npz of plain arrays: {error}. Save it again.") from error


def _read(path: Path, file: BufferedIOBase, max_bytes: int) -> Parts:
    with zipfile.ZipFile(file) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        whole = [layout for layout in LAYOUTS if {name for pair in layout for name in pair} <= set(names)]
        if not whole:
            raise DataError(_no_layout(path, names))
        layout = max(whole, key=len)
        members = {name: archive.getinfo(f"{name}.npy") for pair in layout for name in pair}
        check_size(path, sum(member.file_size for member in members.values()), max_bytes)
        arrays = {name: _array(path, archive, member) for name, member in members.items()}
    left = [repr(name[:40]) for name in names if name not in members]
    note = f"arrays: {', '.join(left[:4])}{f' and {len(left) - 4} more' if len(left) > 4 else ''} left alone"
    images, labels = (tuple(arrays[pair[i]] for pair in layout) for i in (0, 1))
    return Parts(images, labels, (note,) if left else ())


def _no_layout(path: Path, names: list[str]) -> str:
    missing = [name for name in ("images", "labels") if name not in names]
    there = ", ".join(name[:40] for name in names[:8]) + (", ..." if len(names) > 8 else "")
    return (
        f"{path} has no array {' and no array '.join(missing)}, only {there or 'nothing'}. "
        "Save it with np.savez(path, images=..., labels=...), or as Keras does (x_train, y_train, x_test, y_test)."
    )


def _array(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    if member.flag_bits & 1:
        raise _Refused(f"{member.filename} is encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _Refused(f"{member.filename} is packed in a way that NumPy does not write")
    with archive.open(member) as file:
        shape, fortran, dtype = _header(file)
        if dtype.hasobject or dtype.itemsize == 0:
            raise _Refused(f"{member.filename} holds {'Python objects' if dtype.hasobject else 'nothing'} ({dtype})")
        size, there = math.prod(shape) * dtype.itemsize, member.file_size - file.tell()
        if size != there or min(shape, default=0) < 0:
            raise _Refused(f"{member.filename} has {there} bytes, and its header (shape {shape}) promises {size}")
        content = read_bytes(path, file, size)
        if len(content) < size:
            raise _Refused(f"{member.filename} is truncated: {len(content)} bytes of {size}")
    return np.ndarray(shape, dtype, content, order="F" if fortran else "C")


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    version = npy.read_magic(file)
    if version not in readers:
        raise _Refused(f"an array of format {version}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 2 wrote 60000L, which is read all the same
        return readers[version](file)
