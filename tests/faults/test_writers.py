"""Several processes that write one file: the last whole one wins, and nobody crashes."""

import subprocess
import sys

import numpy as np
import pytest

import sim
from tests.faults.command import TRAIN, run, start, toy

WRITER = """
import sys, numpy as np, xarray as xr, sim
for i in range(60):
    sim.save(xr.Dataset({"a": ("x", np.full(5000, float(sys.argv[2])))}), sys.argv[1])
"""


def test_three_processes_save_one_output(tmp_path):
    path = tmp_path / "run.nc"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(i)], stderr=subprocess.PIPE, text=True)
        for i in range(3)
    ]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            values = np.unique(sim.load(path).a)
            assert len(values) == 1  # whole at any moment
            seen.add(float(values[0]))
    assert [(writer.wait(), writer.stderr.read()) for writer in writers] == [(0, "")] * 3
    for writer in writers:
        writer.stderr.close()
    assert seen <= {0.0, 1.0, 2.0}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_three_runs_with_one_checkpoint(tmp_path):
    data, path = toy(tmp_path / "toy.npz"), tmp_path / "state"
    words = (*TRAIN, "--data", data, "--epochs", 200)
    runs = [start(*words, "--checkpoint", path) for _ in range(3)]
    ends = [(process.communicate()[1], process.returncode) for process in runs]
    assert [code for _, code in ends] == [0, 0, 0]
    out, whole = tmp_path / "resumed.nc", tmp_path / "whole.nc"
    assert run(*words, "--epochs", 201, "--resume", path, "--out", out)[0] == 0
    assert run(*words, "--epochs", 201, "--out", whole)[0] == 0
    assert sim.load(out).identical(sim.load(whole))
