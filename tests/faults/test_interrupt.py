"""Ctrl-C at any moment, from the first import on: exit code 130, "stopped", no traceback, soon, and nothing left."""

import random
import signal
import subprocess
import sys
import time

import pytest

from tests.faults.command import HEAR, TRAIN, start, toy

SOON = 2.0


def idle_factor():
    """How much longer than on an idle machine things take now: a short piece of work, timed on the clock and in use."""
    before, used = time.perf_counter(), time.process_time()
    sum(range(3_000_000))
    return max(1.0, (time.perf_counter() - before) / (time.process_time() - used))


def interrupt(process, moment=None):
    """Wait for the first line, then a while, and press Ctrl-C; return how it ended, or None if it had before."""
    assert process.stdout.readline() == "begun\n"
    if moment is not None:
        time.sleep(moment)
    if process.poll() is not None:
        process.communicate()
        return None
    pressed = time.perf_counter()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    return process.returncode, err.splitlines(), time.perf_counter() - pressed


def check(ended):
    code, lines, took = ended
    assert code == 130
    assert lines[-1] == "stopped"
    assert all(line.startswith(("compiling ", "training ")) or not line.strip() for line in lines[:-1])  # progress
    assert took < SOON * 3 * idle_factor()


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.1, 0.3, 0.6, 1.0])
def test_while_modules_are_imported(moment):
    check(interrupt(start("walk", 100, 20, 0.5, "--steps", 10**8), moment))


@pytest.mark.slow
def test_while_machine_code_is_made(tmp_path):
    """Six moments of a run that compiles everything anew."""
    rng = random.Random(1)
    data, stopped = toy(tmp_path / "toy.npz"), 0
    for i in range(6):
        folder = tmp_path / str(i)
        folder.mkdir()
        words = (*TRAIN, "--data", data, "--epochs", 10**6, "--checkpoint", folder / "state")
        ended = interrupt(start(*words, NUMBA_CACHE_DIR=folder / "cache"), rng.uniform(0, 20))
        check(ended)
        stopped += any(line.startswith("compiling ") for line in ended[1])
        assert {path.name for path in folder.iterdir()} <= {"state", "cache"}
    assert stopped


STUBBORN = f"""
{HEAR}
import sys, time
from pathlib import Path
import reports.cli.app as app
from reports.cli.main import main
from sim.machinery.saving import replacing
def hang():
    with replacing(sys.argv[1]) as temporary:
        temporary.write_bytes(b"half")
        print("begun", flush=True)
        while True:
            try:
                time.sleep(100)
            except KeyboardInterrupt:
                pass  # as a callback of machine code swallows it
app.main = hang
main()
"""


def test_a_process_that_does_not_hear_is_ended_and_leaves_nothing(tmp_path):
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", STUBBORN, str(tmp_path / "a")]
    check(interrupt(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)))
    assert list(tmp_path.iterdir()) == []


def test_where_ctrl_c_is_ignored_it_stays_so():
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); from reports.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "--version"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("tailoff ")
