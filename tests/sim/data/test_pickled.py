import gzip
import os
import pickle
import struct

import numpy as np
import pytest

from sim import DataError, load_data

RNG = np.random.default_rng(0)
IMAGES = RNG.random((42, 9)).astype("f4")
LABELS = np.arange(42) % 3
TRIPLE = tuple((IMAGES[a:b], LABELS[a:b]) for a, b in ((0, 20), (20, 32), (32, 42)))


def python_2(array):
    """The instructions of Python 2's protocol 2: text is bytes, and the module is numpy.core."""
    shape = b"(" + b"".join(b"J" + struct.pack("<i", n) for n in array.shape) + b"t"
    text = b"T" + struct.pack("<i", array.nbytes) + array.tobytes()
    kind = array.dtype.str[1:].encode()
    return (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01" + shape
        + b"cnumpy\ndtype\nU" + bytes([len(kind)]) + kind + b"K\x00K\x01\x87R(K\x03U\x01<NNN"
        + b"J\xff\xff\xff\xff" * 2 + b"K\x00tb\x89" + text + b"tb"
    )  # fmt: skip


def write(tmp_path, content, name="mnist.pkl.gz"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def check(data):
    assert data.sizes == (20, 12, 10)
    np.testing.assert_array_equal(data.train.inputs, IMAGES[:20])
    np.testing.assert_array_equal(data.test.inputs, IMAGES[32:])
    np.testing.assert_array_equal(data.validation.labels, LABELS[20:32])


def test_the_textbook_s_file(tmp_path):
    pairs = [python_2(images) + python_2(labels) + b"\x86" for images, labels in TRIPLE]
    content = b"\x80\x02" + b"".join(pairs) + b"\x87."
    assert len(pickle.loads(content, encoding="latin1")[0][0]) == 20  # it is the pickle that it claims to be
    check(load_data(write(tmp_path, content)))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ["mnist.pkl.gz", "mnist.pkl"])
def test_every_protocol(tmp_path, protocol, name):
    check(load_data(write(tmp_path, pickle.dumps(TRIPLE, protocol), name)))


def test_lists_pairs_and_big_endian(tmp_path):
    train, test = (IMAGES[:30].astype(">f4"), LABELS[:30].tolist()), (IMAGES[30:].astype(">f4"), LABELS[30:].tolist())
    data = load_data(write(tmp_path, pickle.dumps([train, test], 2)))
    assert data.sizes == (25, 5, 12)
    np.testing.assert_array_equal(data.inputs, IMAGES)
    np.testing.assert_array_equal(data.labels, LABELS)


class Evil:
    def __init__(self, call, *arguments):
        self.parts = call, arguments

    def __reduce__(self):
        return self.parts


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_is_executed(tmp_path, protocol):
    trace = tmp_path / "trace"
    for call in (
        Evil(os.mkdir, str(trace)),
        Evil(eval, f"open({str(trace)!r}, 'w')"),
        Evil(exec, "1"),
        Evil(getattr, 1, "real"),
    ):
        with pytest.raises(DataError, match=r"mnist.pkl.gz is a pickle that asks for '\w+\.\w+'.* not executed"):
            load_data(write(tmp_path, pickle.dumps(((IMAGES, call), (IMAGES, LABELS)), protocol)))
    assert not trace.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps([1, 2]), "two or three pairs"),
        (pickle.dumps(((IMAGES, LABELS),)), "two or three pairs"),
        (pickle.dumps(((IMAGES, "labels"), (IMAGES, LABELS))), "two or three pairs"),
        (pickle.dumps({"a": 1}), "the instruction EMPTY_DICT"),
        (pickle.dumps({1}, 4), "the instruction EMPTY_SET"),
        (pickle.dumps(np.array([None, {}]), 2), "not plain numbers"),
        (pickle.dumps(np.zeros(2, "i4,i4"), 2), "damaged pickle|not plain numbers"),
        (pickle.dumps(np.datetime64(1, "s"), 2), "asks for 'numpy"),
        (b"\x80\x02cnumpy\nndarray\nP1\n.", "the instruction PERSID"),
        (b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n}X\x01\x00\x00\x00aK\x01sb.", "the instruction EMPTY_DICT"),
        (b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nK\x01b.", "a function is not given a state"),
        (b"\x80\x02cnumpy\ndtype\nX\x01\x00\x00\x00O\x85R.", "not plain numbers"),
        (b"\x80\x02", "damaged pickle"),
        (b"\x80\x02r\xff\xff\xff\xff.", "damaged pickle"),  # a memo that would be 32 GB
        (b"\x80\x05\x96" + struct.pack("<Q", 2**33) + b"abc.", "damaged pickle"),  # a bytearray of 8 GB
        (b"\x80\x05\x96" + struct.pack("<Q", 2**63) + b"abc.", "damaged pickle"),
        (b"\x80\x02" + b"]" * 1_100_000 + b".", "more than 1,000,000 objects"),
        (b"\x80\x02" + b"]" + b"\x85" * 999_000 + b".", "two or three pairs"),  # deep
    ],
)  # fmt: skip
def test_other_pickles_are_refused(tmp_path, content, message):
    with pytest.raises(DataError, match=f"mnist.pkl.gz.*({message})"):
        load_data(write(tmp_path, content))


def test_text_that_is_made_bytes_again_and_again_counts(tmp_path):
    text = b"X" + struct.pack("<i", 10**6) + b"a" * 10**6
    once = b"c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R"
    content = b"\x80\x02" + text + b"q\x00" + once * 100 + b"."
    with pytest.raises(DataError, match="makes more bytes of its pickle than the limit"):
        load_data(write(tmp_path, content), max_bytes=50 * 10**6)


def test_sizes_are_looked_at_first(tmp_path):
    content = pickle.dumps(TRIPLE, 2)
    with pytest.raises(DataError, match=f"holds {len(content):,} bytes unpacked, more than the limit of 1,000"):
        load_data(write(tmp_path, content), max_bytes=1000)
    with pytest.raises(DataError, match=f"holds {len(content):,} bytes unpacked, more than the limit of 1,000"):
        load_data(write(tmp_path, content, "mnist.pkl"), max_bytes=1000)
