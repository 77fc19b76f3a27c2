"""A store that is damaged, cannot be written, or lies on a full disk."""

import os
import subprocess
import sys

import numpy as np
import pytest

import sim
from sim.sweeps.pack import pack
from sim.sweeps.store import Row, opened_store, reader
from tests.faults.test_full_disk import fill, small_disk  # noqa: F401 - a fixture
from tests.sim.sweeps import toys

KEYS = [bytes([i]) * 32 for i in range(3)]


@pytest.fixture
def store(tmp_path):
    """A small store of three points."""
    results = [toys.scale(float(i), 0.5, seed=i) for i in range(3)]
    with opened_store(tmp_path / "store") as there:
        rows = [Row(key, key, "v", "{}", "done", "", 0.1, 0, i) for i, key in enumerate(KEYS)]
        there.add(rows, pack(results))
        there.record_sweep("{}", KEYS)
    return tmp_path / "store" / "results.sqlite", results


def read(folder):
    """Return what is read of every point, as bytes and a place in them, and whether any was lost or is damaged."""
    try:
        there = reader(folder)
    except sim.DataError:
        return {}, True
    found, lost = {}, False
    try:
        rows = there.without_damaged(there.rows())
        found = {key: (there.packed(row.piece).netcdf, row.position, row.status) for key, row in rows.items()}
        lost = len(found) < len(KEYS) or there.last_sweep() != ("{}", KEYS)
    except sim.DataError:
        lost = True
    finally:
        there.close()
    return found, lost


def flip(file, whole, place, bit):
    file.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])


@pytest.mark.slow
def test_every_byte_flipped_gives_no_wrong_number(store):
    """What is read is as it was written, or is not read; a flip in the files of the results is always found."""
    file, results = store
    whole = file.read_bytes()
    found, lost = read(file.parent)
    assert (len(found), lost) == (3, False)
    (packed,) = pack(results)
    begins = whole.find(packed.netcdf[:64])
    noticed = 0
    for place in range(len(whole)):
        flip(file, whole, place, place % 8)
        found, lost = read(file.parent)
        noticed += lost
        for key, known in found.items():
            assert known == (packed.netcdf, KEYS.index(key), "done"), place
        if begins <= place < begins + 64:
            assert lost, place
    assert noticed > len(packed.netcdf) / 2


def test_a_damaged_result_is_computed_again(tmp_path, caplog):
    grid = {"lam": [1.0, 2.0], "eta": [0.5]}
    whole = sim.sweep(toys.scale, grid, store=tmp_path, workers=1).load()
    file = tmp_path / "results.sqlite"
    content = file.read_bytes()
    place = content.find(np.float64(whole.noise.values[0, 0, 0]).tobytes())
    assert place > 0
    flip(file, content, place, 3)
    with pytest.raises(sim.DataError, match="checksum is wrong"):
        sim.open_sweep(tmp_path).load()
    again = sim.sweep(toys.scale, grid, store=tmp_path, workers=1).load()
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
