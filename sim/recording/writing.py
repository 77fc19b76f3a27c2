"""Write the file of a recorded run: whole blocks are appended, and nothing is ever rewritten."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.errors import DataError
from sim.recording.layout import CHECKSUM, SETTINGS, arrow, checksum, schema_of
from sim.recording.reading import is_headless, read_recorded

__all__ = ["TraceFile"]


class TraceFile:
    """A file that is being written, made by `create` or `resume`."""

    def __init__(self, path: Path, schema: Any, segments: int) -> None:
        self.path, self.segments, self._schema = path, segments, schema
        self._file = path.open("ab", buffering=0)
        self._length = path.stat().st_size

    @classmethod
    def create(cls, path: Path, header: Mapping[str, Any]) -> TraceFile:
        """Begin a file with its header.

        Raises
        ------
        DataError
            If there is such a file already, or it cannot be written.
        """
        schema = schema_of(header)
        try:
            with path.open("xb") as file:
                file.write(schema.serialize())
        except FileExistsError as error:
            raise DataError(f"{path} is there already. Name another file, or go on in it with resume=True.") from error
        except OSError as error:
            raise DataError(f"{path} cannot be written: {error.strerror}. Name another place.") from error
        return cls(path, schema, 0)

    @classmethod
    def resume(cls, path: Path, header: Mapping[str, Any]) -> TraceFile:
        """Go on with a file, behind its last whole block; begin it if it is not there or has no whole header.

        Raises
        ------
        DataError
            If it is no recorded run, it is damaged, or it cannot be written.
        """
        if not path.exists() or is_headless(path):
            path.unlink(missing_ok=True)
            return cls.create(path, header)
        found = read_recorded(path)
        try:
            os.truncate(path, found.length)
            return cls(path, schema_of(found.header), found.segments)
        except OSError as error:
            raise DataError(f"{path} cannot be written: {error.strerror}. Name another place.") from error

    def append(self, columns: Mapping[str, Sequence[Any]], about: Mapping[str, Any]) -> None:
        """Write a block of rows, in one stroke.

        Parameters
        ----------
        columns : dict of sequence
            All of `COLUMNS`, of one length; NaN for what was not measured.
        about : dict
            `segments`: the settings of each that begins with this block; `notes`: sentences for readers.

        Raises
        ------
        DataError
            If the operating system does not take it, such as for want of room: the file then ends as before.
        """
        pa = arrow()
        arrays = [pa.array(columns[field.name], field.type, from_pandas=True) for field in self._schema]
        said = json.dumps(about).encode()
        metadata = {SETTINGS: said, CHECKSUM: checksum(said, columns)}
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, self._schema) as writer:
            writer.write_batch(pa.record_batch(arrays, schema=self._schema), custom_metadata=metadata)
            block = sink.getvalue()[self._schema.serialize().size :]  # without the schema, and before the stream's end
        self._write(block)

    def _write(self, block: bytes) -> None:
        try:
            rest = memoryview(block)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            os.truncate(self.path, self._length)
            raise DataError(f"{self.path} could not be written: {error.strerror}. Make room.") from error
        self._length += len(block)

    def sync(self) -> None:
        """Wait until all is on the disk: it then survives the machine's end too, not only the process's."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """End; the file stays one to which a resumed run can append."""
        if not self._file.closed:
            self.sync()
            self._file.close()
