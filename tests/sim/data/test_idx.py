import gzip

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
