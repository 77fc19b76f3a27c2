"""Read results back from files: verified where we wrote them, said to be unverified where not."""

from __future__ import annotations

import logging
import warnings
from io import BytesIO
from pathlib import Path

import xarray as xr

from sim.errors import DataError
from sim.machinery.paths import as_path
from sim.machinery.probing import reads_to_the_end
from sim.machinery.seal import read_sealed
from theory.settings import whole_number

__all__ = ["load"]

log = logging.getLogger("sim")

MAX_BYTES = 2**30
# What HDF5, h5py, h5netcdf and xarray raise on a damaged file.
DAMAGE = (OSError, ValueError, LookupError, AttributeError, RuntimeError, TypeError, MemoryError, ArithmeticError)


def load(path: str | Path, *, max_bytes: int = MAX_BYTES) -> xr.Dataset:
    """Read a result that `sim.save` has written, and verify that no bit of the file has changed since.

    Parameters
    ----------
    path : path
        Of a netCDF-4 file. One from elsewhere carries no checksum: it is read, and a warning in the log ("sim") says
        that it is unverified.
    max_bytes : int
        How much a file without a checksum may hold, on the disk and unpacked; looked at before memory is taken.

    Returns
    -------
    Dataset
        `encoding["verified"]` says whether there was a checksum.

    Raises
    ------
    InvalidArgument
        If `path` is no path, or `max_bytes` no whole number.
    DataError
        If the file is missing, damaged, no netCDF-4 file, or larger than `max_bytes`.

    Examples
    --------
    >>> import sim, tempfile
    >>> walk = sim.walk(100, 20.0, 0.5, steps=1000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read = load(sim.save(walk, f"{folder}/walk.nc"))
    >>> read.identical(walk), read.encoding["verified"]
    (True, True)
    """
    path = as_path("path", path)
    whole_number("max_bytes", max_bytes)
    file = read_sealed(path, max_bytes)
    if not file.verified and not reads_to_the_end(file.content, max_bytes):
        raise DataError(
            f"{path} is damaged: the HDF5 library crashes on it, or does not come to an end. Write it anew."
        )
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            xr.open_dataset(BytesIO(file.content), engine="h5netcdf") as lazy,
        ):
            if not file.verified and lazy.nbytes > max_bytes:
                raise DataError(
                    f"{path} holds {lazy.nbytes:,} bytes unpacked, more than the limit of {max_bytes:,}. If that is "
                    f"right, raise the limit: max_bytes={lazy.nbytes} (--max-size)."
                )
            result = lazy.load()
    except DataError:
        raise
    except DAMAGE as error:
        raise DataError(f"{path} is damaged or no netCDF file ({error}). Write it anew.") from error
    if not file.verified:
        log.warning("%s carries no checksum: it is read, but unverified", path)
    result.encoding["verified"] = file.verified
    return result
