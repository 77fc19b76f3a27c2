"""kill -9 at random moments: what is resumed ends at the same bits as a run that was never interrupted."""

import random
import time

import pytest

import sim
from tests.faults.command import TRAIN, run, start, toy

KILLS = 20


def written(path):
    """Return when the checkpoint was last replaced."""
    return path.stat().st_mtime_ns if path.exists() else 0


def wait_for_writes(process, path, count):
    """Wait until the checkpoint has been replaced `count` times, or the run is over."""
    last = written(path)
    while count and process.poll() is None:
        time.sleep(0.001)
        if (now := written(path)) != last:
            last, count = now, count - 1


@pytest.mark.slow
def test_twenty_kills_then_the_same_bits(tmp_path):
    data, state = toy(tmp_path / "toy.npz"), tmp_path / "folder" / "state"
    state.parent.mkdir()
    words = (*TRAIN, "--data", data, "--epochs", 300, "--replicas", 2)
    rng = random.Random(3)
    for _ in range(KILLS):
        resume = ("--resume", state) if state.exists() else ()
        with start(*words, "--checkpoint", state, *resume) as process:
            assert process.stdout.readline() == "begun\n"
            wait_for_writes(process, state, rng.randrange(12))  # none: killed while it starts
            time.sleep(rng.uniform(0, 0.02))
            assert process.poll() is None, "the run was over before it was killed often enough"
            process.kill()
    done, whole = tmp_path / "done.nc", tmp_path / "whole.nc"
    assert run(*words, "--checkpoint", state, "--resume", state, "--out", done)[0] == 0
    assert run(*words, "--out", whole)[0] == 0
    assert sim.load(done).identical(sim.load(whole))
    left = {path.name for path in state.parent.iterdir()} - {"state"}
    assert all(name.startswith(".tailoff-") and name.endswith(".part") for name in left)
