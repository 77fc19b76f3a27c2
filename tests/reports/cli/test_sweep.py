"""`tailoff sweep`: a grid from a file, its forecast, its export, its exit codes."""

import csv

import pytest

import sim

GRID = 'run = "walk"\nseed = 1\n[fixed]\nn = 100\nweights = 4\nsteps = 64\n[grid]\nlam = [5, 12]\n'
LOG = 'eta = {from = 0.1, to = 0.9, points = 2, spaced = "log"}\n'


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "grid.toml"
        path.write_text(text)
        return path

    return write


def test_a_sweep_its_forecast_and_its_export(tailoff, written, tmp_path):
    path = written(GRID + LOG)
    code, out, _ = tailoff("sweep", path, "--dry-run")
    assert (code, out.startswith("4 points, 0 of them done. One took ")) == (0, True)
    assert not (tmp_path / "grid.store").exists()
    code, out, err = tailoff("sweep", path, "--export", tmp_path / "grid.csv", "--workers", 1)
    assert code == 0
    assert out.startswith("4 points: 4 done\n")
    assert err.splitlines()[-1].startswith("4 of 4 points, ")  # a plain line, for this is no terminal
    with (tmp_path / "grid.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["eta"] for row in rows[:2]] == ["0.1", "0.9"]
    assert tailoff("sweep", path, "--dry-run")[1] == "4 points, 4 of them done\n"
    assert tailoff("sweep", path, "--export", tmp_path / "grid.nc")[0] == 0
    assert sim.load(tmp_path / "grid.nc").rms.dims == ("lam", "eta", "step")


def test_points_that_fail_end_in_exit_code_3(tailoff, written):
    path = written('run = "tests.sim.sweeps.toys:fails"\n[grid]\nlam = [1, 2]\n')
    code, out, _ = tailoff("sweep", path)
    assert code == 3
    assert "2 points: 1 done, 1 failed\n  ValueError: lam is two" in out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            GRID + "eta = [0.5]\nsteps = [64]\nweihts = [3]\n",
            ["'steps' is in the grid", "'weights'"],
        ),
        ("sead = 1\n" + GRID + "eta = [0.5]\n", ["the nearest is 'seed'"]),
        ('run = "wolk"\n', ["run must be one of walk, sphere"]),
        ('run = "nowhere:f"\n', ["run must be a function that can be imported"]),
        ('run = "walk"\n', ["grid must have a point"]),
        (GRID + 'eta = [0.5]\noptimizer = ["adamv"]\n', ["optimizer must be one of"]),
        (GRID + "eta = 0.5\n", ["eta must be a list"]),
        ("run =\n", ["is no TOML"]),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tailoff, written, text, words):
    code, _, err = tailoff("sweep", written(text))
    assert code == 2
    assert err.count("\n") == 1
    assert all(word in err for word in words)


def test_an_export_of_no_kind(tailoff, written):
    assert "must end in .nc" in tailoff("sweep", written(GRID + "eta = [0.5]\n"), "--export", "a.txt")[2]
