"""From a file to its text: unpacked below a limit, decoded by its byte-order mark."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

from sim.errors import DataError

__all__ = ["UNPACKED_BY", "encoding_of", "read_text"]

MAX_BYTES = 100_000_000
UNPACKED_BY = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
ZSTANDARD = b"\x28\xb5\x2f\xfd"
MARKS = (  # the longer first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError)


def read_text(path: Path, max_bytes: int | None = None) -> tuple[str, list[str]]:
    r"""Return a file's text, its lines ended by \n, and notes on what was assumed.

    Parameters
    ----------
    path : Path
        Plain, gzip, bzip2, xz, or a zip of one file; UTF-8, UTF-16 or UTF-32, else Windows-1252.
    max_bytes : int, optional
        Of the unpacked file, 100 MB by default. No more is unpacked than that.

    Raises
    ------
    DataError
        If the file is larger, damaged, or no text.
    """
    max_bytes = MAX_BYTES if max_bytes is None else max_bytes
    data = _unpacked(path, max_bytes)
    if len(data) > max_bytes:
        raise DataError(
            f"{path} has more than {max_bytes / 1e6:g} MB, unpacked. Raise the limit with --max-size, or thin it."
        )
    encoding = encoding_of(data)
    notes = []
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError as error:
            raise _no_text(path) from error
        notes.append("the text is no UTF-8: its letters are read as Windows-1252")
    if CONTROL.search(text):
        raise _no_text(path)
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def _no_text(path: Path) -> DataError:
    return DataError(
        f"{path} is neither netCDF nor text. Give a .nc file of `tailoff train --out`, a CSV or JSON lines."
    )


def _unpacked(path: Path, limit: int) -> bytes:
    """Return the file's bytes, one more than the limit at most."""
    with path.open("rb") as file:
        start = file.read(6)
    if start.startswith(ZSTANDARD):
        raise DataError(f"{path} is packed by Zstandard, which is not read. Unpack it first: zstd -d.")
    try:
        if start.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(path) as archive, archive.open(_only_member(path, archive)) as member:
                return member.read(limit + 1)
        opener: Any = next((unpack for mark, unpack in UNPACKED_BY.items() if start.startswith(mark)), open)
        stream: IO[bytes]
        with opener(path, "rb") as stream:
            return stream.read(limit + 1)
    except DAMAGED as error:
        raise DataError(f"{path} cannot be read: {error}. Copy or pack it anew.") from error


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) != 1:
        raise DataError(
            f"{path} is a zip of {len(members)} files (an Excel workbook or an npz is one too). Save the table as CSV."
        )
    return members[0]


def encoding_of(data: bytes) -> str:
    """Say how the text is encoded: by its mark, or by the zero bytes that plain letters have in UTF-16."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return name
    start = data[:1000]
    odd, even = (start[parity::2].count(0) for parity in (1, 0))
    if max(odd, even) > 0.4 * len(start) / 2 and min(odd, even) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    return "utf-8"
