"""kill -9 at random moments: what is resumed ends at the same bits as a run that was never interrupted."""

import random
import time

import pytest

import sim
from tests.faults.command import TRAIN, run, start, toy

KILLS = 20


@pytest.mark.slow
def test_twenty_kills_then_the_same_bits(tmp_path):
    data, state = toy(tmp_path / "toy.npz"), tmp_path / "folder" / "state"
    state.parent.mkdir()
    words = (*TRAIN, "--data", data, "--epochs", 3000, "--replicas", 3)
    rng, killed = random.Random(3), 0
    while killed < KILLS:
        resume = ("--resume", state) if state.exists() else ()
        with start(*words, "--checkpoint", state, *resume) as process:
            assert process.stdout.readline() == "begun\n"
            time.sleep(rng.uniform(1.0, 6.0))
            if process.poll() is not None:
                break
            process.kill()
            killed += 1
    assert killed >= KILLS // 2, "the run was over too soon to be killed often"
    done, whole = tmp_path / "done.nc", tmp_path / "whole.nc"
    assert run(*words, "--checkpoint", state, "--resume", state, "--out", done)[0] == 0
    assert run(*words, "--out", whole)[0] == 0
    assert sim.load(done).identical(sim.load(whole))
    left = {path.name for path in state.parent.iterdir()} - {"state"}
    assert all(name.startswith(".tailoff-") and name.endswith(".part") for name in left)
