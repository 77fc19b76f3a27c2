import gzip
import struct

import numpy as np
import pytest

from sim import DataError
from sim.data.idx import read_idx, write_idx


@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4)])
@pytest.mark.parametrize("packed", [False, True])
def test_round_trip(tmp_path, shape, packed):
    array = np.arange(np.prod(shape), dtype="u1").reshape(shape)
    path = tmp_path / "file"
    write_idx(path, array)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(read_idx(path), array)


def test_other_number_types(tmp_path):
    path = tmp_path / "floats"
    path.write_bytes(b"\0\0\x0d\x01\0\0\0\x02" + np.array([1.5, -2.0], ">f4").tobytes())
    np.testing.assert_array_equal(read_idx(path), [1.5, -2.0])


def test_damage_is_named(tmp_path):
    path = tmp_path / "file"
    write_idx(path, np.arange(12, dtype="u1").reshape(3, 4))
    good = path.read_bytes()
    packed = gzip.compress(good)
    cases = {
        "truncated: 20 bytes": good[:20],
        "header alone": good[:6],
        "too long": good + b"x",
        "not an IDX file": b"GIF89a",
        "starts with nothing": b"",
        "damaged gzip": packed[: len(packed) // 2],
        "cannot be read": packed[:-6] + b"\0" * 6,
    }
    for message, content in cases.items():
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_idx(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(tmp_path / "missing")


@pytest.mark.parametrize("packed", [False, True])
def test_sizes_are_looked_at_before_memory_is_taken(tmp_path, packed):
    header = b"\0\0\x08\x04" + struct.pack(">4I", *[65_536] * 4)
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(header) if packed else header)
    with pytest.raises(
        DataError, match="holds 18,446,744,073,709,551,616 bytes unpacked, more than the limit of 1,073"
    ):
        read_idx(path)
    write_idx(path, np.zeros((10, 10), "u1"))
    with pytest.raises(DataError, match="max_bytes=100"):
        read_idx(path, max_bytes=99)
    assert read_idx(path, max_bytes=100).shape == (10, 10)


def test_dimensions_are_those_of_labels_and_images(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\0\0\x08\x64" + struct.pack(">100I", *[1] * 100) + b"\0")
    with pytest.raises(DataError, match="promises 100 dimensions"):
        read_idx(path)
    path.write_bytes(b"\0\0\x08\0\0")
    with pytest.raises(DataError, match="promises 0 dimensions"):
        read_idx(path)
    path.write_bytes(b"\0\0\x08\x02" + struct.pack(">2I", 0, 2**32 - 1))
    with pytest.raises(DataError, match="is empty"):
        read_idx(path)
