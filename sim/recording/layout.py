"""How a recorded run lies in its file: an Arrow IPC stream of blocks, each with a checksum.

Any program that reads Arrow streams reads it, also while it is written. Nothing is ever rewritten, nothing mapped and
nothing locked, so that a network disk will do. A process that dies leaves at most a torn block at the end; readers stop
before it, and a run that goes on with the file cuts it off.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.errors import DataError
from sim.recording.columns import COLUMNS

__all__ = ["CHECKSUM", "KEY", "MARK", "SETTINGS", "WHOLE", "arrow", "checksum", "schema_of"]

KEY, CHECKSUM, SETTINGS = b"tailoff", b"crc32", b"settings"  # in the metadata: of the file, and of each block
WHOLE = {"step": "int64", "segment": "int32", "count": "int32"}
MARK = b"\xff\xff\xff\xff"  # at the start of every message of a stream


def arrow() -> Any:
    """Return pyarrow.

    Raises
    ------
    DataError
        If it is not installed, with how to.
    """
    try:
        import pyarrow as pa
        import pyarrow.ipc
    except ImportError as error:
        raise DataError("recorded runs need pyarrow. Install it: pip install 'tailoff[traces]'.") from error
    return pa


def schema_of(header: Mapping[str, Any]) -> Any:
    """Return the columns and the header as Arrow has them."""
    pa = arrow()
    fields = [
        pa.field(name, pa.string() if name == "layer" else WHOLE.get(name, "float64"), metadata={"meaning": meaning})
        for name, meaning in COLUMNS.items()
    ]
    said = json.dumps(header).encode()
    return pa.schema(fields, metadata={KEY: said, CHECKSUM: checksum(said)})


def checksum(said: bytes, columns: Mapping[str, Sequence[Any] | np.ndarray] | None = None) -> bytes:
    """Return the CRC-32 of what a header says; or of a block, with its values.

    Columns follow in the order of `COLUMNS`, text with line ends between, numbers as 8 bytes each.
    """
    total = zlib.crc32(said)
    for name in COLUMNS if columns is not None else ():
        cells = columns[name] if columns is not None else ()
        if name == "layer":
            piece = "\n".join(cells).encode()
        else:
            piece = np.asarray(cells, np.int64 if name in WHOLE else np.float64).tobytes()
        total = zlib.crc32(piece, total)
    return b"%08x" % total
