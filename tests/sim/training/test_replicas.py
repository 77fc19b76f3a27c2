"""Many replicas at once: the same bits however many threads, and an end when the caller wants one."""

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest

from sim import Data, TrainingError, train
from sim.machinery.pool import run_all

SIZES = (8, 5, 3)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    return Data(rng.random((90, 8)), rng.integers(0, 3, 90), (80, 10, 0), "toy")


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
def test_bits_do_not_depend_on_the_threads(data, engine):
    runs = [
        train(data, sizes=SIZES, epochs=3, batch_size=7, replicas=5, seed=11, threads=threads, engine=engine)
        for threads in (1, 2, 5, None)
    ]
    assert all(run.identical(runs[0]) for run in runs[1:])
    assert len(np.unique(runs[0].rms[:, -1, 0])) == 5


def test_replicas_are_those_of_a_smaller_run(data):
    one, three = (train(data, sizes=SIZES, epochs=2, replicas=r, seed=4) for r in (1, 3))
    np.testing.assert_array_equal(three.rms[0], one.rms[0])


def test_progress_comes_to_the_callers_thread(data):
    threads = []
    train(data, sizes=SIZES, epochs=4, replicas=3, progress=lambda: threads.append(threading.get_ident()))
    assert threads == [threading.get_ident()] * 12


def test_what_progress_raises_ends_the_run(data):
    def fail():
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        train(data, sizes=SIZES, epochs=100_000, replicas=2, progress=fail)
    assert threading.active_count() == 1


def test_one_bad_task_ends_the_others():
    def wait(channel):
        while True:
            channel.check()
            time.sleep(0.001)

    def fail(channel):
        raise TrainingError("at once")

    with pytest.raises(TrainingError, match="at once"):
        run_all([wait, fail], threads=2)
    assert threading.active_count() == 1


def test_results_are_in_the_order_of_the_tasks():
    def late(delay, channel):
        time.sleep(delay)
        return delay

    delays = [0.05, 0.0, 0.02]
    assert run_all([partial(late, d) for d in delays], threads=3) == delays


LONG_RUN = """
import numpy as np, sys
from sim import Data, train
rng = np.random.default_rng(5)
data = Data(rng.integers(0, 256, (20_000, 400)).astype(np.uint8), rng.integers(0, 3, 20_000), (20_000, 0, 0), "toy")
train(Data(data.inputs[:100], data.labels[:100], (100, 0, 0), "first"), sizes=(400, 100, 3), epochs=1)  # compiles
print("begins", flush=True)
train(data, sizes=(400, 100, 3), epochs=100_000, replicas=3, progress=lambda: print("epoch", flush=True))
"""


def test_ctrl_c_ends_within_two_seconds():
    """The steps of an epoch take longer than that here."""
    with subprocess.Popen(
        [sys.executable, "-c", LONG_RUN],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  (background jobs ignore it)
    ) as run:
        assert run.stdout.readline() == "begins\n"
        time.sleep(3)
        run.send_signal(signal.SIGINT)
        asked = time.monotonic()
        _, errors = run.communicate(timeout=30)
        assert time.monotonic() - asked < 2
        assert run.returncode != 0
        assert errors.strip().endswith("KeyboardInterrupt")
