"""A run that is interrupted, at any moment, goes on to the same bits."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from sim import CheckpointError, Data, save, train
from sim.machinery.pool import Channel
from sim.training import checkpoint as checkpoints
from sim.training import replica
from sim.training.settings import TrainingSettings

SIZES = (8, 5, 3)
SETTINGS = {"sizes": SIZES, "batch_size": 7, "replicas": 3, "seed": 11, "eta": 0.5, "lam": 0.1}


class InterruptedError(Exception):
    pass


def toy():
    rng = np.random.default_rng(5)
    return Data(rng.random((90, 8)), rng.integers(0, 3, 90), (80, 10, 0), "toy")


def interrupted(path, after, **settings):
    ticks = []

    def stop():
        ticks.append(1)
        if len(ticks) == after:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(toy(), checkpoint=path, progress=stop, **SETTINGS | {"epochs": 6} | settings)


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
@pytest.mark.parametrize(("after", "every", "threads"), [(1, 1, 1), (8, 1, 2), (11, 2, 1), (17, 3, 3)])
def test_resumed_is_the_same_as_uninterrupted(tmp_path, engine, after, every, threads):
    path = tmp_path / "run.npz"
    interrupted(path, after, engine=engine, checkpoint_every=every, threads=threads)
    whole = train(toy(), epochs=6, engine=engine, **SETTINGS)
    if not path.exists():  # it was interrupted before the first epoch that is saved
        assert every > 1
        return
    assert train(toy(), epochs=6, engine=engine, resume=path, **SETTINGS).identical(whole)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("own", [{}, {"lam": (0.1, 0.4), "bias_init": "zero", "evaluate_from": 2}])
def test_a_finished_run_is_prolonged(tmp_path, own):
    path, settings = tmp_path / "run.npz", SETTINGS | own
    ticks = []
    train(toy(), epochs=2, checkpoint=path, checkpoint_every=5, **settings)
    longer = train(toy(), epochs=5, resume=path, checkpoint=path, progress=lambda: ticks.append(1), **settings)
    assert longer.identical(train(toy(), epochs=5, **settings))
    assert len(ticks) == 15
    assert train(toy(), epochs=5, resume=path, **settings).identical(longer)
    with pytest.raises(CheckpointError, match="at epoch 5 already, got epochs = 4"):
        train(toy(), epochs=4, resume=path, **settings)


@pytest.mark.parametrize(
    "change",
    [{"eta": 0.4}, {"lam": 0.2}, {"lam": (0.1, 0.1)}, {"bias_init": "zero"},
     {"evaluate_from": 1}, {"seed": 12}, {"replicas": 2}, {"engine": "numpy"}, {"statistics": None},
     {"dtype": "float32"}, {"cost": "quadratic"}, {"init": "default"}, {"batch_size": 8}, {"sizes": (8, 6, 3)}],
)  # fmt: skip
def test_other_settings_are_refused(tmp_path, change):
    path = tmp_path / "run.npz"
    train(toy(), epochs=1, checkpoint=path, **SETTINGS)
    name = next(iter(change)).replace("statistics", "every")
    with pytest.raises(CheckpointError, match=f"another run: it has {name} = "):
        train(toy(), epochs=2, resume=path, **SETTINGS | change)


def test_other_data_are_refused(tmp_path):
    path = tmp_path / "run.npz"
    train(toy(), epochs=1, checkpoint=path, **SETTINGS)
    other = toy()
    other.inputs[3, 3] += 1e-9
    with pytest.raises(CheckpointError, match="another run: it has data = "):
        train(other, epochs=2, resume=path, **SETTINGS)


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
def test_a_replica_leaves_its_start_as_it_is(tmp_path, engine):
    """Others write it into the checkpoint again while the replica is in its first epoch."""
    path, settings = tmp_path / "run.npz", SETTINGS | {"engine": engine}
    train(toy(), epochs=1, checkpoint=path, **settings)
    chosen = TrainingSettings(SIZES, 2, 7, 0.5, 0.1, replicas=3, engine=engine)
    start = checkpoints.load(path, checkpoints.identity(toy(), chosen, 11), 2)[0]
    before = start.generator.bit_generator.state, start.network.weights[0].copy(), len(start.rows)
    assert len(replica.run(start, toy(), chosen, Channel()).rows) == 3
    assert start.generator.bit_generator.state == before[0]
    np.testing.assert_array_equal(start.network.weights[0], before[1])
    assert len(start.rows) == before[2]


def test_a_damaged_checkpoint_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    train(toy(), epochs=1, checkpoint=path, **SETTINGS)
    good = path.read_bytes()
    with np.load(path) as archive:
        arrays = dict(archive)
    for cut in (0, 10, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:cut])
        with pytest.raises(CheckpointError, match="damaged"):
            train(toy(), epochs=2, resume=path, **SETTINGS)
    for place in range(200, len(good) - 200, len(good) // 23):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        try:
            resumed = train(toy(), epochs=2, resume=path, **SETTINGS)
        except CheckpointError as error:
            assert "damaged" in str(error)  # noqa: PT017
        else:  # a byte that stands for nothing, such as a time stamp
            assert resumed.identical(train(toy(), epochs=2, **SETTINGS))
    arrays["0/weights/0"][0, 0] += 1e-12
    np.savez(path, **arrays)
    with pytest.raises(CheckpointError, match="checksum"):
        train(toy(), epochs=2, resume=path, **SETTINGS)
    with pytest.raises(CheckpointError, match="does not exist"):
        train(toy(), epochs=2, resume=tmp_path / "nothing.npz", **SETTINGS)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, x=np.arange(3))
    with pytest.raises(CheckpointError, match="no checkpoint"):
        train(toy(), epochs=2, resume=path, **SETTINGS)


KILLED_RUN = """
import sys, time
sys.path.insert(0, sys.argv[1])
from test_checkpoint import SETTINGS, toy
from sim import train
train(toy(), epochs=400, checkpoint=sys.argv[2], progress=lambda: print("epoch", flush=True), **SETTINGS)
"""


def test_kill_9_and_resume(tmp_path):
    path = tmp_path / "run.npz"
    command = [sys.executable, "-c", KILLED_RUN, os.path.dirname(__file__), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        for _ in range(20):
            assert run.stdout.readline() == "epoch\n"
        time.sleep(0.01)
        run.send_signal(signal.SIGKILL)
    assert run.returncode == -signal.SIGKILL
    resumed = train(toy(), epochs=400, resume=path, **SETTINGS)
    assert resumed.identical(train(toy(), epochs=400, **SETTINGS))


def test_a_result_is_no_checkpoint(tmp_path):
    path = save(train(toy(), epochs=1, **SETTINGS), tmp_path / "run.nc")
    with pytest.raises(CheckpointError, match=r"run.nc is the result of a run, not a checkpoint. Give the file of"):
        train(toy(), epochs=2, resume=path, **SETTINGS)
