"""A store that is damaged, cannot be written, or lies on a full disk."""

import os
import subprocess
import sys

import numpy as np
import pytest

import sim
from sim.sweeps.store import reader
from tests.faults.test_full_disk import fill, small_disk  # noqa: F401 - a fixture
from tests.sim.sweeps import toys

SMALL = {"lam": [1.0, 2.0], "eta": [0.5]}


def flip(file, whole, place, bit):
    file.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])


def what_is_read(folder):
    """Return what a store says of its last sweep and its points, and the bytes of their results; None where damaged."""
    try:
        there = reader(folder)
    except sim.DataError:
        return None
    try:
        spec, keys = there.last_sweep()
        rows = there.rows(keys)
        return spec, {key: (rows[key], there.packed(rows[key].piece)) for key in keys if key in rows}
    except sim.DataError:
        return None
    finally:
        there.close()


@pytest.mark.slow
def test_every_byte_flipped_is_found_or_changes_nothing(tmp_path):
    """HDF5 is slow to read thousands of files: the bytes that it would be given are compared, and some are read."""
    whole = sim.sweep(toys.scale, SMALL, store=tmp_path, workers=1).load()
    file, good = tmp_path / "results.sqlite", what_is_read(tmp_path)
    content = file.read_bytes()
    results = content.find(good[1][next(iter(good[1]))][1].netcdf[:64])
    assert results > 0
    found = 0
    for place in range(len(content)):
        flip(file, content, place, place % 8)
        read = what_is_read(tmp_path)
        if read is not None and read != good:  # a point is gone, which is found: those that are left are as they were
            assert read[0] == good[0], place
            assert read[1].items() < good[1].items(), place
        found += read != good
        assert read != good or not results <= place < results + 64, place
        if place % 499 == 0:
            read_by_people(tmp_path, whole, damaged=read != good)
    assert found > len(content) / 3  # the rest is space that SQLite leaves free


def read_by_people(folder, whole, damaged):
    """Open a store whose byte was flipped: the numbers that were written, a sentence, or a point that is missing."""
    try:
        with sim.open_sweep(folder) as scan:
            read = scan.load()
    except sim.DataError:
        assert damaged
        return
    there = (read.status == "done").values
    assert damaged == (not there.all())
    for name in ("scale", "noise"):
        assert np.array_equal(read[name].values[there], whole[name].values[there])
        assert np.isnan(read[name].values[~there]).all()


def test_a_damaged_result_is_computed_again(tmp_path, caplog):
    whole = sim.sweep(toys.scale, SMALL, store=tmp_path, workers=1).load()
    file = tmp_path / "results.sqlite"
    content = file.read_bytes()
    place = content.find(np.float64(whole.noise.values[0, 0, 0]).tobytes())
    assert place > 0
    flip(file, content, place, 3)
    with pytest.raises(sim.DataError, match="checksum is wrong"):
        sim.open_sweep(tmp_path).load()
    again = sim.sweep(toys.scale, SMALL, store=tmp_path, workers=1).load()
    assert "damaged: computed again" in caplog.text
    assert again.drop_vars("seconds").identical(whole.drop_vars("seconds"))


COMMAND = """
import sys
from reports.cli.app import main
sys.argv = ["tailoff", *sys.argv[1:]]
main()
"""


def tailoff(*words):
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, words)], capture_output=True, text=True, check=False
    )
    return done.returncode, [line for line in done.stderr.splitlines() if line.startswith("error")]


@pytest.fixture
def grid_file(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text('run = "walk"\n[fixed]\nn = 100\neta = 0.5\nweights = 4\nsteps = 64\n[grid]\nlam = [5, 12]\n')
    return file


def test_a_full_disk(small_disk, grid_file):  # noqa: F811
    fill(small_disk)
    code, errors = tailoff("sweep", grid_file, "--store", small_disk / "store")
    assert (code, len(errors)) == (2, 1)
    assert "store" in errors[0]


def test_a_disk_that_fills_up_keeps_what_is_finished(small_disk, grid_file):  # noqa: F811
    subprocess.run(["mount", "-o", "remount,size=600k", str(small_disk)], check=True)
    assert tailoff("sweep", grid_file, "--store", small_disk / "store") == (0, [])
    fill(small_disk)
    grid_file.write_text(grid_file.read_text().replace("[5, 12]", "[5, 12, 30]"))
    code, errors = tailoff("sweep", grid_file, "--store", small_disk / "store")
    assert (code, len(errors)) == (2, 1)
    os.remove(small_disk / "ballast")
    with sim.open_sweep(small_disk / "store") as scan:
        assert scan.status.sel(lam=[5, 12]).values.tolist() == ["done", "done"]


def test_a_folder_that_cannot_be_written(small_disk, grid_file):  # noqa: F811
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    code, errors = tailoff("sweep", grid_file, "--store", small_disk / "store")
    assert (code, len(errors)) == (2, 1)
    assert "cannot be" in errors[0]
