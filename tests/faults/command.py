"""The command `tailoff` in a process of its own, and small runs for it."""

import os
import subprocess
import sys

import numpy as np

HEAR = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # ignored where tests run behind a shell
)
BEGIN = f"""
{HEAR}
import reports.cli.main as entry
class Told(entry.Interruption):
    def __init__(self):
        super().__init__()
        print("begun", flush=True)  # from here on Ctrl-C is heard
entry.Interruption = Told
entry.main()
"""
ENTRY = [sys.executable, "-c", BEGIN]
TRAIN = ("train", "--sizes", "8,4,3", "--epochs", 3, "--batch-size", 5, "--lam", 20)
WALK = ("walk", 100, 20, 0.5, "--weights", 500, "--steps", 1280)


def start(*words, **environment):
    """Start the command; its first line of output says that it hears Ctrl-C."""
    environment = os.environ | {name: str(value) for name, value in environment.items()}
    command = [*ENTRY, *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)


def run(*words, **environment):
    """Return the exit code and what was written to stderr, line by line."""
    with start(*words, **environment) as process:
        _, err = process.communicate(timeout=600)
    return process.returncode, err.splitlines()


def toy(path):
    """Write seventy small images."""
    rng = np.random.default_rng(0)
    np.savez(path, images=rng.random((70, 8)), labels=rng.integers(0, 3, 70))
    return path
