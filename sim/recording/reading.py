"""Read the file of a recorded run, up to its last whole block."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import DataError
from sim.recording.columns import COLUMNS, VERSION
from sim.recording.layout import CHECKSUM, KEY, MARK, SETTINGS, WHOLE, arrow, checksum

__all__ = ["Recorded", "is_headless", "is_trace", "read_recorded"]

MAX_BYTES = 2**30


@dataclass(frozen=True)
class Recorded:
    """What a file holds.

    Attributes
    ----------
    header : dict
    columns : dict of ndarray, shape (rows,)
        Of the file's `COLUMNS`; layers as objects of type str, NaN where nothing was measured.
    settings : dict of int to dict
        Of each segment, as they were at its beginning.
    notes : list of str
        What readers must know.
    length : int
        Bytes up to the end of the last whole block.
    torn : int
        Bytes behind them, of a block that was being written.
    """

    header: dict[str, Any]
    columns: dict[str, np.ndarray]
    settings: dict[int, dict[str, Any]]
    notes: list[str]
    length: int
    torn: int

    @property
    def segments(self) -> int:
        """How many there are."""
        return int(self.columns["segment"].max(initial=0))


def is_trace(path: Path) -> bool:
    """Say whether a file begins as an Arrow stream does; no text does so."""
    with path.open("rb") as file:
        return file.read(4) == MARK


def is_headless(path: Path) -> bool:
    """Say whether a file ends before its header does: its process died at once."""
    content = path.read_bytes()[:MAX_BYTES]
    if not content.startswith(MARK):
        return MARK.startswith(content)
    pa = arrow()
    try:
        return pa.ipc.read_message(pa.BufferReader(content)) is None
    except (pa.ArrowInvalid, OSError, EOFError):
        return not _whole_message_behind(content, 0)


def read_recorded(path: Path, max_bytes: int = MAX_BYTES) -> Recorded:
    """Read a recorded run, up to its last whole block.

    Raises
    ------
    DataError
        If it is no recorded run, or a block is damaged that is not the last.
    """
    pa = arrow()
    content = _content(path, max_bytes)
    source = pa.BufferReader(content)
    broken = (pa.ArrowException, OSError, EOFError, ValueError, KeyError, TypeError, UnicodeDecodeError, OverflowError)
    try:
        reader = pa.ipc.open_stream(source)
        header = _header(path, reader.schema)
        length = source.tell()
    except DataError:
        raise
    except broken as error:
        raise _damaged(path, "its header cannot be read") from error
    blocks: list[dict[str, np.ndarray]] = []
    settings: dict[int, dict[str, Any]] = {}
    notes: list[str] = []
    while True:
        try:
            batch, metadata = reader.read_next_batch_with_custom_metadata()
            columns, said = _columns(batch), (metadata or {}).get(SETTINGS, b"")
            ours = metadata is not None and metadata.get(CHECKSUM) == checksum(said, columns)
        except StopIteration:
            break
        except broken as error:
            if _whole_message_behind(content, length):
                raise _damaged(path, f"the block at byte {length:,} cannot be read, and others follow") from error
            break
        if not ours:
            raise _damaged(path, f"the checksum of the block at byte {length:,} is wrong")
        about = json.loads(said)
        settings |= {int(segment): of_segment for segment, of_segment in about["segments"].items()}
        notes += about["notes"]
        blocks.append(columns)
        length = source.tell()
    columns = {name: np.concatenate([block[name] for block in blocks]) if blocks else np.empty(0) for name in COLUMNS}
    return Recorded(header, columns, settings, notes, length, len(content) - length)


def _content(path: Path, max_bytes: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise DataError(f"{path} holds {size:,} bytes, more than the limit of {max_bytes:,}. If that is right, "
                            f"raise the limit: max_bytes={size}.")  # fmt: skip
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Check the path.") from error


def _header(path: Path, schema: Any) -> dict[str, Any]:
    about = schema.metadata or {}
    if KEY not in about or CHECKSUM not in about:
        raise DataError(f"{path} is an Arrow stream, but no recorded run. Give a file of sim.Recorder.")
    if checksum(about[KEY]) != about[CHECKSUM] or [field.name for field in schema] != list(COLUMNS):
        raise _damaged(path, "its header has another checksum")
    header = json.loads(about[KEY])
    if header.get("version") != VERSION:
        raise DataError(f"{path} is a recorded run of version {header.get('version')!r}; this tailoff reads {VERSION}. "
                        "Install a newer one.")  # fmt: skip
    return dict(header)


def _columns(batch: Any) -> dict[str, np.ndarray]:
    batch.validate(full=True)
    columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        kind = object if name == "layer" else np.int64 if name in WHOLE else np.float64
        columns[name] = np.array(column.to_numpy(zero_copy_only=False), kind)
    return columns


def _whole_message_behind(content: bytes, start: int) -> bool:
    """Say whether a whole block stands behind an unreadable one: then it was damaged, and not torn off at the end."""
    pa = arrow()
    at = content.find(MARK, start + 8)
    while at >= 0:
        try:
            message = pa.ipc.read_message(pa.BufferReader(content[at:]))
            if message.type == "record batch" and message.body.size:
                return True
        except (pa.ArrowException, OSError, EOFError, AttributeError):
            pass
        at = content.find(MARK, at + 4)
    return False


def _damaged(path: Path, what: str) -> DataError:
    return DataError(f"{path} is damaged, or was changed after it was written: {what}.")
