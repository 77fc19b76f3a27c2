"""A disk that is full: one line that names the file, exit code 2, nothing left, the old file kept."""

import os
import subprocess
import sys

import pytest

from tests.faults.command import TRAIN, WALK, run, toy


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB, almost full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("NOT TESTED: there is no mount here, so that a full disk cannot be made")
    if mounted.returncode:
        pytest.skip(f"NOT TESTED: a full disk cannot be made without the right to mount ({mounted.stderr.strip()})")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder):
    """Write until nothing more fits."""
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        while True:
            try:
                ballast.write(b"0" * 4096)
            except OSError:
                return


def check(found, folder, name, kept):
    code, lines = found
    told = [line for line in lines if not line.startswith(("compiling ", "training "))]  # progress
    assert code == 2
    assert len(told) == 1
    assert told[0].startswith("error: ")
    assert name in told[0]
    assert "No space left" in told[0]
    assert sorted(path.name for path in folder.iterdir()) == sorted(["ballast", *kept])
    assert all((folder / old).read_bytes() == b"old" for old in kept)


@pytest.mark.parametrize("words", [TRAIN, WALK], ids=["train", "walk"])
def test_a_result(small_disk, tmp_path, words):
    data = ("--data", toy(tmp_path / "toy.npz")) if words is TRAIN else ()
    (small_disk / "run.nc").write_bytes(b"old")
    fill(small_disk)
    check(run(*words, *data, "--out", small_disk / "run.nc"), small_disk, "run.nc", ["run.nc"])


def test_a_checkpoint(small_disk, tmp_path):
    (small_disk / "state").write_bytes(b"old")
    fill(small_disk)
    words = (*TRAIN, "--data", toy(tmp_path / "toy.npz"), "--checkpoint", small_disk / "state")
    check(run(*words), small_disk, "state", ["state"])


REPORT = """
import sys, numpy as np, xarray as xr
import reports.assemble as assemble
from reports.cli.app import main
from reports.document.section import Results, Section
class Spec:
    name, needs, words, scan = "random_walk", (), (), {}
    def tasks(self, *_): return []
    def report(self, *_):
        return Section("random_walk", {}, (), {}, {"walk": xr.Dataset({"a": ("x", np.arange(9000.0))})})
assemble.SECTIONS = (Spec(),)
assemble.in_order = lambda specs: specs
assemble.typeset = lambda *_: b"%PDF-1.7 short"
sys.argv = ["tailoff", "report", "--out", sys.argv[1], "--store", sys.argv[2]]
main()
"""


def test_a_report(small_disk, tmp_path):
    """The PDF and the JSON would still fit, the measured data do not: all three stay as they were."""
    kept = ["all.pdf", "all.json", "all-walk.nc"]
    for name in kept:
        (small_disk / name).write_bytes(b"old")
    (small_disk / "ballast").write_bytes(b"0" * 20000)
    done = subprocess.run(
        [sys.executable, "-c", REPORT, str(small_disk / "all.pdf"), str(tmp_path / "store")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if line.startswith("error")] or [done.stderr]
    check((done.returncode, lines), small_disk, "all-walk.nc", kept)


def test_the_disk_is_the_reason(small_disk, tmp_path):
    """Negative control: with room, the same command succeeds."""
    os.remove(toy(small_disk / "toy.npz"))
    code, _ = run(*TRAIN, "--data", toy(tmp_path / "toy.npz"), "--out", small_disk / "run.nc")
    assert code == 0
    assert [path.name for path in small_disk.iterdir()] == ["run.nc"]
