"""kill -9, torn ends, flipped bits and full disks: whole blocks stay, damage is said, and nothing else is raised."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pytest

import sim
from sim.recording.reading import read_recorded


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.arrows"


def record(path, blocks=20, rows=5):
    """Write a file of some blocks; return its content, and where each block ends."""
    ends = []
    with sim.Recorder(path) as recorder:
        for step in range(blocks * rows):
            g = np.full(3, float(step))
            recorder.update(step, {"a": (np.ones(3), g)}, lr=0.1, weight_decay=0.1)
            if step % rows == rows - 1:
                recorder._log.flush(now=True)
                ends.append(path.stat().st_size)
    return path.read_bytes(), ends


def test_whatever_is_cut_off_the_whole_blocks_are_read(path):
    content, ends = record(path)
    for cut in range(ends[0], len(content), 37):
        path.write_bytes(content[:cut])
        found = read_recorded(path)
        whole = sum(end <= cut for end in ends)
        assert len(found.columns["step"]) == 5 * whole
        assert found.length + found.torn == cut
        assert found.length == ends[whole - 1]
    assert "not whole" in sim.read_trace(path).attrs["notes"]


def test_a_header_that_is_cut_off_is_begun_anew(path):
    content, _ = record(path)
    for cut in (0, 2, 100, 1000):
        path.write_bytes(content[:cut])
        with pytest.raises(sim.DataError):
            sim.read_trace(path)
        with sim.Recorder(path, resume=True) as recorder:
            recorder.update(0, {"a": np.ones(3)}, lr=0.1, weight_decay=0.1)
        assert len(sim.read_trace(path).step) == 1


def test_a_run_goes_on_behind_a_torn_block(path):
    content, ends = record(path)
    path.write_bytes(content[: ends[9] + 100])
    with sim.Recorder(path, resume=True) as recorder:
        for step in range(50, 60):
            recorder.update(step, {"a": np.ones(3)}, lr=0.1, weight_decay=0.1)
    trace = sim.read_trace(path)
    assert trace.step.values.tolist() == list(range(60))
    assert trace.segment.values.tolist() == [1] * 50 + [2] * 10
    assert json.loads(trace.attrs["notes"]) == []
    with pa.ipc.open_stream(str(path)) as reader:
        assert reader.read_all().num_rows == 60


def test_zeros_at_the_end_as_some_disks_leave_them(path):
    content, _ = record(path)
    path.write_bytes(content + bytes(4096))
    assert len(sim.read_trace(path).step) == 100


def read_or_refused(path):
    """Return the trace, or None where it is refused in one line that names the file."""
    try:
        return sim.read_trace(path)
    except sim.DataError as error:
        said = str(error)
    assert str(path) in said
    assert "\n" not in said
    return None


def test_every_flipped_bit_is_refused_or_changes_no_number(path):
    content, ends = record(path, blocks=4)
    whole = sim.read_trace(path)
    rng = random.Random(1)
    refused = 0
    for _ in range(300):
        data = bytearray(content)
        data[rng.randrange(ends[0], ends[2])] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        trace = read_or_refused(path)
        refused += trace is None
        assert trace is None or trace.drop_attrs().equals(whole.drop_attrs())  # padding
    assert refused > 100


def survey(path, count, seed):
    """Return the share that is read of files with bytes flipped, cut out, put in and moved."""
    content, _ = record(path, blocks=6)
    rng, read = random.Random(seed), 0
    for _ in range(count):
        data = bytearray(content)
        for _ in range(rng.randint(1, 3)):
            at, way = rng.randrange(len(data)), rng.randrange(5)
            if way == 0:
                data[at] ^= 1 << rng.randrange(8)
            elif way == 1:
                del data[at : at + rng.randint(1, 200)]
            elif way == 2:
                data[at:at] = rng.choice([b"\xff\xff\xff\xff", b"\0" * 8, b"\xff" * 8, b"\x7f" * 4, b"x"])
            elif way == 3:
                data[at : at + 8] = rng.randbytes(8)
            else:
                del data[at:]
            data = data or bytearray(b"\xff")
        path.write_bytes(data)
        start = time.process_time()
        trace = read_or_refused(path)
        read += trace is not None
        assert trace is None or np.isfinite(trace.norm_sq).all()
        assert time.process_time() - start < 5
    return read / count


def test_hundreds_of_damaged_files(path):
    assert 0.02 < survey(path, 300, 1) < 0.9


@pytest.mark.slow
def test_ten_thousand_damaged_files(path):
    assert 0.02 < survey(path, 10_000, 2) < 0.9


def kill_and_read(path, delay):
    """Start a run, kill it, and return what its file holds; each time it goes on in the same file."""
    command = [sys.executable, "-m", "tests.sim.recording.kill", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
    return read_recorded(path)


def check_kills(path, kills, seed):
    rng, rows = random.Random(seed), 0
    for kill in range(kills):
        found = kill_and_read(path, rng.uniform(0, 0.05))
        assert found.segments == kill + 1
        mine = found.columns["step"][found.columns["segment"] == kill + 1]
        assert len(mine) >= 4
        assert (np.diff(mine) > 0).all()
        assert len(found.columns["step"]) > rows
        rows = len(found.columns["step"])
    assert sim.read_trace(path).segment.max() == kills


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_kill_in_the_middle_of_writing(path):
    check_kills(path, 3, 1)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_twenty_kills_in_the_middle_of_writing(path):
    check_kills(path, 20, 2)


def test_a_full_disk_leaves_the_file_as_it_was(path):
    recorder = sim.Recorder(path)
    recorder.update(0, {"a": np.ones(3)}, lr=0.1, weight_decay=0.1)
    recorder._log.flush(now=True)
    before = path.read_bytes()
    file = recorder._log._file._file

    class Filling:
        """A disk with room for a hundred bytes."""

        closed, done = False, False

        def write(self, data):
            if not self.done:
                self.done = True
                return file.write(data[:100])
            raise OSError(28, "No space left on device")

    recorder._log._file._file = Filling()
    recorder.update(1, {"a": np.ones(3)}, lr=0.1, weight_decay=0.1)
    with pytest.raises(sim.DataError, match="No space left"):
        recorder._log.flush(now=True)
    assert path.read_bytes() == before
    recorder._log._file._file = file
    recorder.close()
    assert sim.read_trace(path).step.values.tolist() == [0, 1]


def test_another_s_arrow_stream_and_a_later_version_are_refused(path, monkeypatch):
    table = pa.table({"step": [1, 2]})
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(sim.DataError, match="no recorded run"):
        sim.read_trace(path)
    monkeypatch.setattr("sim.recording.columns.VERSION", 9)
    record(path.with_name("later.arrows"))
    with pytest.raises(sim.DataError, match="version 9"):
        sim.read_trace(path.with_name("later.arrows"))
