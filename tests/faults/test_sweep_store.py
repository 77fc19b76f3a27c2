"""A store that is damaged, cannot be written, or lies on a full disk."""

import os
import subprocess
import sys

import numpy as np
import pytest

import sim
from tests.faults.test_full_disk import fill, small_disk  # noqa: F401 - a fixture
from tests.sim.sweeps import toys


def flip(file, whole, place, bit):
    file.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])


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
