import gzip
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from sim import DataError, load_data
from sim.data.idx import write_idx


def bomb(path, start, size):
    """A small gzip that repeats the end of `start` for very long."""
    piece = gzip.compress(start[-4:] * 2**22, 9)
    path.write_bytes(gzip.compress(start) + piece * (size // 2**24))
    return path


@pytest.mark.parametrize("start", [b"\x80\x02", b"label,pixel0\n1,2\n", b"\0\0\x08\x03" + b"\0\0\x40\0" * 3])
def test_a_small_gzip_of_four_gigabytes(tmp_path, start):
    path = bomb(tmp_path / "mnist.pkl.gz", start, 2**32)
    assert path.stat().st_size < 18e6
    tracemalloc.start()  # sees what Python and NumPy take, which is all that is taken here
    with pytest.raises(DataError, match=r"mnist.pkl.gz holds .* bytes unpacked, .*the limit.*max_bytes="):
        load_data(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


def test_a_size_that_the_gzip_itself_names(tmp_path):
    content = gzip.compress(b"label,pixel0\n" + b"1,2\n" * 100_000)
    path = tmp_path / "train.csv.gz"
    path.write_bytes(content[:-4] + (4 * 10**9).to_bytes(4, "little"))
    with pytest.raises(DataError, match="holds 16,000,000,000 bytes"):  # as numbers, four bytes for each of the text
        load_data(path)


def test_devices_and_pipes_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    write_idx(tmp_path / "my-images", np.zeros((3, 2, 2), "u1"))
    os.mkfifo(tmp_path / "my-labels")
    for path in ("/dev/zero", tmp_path / "pipe", tmp_path / "my-images"):
        with pytest.raises(DataError, match=r"is not a regular file, so its size cannot be known"):
            load_data(path)


def test_paths_that_are_none(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in ("", "x" * 5000, tmp_path / "loop", Path("nowhere") / "mnist.npz"):
        with pytest.raises(DataError):
            load_data(path)


def test_the_limit_is_a_whole_number():
    with pytest.raises(ValueError, match="max_bytes"):
        load_data(max_bytes=0)
