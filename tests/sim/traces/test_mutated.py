"""Damaged tables: each is read, or refused in one line; none ends in a traceback or hangs."""

import bz2
import gzip
import json
import lzma
import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import DataError
from sim.traces.read import from_table
from sim.traces.trace import Choice

STEPS = range(0, 1000, 100)
CSV = "step,epoch,loss,layer1/rms,layer1/rms_err,layer2/rms\n" + "".join(
    f"{t},{t // 300},0.5,{1 / (1 + t / 100):.5f},0.001,{2 / (1 + t / 100):.5f}\n" for t in STEPS
)
LONG = "tag,run,step,value\n" + "".join(f"norm/fc{k}.weight,a,{t},{k}.{t}\n" for t in STEPS for k in (1, 2))
JSON = "\n".join(json.dumps({"_step": t, "stats": {"w_rms": 1 / (1 + t), "b": None}}) for t in STEPS)
WHOLE = [
    CSV.encode(),
    CSV.encode("utf-16"),
    CSV.replace(",", ";").replace(".", ",").encode("utf-8-sig"),
    CSV.replace(",", "\t").replace("\n", "\r\n").encode(),
    ("# step rms\n" + "".join(f"{t} {1 / (1 + t)}\n" for t in STEPS)).encode(),
    LONG.encode(),
    JSON.encode(),
    json.dumps([[1e9 + t, t, 1 / (1 + t)] for t in STEPS]).encode(),
    gzip.compress(CSV.encode()),
    bz2.compress(LONG.encode()),
    lzma.compress(JSON.encode()),
]
TOKENS = [
    b",", b";", b"\t", b'"', b"\n", b"\r", b"#", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"nan", b"inf", b"-", b" ",
    b"O", b"1e999", b"9" * 400, b"{", b"[" * 3000, b"}", b"]", b"null", b"true", b"step", b"rms", b"'", b"\xe4",
    b"sep=;\n", b"," * 3000, b"1,5", b"0x1f", b"layer", b"PK\x03\x04", b"\x1f\x8b", b"__MIN", b" - ",
]  # fmt: skip


def mutated(whole, rng):
    """A table with some bytes flipped, cut, put in or moved."""
    data = bytearray(whole)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        way = rng.randrange(6)
        if way == 0 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif way == 1:
            del data[at : at + rng.randint(1, 40)]
        elif way == 2:
            data[at:at] = rng.choice(TOKENS)
        elif way == 3:
            other = rng.randrange(len(data) + 1)
            data[at:at] = data[other : other + rng.randint(1, 100)]
        elif way == 4:
            del data[at:]
        else:
            lines = bytes(data).split(b"\n")
            rng.shuffle(lines)
            data = bytearray(b"\n".join(lines))
    return bytes(data)


def assert_read_or_refused(path, choice=None):
    """Assert that it is read, with finite numbers, or refused in one line, and soon; return whether it was read."""
    start = time.process_time()  # a busy machine does not decide
    try:
        trace = from_table(path, choice)
    except DataError as error:
        trace, words = None, str(error)
    else:
        words = ""
    assert len(words) < 2000
    assert time.process_time() - start < 5
    for series in trace.series if trace else ():
        assert len(series.time) == len(series.value) == len(series.segment) > 0
        assert np.isfinite(series.time).all()
        assert np.isfinite(series.value).all()
        assert all((np.diff(series.part(number + 1).time) > 0).all() for number in range(min(series.segments, 3)))
    return trace is not None


def read_share(path, count, seed):
    rng = random.Random(seed)
    read = 0
    for _ in range(count):
        path.write_bytes(mutated(rng.choice(WHOLE), rng))
        read += assert_read_or_refused(path)
    return read / count


@pytest.mark.parametrize("whole", WHOLE)
def test_the_tables_are_read_before_they_are_damaged(tmp_path, whole):
    (tmp_path / "table").write_bytes(whole)
    assert assert_read_or_refused(tmp_path / "table")


@pytest.mark.parametrize(
    "column", ["", "foo{}", "layer{}", "layer{0},layer{0}_err", "a{}/step", "x{} - layer", "w{}/norm"]
)
def test_a_heading_of_thousands_of_names_takes_no_time(tmp_path, column):
    names = ",".join(column.format(i) for i in range(9990 // (1 + column.count(","))))
    (tmp_path / "table").write_text(f"step,{names}\n" + ",".join("1" * (2 + names.count(","))) + "\n")
    assert_read_or_refused(tmp_path / "table")


def test_mutated_tables_are_read_or_refused(tmp_path):
    assert 0.05 < read_share(tmp_path / "table", 400, seed=1) < 0.95


@pytest.mark.slow
def test_ten_thousand_mutated_tables_are_read_or_refused(tmp_path):
    assert 0.05 < read_share(tmp_path / "table", 10_000, seed=2) < 0.95


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_anything_is_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "table"
    path.write_bytes(data)
    assert_read_or_refused(path)


cells = st.sampled_from(["0", "1", "2", "0.5", "1,5", "", "nan", "x", '"', "1e308", "-1", "step", "rms", "1OO"])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["step", "rms", "norm_sq", "err", "layer", "tag", "value", "std", "1", "", "loss"]), max_size=4
    ),
    st.lists(st.lists(cells, max_size=5), max_size=6),
    st.sampled_from(list(",;\t ")),
    st.builds(
        Choice,
        time=st.sampled_from([None, "1", "step"]),
        value=st.sampled_from([(), ("rms",), ("2", "3")]),
        error=st.sampled_from([None, "none", "err", "3"]),
        layer=st.sampled_from([None, "1", "rms"]),
        quantity=st.sampled_from([None, "norm", "variance", "foo"]),
        weights=st.sampled_from([(), (10,), (0,), (3, 4)]),
    ),
)
def test_any_choice_of_any_cells_is_read_or_refused(tmp_path_factory, names, rows, separator, choice):
    path = tmp_path_factory.mktemp("cells") / "table"
    path.write_text("\n".join(separator.join(row) for row in [names, *rows]))
    assert_read_or_refused(path, choice)
