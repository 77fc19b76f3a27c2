"""The store of a sweep: one folder with one SQLite database, in which finished points outlive whatever comes after.

Results are netCDF files in rows (`sim.sweeps.pack`), many points to a row, so that no files pile up. Every row carries
a SHA-256: a result's of its bytes, a point's of all that the row says and of its result's. One process writes; readers
may come at any time.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import xarray as xr

from sim.errors import DataError
from sim.machinery.paths import as_path
from sim.sweeps.database import REFUSALS, discard, is_whole, reading, refusal, writing
from sim.sweeps.description import digest
from sim.sweeps.lock import only_writer
from sim.sweeps.pack import Packed, Piece

__all__ = ["Row", "Store", "opened_store", "reader"]

KEPT = 8  # pieces that are kept in memory once they are read
KEY = 32  # bytes of a key


@dataclass(frozen=True, slots=True)
class Row:
    """What the store says of a point.

    Attributes
    ----------
    key, base : bytes
        Hash of settings, data and version of the simulation; of settings and data alone.
    version, settings : str
    status : {"done", "diverged", "failed"}
    reason : str
        Why it failed.
    seconds : float
        That it took.
    piece, position : int or None
        Where its result is.
    """

    key: bytes
    base: bytes
    version: str
    settings: str
    status: str
    reason: str
    seconds: float
    piece: int | None = None
    position: int | None = None

    def seal(self, piece_sha: bytes) -> bytes:
        """Return the hash of the row and of its result."""
        return digest(*(part if isinstance(part, bytes) else repr(part) for part in astuple(self)), piece_sha)


class Store:
    """An open store; see `opened_store`."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder, self._connection = folder, connection
        self._one_at_a_time = threading.RLock()
        self._piece = lru_cache(KEPT)(self._read_piece)

    @contextmanager
    def _asking(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to one thread; what SQLite says against it becomes one sentence."""
        with self._one_at_a_time:
            try:
                with self._connection:
                    yield self._connection
            except REFUSALS as error:
                raise refusal(self.folder, error) from error

    def rows(self, keys: Iterable[bytes] | None = None) -> dict[bytes, Row]:
        """Return what is known of points; a row that was altered is none.

        Parameters
        ----------
        keys : iterable of bytes, optional
            All points without it.
        """
        wanted = None if keys is None else set(keys)
        with self._asking() as ask:
            hashes: dict[int | None, bytes] = dict(ask.execute("SELECT id, sha256 FROM pieces"))
            if wanted is not None and len(wanted) < 1000:
                marks = ",".join("?" * len(wanted))
                found = ask.execute(f"SELECT * FROM points WHERE key IN ({marks})", [*wanted]).fetchall()
            else:
                found = [row for row in ask.execute("SELECT * FROM points") if wanted is None or row[0] in wanted]
        good: dict[bytes, Row] = {}
        for *parts, seal in found:
            row = Row(*parts)
            if row.seal(hashes.get(row.piece, b"")) == seal:
                good[row.key] = row
        return good

    def add(self, rows: Sequence[Row], pieces: Sequence[Packed] = ()) -> None:
        """Write points and the files of their results, all or none; on return they are on the disk.

        Parameters
        ----------
        rows : sequence of Row
            `piece` counts the pieces from 0.
        pieces : sequence of Packed
        """
        with self._asking() as ask:
            placed: list[tuple[int | None, bytes]] = []
            for packed in pieces:
                row_of_piece = (digest(packed.layout, packed.netcdf), packed.layout, packed.netcdf)
                at = ask.execute(
                    "INSERT INTO pieces (sha256, layout, content) VALUES (?, ?, ?)", row_of_piece
                ).lastrowid
                placed.append((at, row_of_piece[0]))
            for row in rows:
                where, sha = placed[row.piece] if row.piece is not None else (None, b"")
                whole = replace(row, piece=where)
                values = (*astuple(whole), whole.seal(sha))
                ask.execute(f"INSERT OR REPLACE INTO points VALUES ({','.join('?' * len(values))})", values)

    def result(self, row: Row) -> xr.Dataset:
        """Return a point's result, its checksum verified.

        Raises
        ------
        DataError
            If it was altered or is not there.
        """
        if row.piece is None or row.position is None:
            raise DataError(f"a point of {str(self.folder)!r} has no result: {row.reason or row.status}.")
        return self._piece(row.piece).result(row.position)

    def piece(self, number: int) -> Piece:
        """Return the results that share a file, their checksum verified."""
        return self._piece(number)

    def _read_piece(self, number: int) -> Piece:
        return Piece(self.packed(number).netcdf)

    def packed(self, number: int) -> Packed:
        """Return the file of some results.

        Raises
        ------
        DataError
            If its checksum is wrong.
        """
        with self._asking() as ask:
            found = ask.execute("SELECT sha256, layout, content FROM pieces WHERE id = ?", (number,)).fetchone()
        if found is None or not is_whole(*found):
            raise DataError(f"a result in {str(self.folder)!r} is damaged: its checksum is wrong. Run the sweep again.")
        return Packed([], *found[1:])

    def layouts(self, pieces: Iterable[int]) -> dict[int, str]:
        """Return the layout of each piece."""
        wanted = set(pieces)
        with self._asking() as ask:
            return {piece: text for piece, text in ask.execute("SELECT id, layout FROM pieces") if piece in wanted}

    def without_damaged(self, rows: dict[bytes, Row]) -> dict[bytes, Row]:
        """Return the points whose results are as they were written."""
        whole: dict[int | None, bool] = {None: True}
        for piece in {row.piece for row in rows.values()} - {None}:
            try:
                whole[piece] = bool(self.packed(piece).netcdf)  # type: ignore[arg-type]
            except DataError:
                whole[piece] = False
        return {key: row for key, row in rows.items() if whole[row.piece]}

    def record_sweep(self, spec: str, keys: Sequence[bytes]) -> None:
        """Write what a sweep is a grid of; the last one is what `sim.open_sweep` opens."""
        members = b"".join(keys)
        with self._asking() as ask:
            last = ask.execute("SELECT spec, keys FROM sweeps ORDER BY id DESC LIMIT 1").fetchone()
            if last != (spec, members):
                row = (spec, members, digest(spec, members))
                ask.execute("INSERT INTO sweeps (spec, keys, seal) VALUES (?, ?, ?)", row)

    def last_sweep(self) -> tuple[str, list[bytes]]:
        """Return the last sweep's specification and the keys of its points, in order.

        Raises
        ------
        DataError
            If there is none, or what is written of it was altered.
        """
        with self._asking() as ask:
            found: Any = ask.execute("SELECT spec, keys, seal FROM sweeps ORDER BY id DESC LIMIT 1").fetchone()
        if found is None:
            raise DataError(f"{str(self.folder)!r} holds no sweep yet. Run one: sim.sweep(..., store=...).")
        spec, keys, seal = found
        if not isinstance(spec, str) or not isinstance(keys, bytes) or digest(spec, keys) != seal:
            raise DataError(f"{str(self.folder)!r} is damaged: the last sweep's checksum is wrong. Run it again.")
        return spec, [keys[i : i + KEY] for i in range(0, len(keys), KEY)]

    def close(self) -> None:
        """Close the database; a clean end leaves one file."""
        self._connection.close()

    def __del__(self) -> None:
        self._connection.close()


@contextmanager
def opened_store(path: str | Path, *, fresh: bool = False) -> Iterator[Store]:
    """Open a store for writing, made if it is not there; another process that writes to it is waited for.

    Parameters
    ----------
    path : path
        Of the folder.
    fresh : bool
        Empty it first.

    Raises
    ------
    DataError
        If the folder cannot be made or written, or the database in it is damaged.
    """
    folder = as_path("store", path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"the store {str(folder)!r} cannot be made: {error.strerror}. Name another place.") from error
    with only_writer(folder):
        if fresh:
            discard(folder)
        store = Store(folder, writing(folder))
        try:
            yield store
        finally:
            store.close()


def reader(path: str | Path) -> Store:
    """Open a store that is there, to read; another process may write to it meanwhile."""
    folder = as_path("store", path)
    return Store(folder, reading(folder))
