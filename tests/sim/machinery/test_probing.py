"""A file on which HDF5 never ends is refused, and one that it reads, or merely refuses, is not held up."""

import struct
import time

import numpy as np
import pytest
import xarray as xr

import sim
from sim.machinery import probing
from sim.machinery.probing import reads_to_the_end

HEAP = b"GCOL"  # where netCDF's lists of dimensions are
SIZE = 16 + 8  # bytes of the heap's header, and of the first object's, before that object's size


def content():
    """A small netCDF file with two labelled dimensions."""
    toy = xr.Dataset({"a": (("x", "y"), np.arange(6.0).reshape(2, 3))}, coords={"x": [1, 2], "y": [1, 2, 3]})
    return bytes(toy.to_netcdf(engine="h5netcdf"))


def endless():
    """The same with a damaged size of the first list of dimensions: HDF5 counts for ever."""
    whole = content()
    at = whole.index(HEAP) + SIZE
    return whole[:at] + struct.pack("<Q", 127) + whole[at + 8 :]


def test_a_whole_file():
    assert reads_to_the_end(content(), 2**20)


def test_an_error_of_hdf5_is_an_end():
    assert reads_to_the_end(b"no HDF5 at all", 2**20)


def test_a_file_that_never_ends_is_refused_in_time(tmp_path):
    path = tmp_path / "endless.nc"
    path.write_bytes(endless())
    before = time.process_time()
    with pytest.raises(
        sim.DataError, match=r"endless\.nc is damaged: the HDF5 library crashes on it, or does not come"
    ):
        sim.load(path)
    assert time.process_time() - before < 2


def test_a_crash_is_no_end(monkeypatch, tmp_path):
    crash = tmp_path / "crash.py"
    crash.write_text("import os; os.kill(os.getpid(), 11)")
    monkeypatch.setattr(probing, "__file__", str(crash))
    assert not reads_to_the_end(content(), 2**20)


def test_the_clock_limits_it_too(monkeypatch, tmp_path):
    sleeps = tmp_path / "sleeps.py"
    sleeps.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(probing, "__file__", str(sleeps))
    monkeypatch.setattr(probing, "PATIENCE", 0.2)
    assert not reads_to_the_end(content(), 2**20)
