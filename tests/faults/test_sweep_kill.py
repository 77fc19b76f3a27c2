"""kill -9 of a whole sweep: what was finished is there, whole, and is not computed again; Ctrl-C ends it soon."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest

import sim
from sim.sweeps.batch import Call
from sim.sweeps.dispatch import Batch
from sim.sweeps.local import LocalCrew
from tests.faults.test_interrupt import idle_factor
from tests.sim.sweeps import toys

KILLS = 20
SWEEP = """
import sys, numpy as np, sim
from tests.sim.sweeps import toys
print("begun", flush=True)
grid = {"lam": np.arange(1.0, 61.0), "eta": [0.1, 0.5]}
sim.sweep(toys.scale, grid, store=sys.argv[1], fixed={"log": sys.argv[2], "wait": 0.1}, workers=2,
          progress=lambda p: print(p.before + p.done, flush=True))
"""


def start(store, log):
    command = [sys.executable, "-c", SWEEP, str(store), str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    return process


def done(store):
    """Which points the store holds."""
    try:
        scan = sim.open_sweep(store)
    except sim.DataError as error:
        if not any(words in str(error) for words in ("is no store", "holds no sweep", "no such table")):
            raise  # those three are of one that was killed before it had written anything
        return set()
    with scan:
        at = np.argwhere(scan.status.values == "done")
        return {f"{float(scan.lam[i])} {float(scan.eta[j])}" for i, j in at}


@pytest.mark.slow
def test_twenty_kills_then_the_same_numbers_and_nothing_twice(tmp_path):
    store, log, rng = tmp_path / "store", tmp_path / "log", random.Random(5)
    finished = set()
    for _ in range(KILLS):
        process = start(store, log)
        for _ in range(rng.randrange(4)):  # none: killed while it starts
            process.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        assert process.poll() is None, "the sweep was over before it was killed often enough"
        process.kill()
        process.communicate()
        computed = set(log.read_text().splitlines()) if log.exists() else set()
        assert not finished & computed  # what was finished before was not computed again
        now = done(store)
        assert finished <= now
        finished = now
        log.unlink(missing_ok=True)
    process = start(store, log)
    assert len(finished) > KILLS
    assert process.communicate(timeout=300)[1] == ""
    assert not finished & set(log.read_text().splitlines() if log.exists() else [])
    log.unlink(missing_ok=True)
    grid = {"lam": np.arange(1.0, 61.0), "eta": [0.1, 0.5]}
    whole = sim.sweep(toys.scale, grid, store=tmp_path / "whole", fixed={"log": str(log), "wait": 0.1}, workers=2)
    with sim.open_sweep(store) as killed:
        assert killed.drop_vars("seconds").load().identical(whole.drop_vars("seconds").load())


def test_workers_end_with_the_sweep_that_is_killed(tmp_path):
    process = start(tmp_path / "store", tmp_path / "log")
    process.stdout.readline()
    process.kill()
    process.communicate()  # waits until every worker has closed the pipe that they share
    before = len((tmp_path / "log").read_text().splitlines())
    time.sleep(0.5)
    assert len((tmp_path / "log").read_text().splitlines()) == before


def test_ctrl_c_ends_within_five_seconds_with_all_that_is_finished(tmp_path):
    taken = []
    for attempt in range(3):  # the best of three: a disk that holds one up for seconds is not ours
        store = tmp_path / f"store{attempt}"
        process = start(store, tmp_path / "log")
        told = int(process.stdout.readline())
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        taken.append(time.monotonic() - pressed)
        assert len(done(store)) >= told
        if taken[-1] < 5:
            break
    assert min(taken) < 5 * idle_factor()


def test_two_sweeps_on_one_store(tmp_path):
    store, log = tmp_path / "store", tmp_path / "log"
    both = [start(store, log) for _ in "ab"]
    assert [process.communicate(timeout=300)[1] for process in both] == ["", ""]
    assert len(done(store)) == 120
    assert set(Counter(log.read_text().splitlines()).values()) == {1}


@pytest.mark.parametrize("after", [0.0, 0.01, 0.3])
def test_a_crew_that_is_closed_while_its_workers_start_ends_at_once(tmp_path, after):
    crew = LocalCrew(Call(toys.scale, {"log": str(tmp_path / "log"), "wait": 20.0}), 2)
    for i in range(4):
        crew.submit(Batch((i,), [{"lam": 1.0 + i, "eta": 0.1}]))
    time.sleep(after)
    pressed = time.monotonic()
    crew.close()
    assert time.monotonic() - pressed < 2 * idle_factor()
