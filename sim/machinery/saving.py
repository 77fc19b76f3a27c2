"""The one place that writes files: each is there whole or not at all, whatever happens while it is written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import xarray as xr

from sim.errors import DataError
from sim.machinery.paths import as_path
from sim.machinery.seal import Bytes, seal
from theory.settings import InvalidArgument

__all__ = ["discard_unfinished", "refuse_unwritable", "replacing", "save", "sealed_netcdf", "work_folder", "write",
           "write_all"]  # fmt: skip

_unfinished: set[Path] = set()  # temporary files and folders of this process, all threads


def refuse_unwritable(path: Path) -> Path:
    """Return the path if a file can be written there; ask before long work, not after it.

    Raises
    ------
    DataError
        If it is a folder or a device, its folder does not exist, or files cannot be made in that.
    """
    if path.is_dir() or not path.name:
        raise DataError(f"the output must be a file, got the folder {str(path)!r}. Add a file name.")
    if path.exists() and not path.is_file():
        raise DataError(f"the output must be an ordinary file, got {str(path)!r}, which is none. Name another.")
    if not path.parent.is_dir():
        raise DataError(f"the folder of {str(path)!r} does not exist. Make it first, or name another.")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            return path
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be written: {error.strerror}. Name another place.") from error


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give the block a file name to write to; when it ends well, what is there takes the place of `path` in one stroke.

    Parameters
    ----------
    path : path
        An existing file is replaced; a reader or a crash sees the old one or the new one, whole.

    Yields
    ------
    Path
        In the same folder, its own for every call, so that two writers never write to one file. It is gone when the
        block ends, well or not.

    Raises
    ------
    DataError
        If the operating system refuses to write, such as for want of room.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(f"{folder}/a.txt") as temporary:
    ...         _ = temporary.write_text("whole")
    ...     [file.name for file in Path(folder).iterdir()]
    ['a.txt']
    """
    path = Path(path)
    temporary = path.with_name(f".tailoff-{uuid4().hex}.part")
    _unfinished.add(temporary)
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
        _flush_folder(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"{str(path)!r} could not be written: {reason}. Make room, or name another place.") from error
    finally:
        temporary.unlink(missing_ok=True)
        _unfinished.discard(temporary)


def write(path: str | Path, *pieces: Bytes) -> Path:
    """Write a file, its content in one piece or several (see `replacing`); return its path."""
    write_all({path: pieces})
    return Path(path)


def write_all(files: Mapping[str | Path, Sequence[Bytes]]) -> None:
    """Write files that belong together: none takes its name before the content of all is on the disk.

    Parameters
    ----------
    files : dict
        The pieces of each file's content, by path.

    Raises
    ------
    DataError
        If the operating system refuses to write one; the message names it, and all are as they were.
    """
    with ExitStack() as stack:
        for path, pieces in files.items():
            with stack.enter_context(replacing(path)).open("wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())


@contextmanager
def work_folder() -> Iterator[Path]:
    """Give the block a folder of its own among the system's temporary files; it is gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="tailoff-") as name:
        _unfinished.add(Path(name))
        try:
            yield Path(name)
        finally:
            _unfinished.discard(Path(name))


def discard_unfinished() -> None:
    """Remove what is being written, for a process that leaves at once and unwinds nothing."""
    for path in tuple(_unfinished):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def save(result: xr.Dataset, path: str | Path) -> Path:
    """Write a result as netCDF, with a checksum that `sim.load` verifies.

    Parameters
    ----------
    result : Dataset
        From `sim.train`, `sim.walk`, `sim.sphere`, `sim.least_squares` or `sim.online`.
    path : path
        An existing file is replaced, at the end and in one stroke.

    Returns
    -------
    Path

    Raises
    ------
    InvalidArgument
        If `result` is no Dataset, or `path` no path.
    DataError
        If the path is a folder, its folder does not exist, or the file cannot be written.

    Examples
    --------
    >>> import sim
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(sim.walk(100, 20.0, 0.5, steps=1000), f"{folder}/walk.nc").name
    'walk.nc'
    """
    if not isinstance(result, xr.Dataset):
        raise InvalidArgument(f"result must be what sim.train, sim.walk, ... return, got {type(result).__name__}.")
    return write(refuse_unwritable(as_path("path", path)), *sealed_netcdf(result))


def sealed_netcdf(result: xr.Dataset) -> tuple[Bytes, bytes]:
    """Return a result as a netCDF file and its seal.

    HDF5 writes to memory and never to a disk: a disk that is full in the middle of a file ends the process inside HDF5.
    """
    content = result.to_netcdf(engine="h5netcdf")
    return content, seal(content)


def _flush(path: Path) -> None:
    """Wait until a file's content is on the disk: the new name must not outlive it in a crash."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Wait until the new name is on the disk, where folders can be opened (not on Windows)."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
