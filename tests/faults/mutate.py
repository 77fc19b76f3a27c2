"""Damage results and checkpoints and read them: python -m tests.faults.mutate COUNT SEED, in a process of its own.

Some of the results bear no seal, so that the damage reaches HDF5. What it then does, ends the process or takes all
memory, is seen by the parent. `sim.load` reads these in a new interpreter first, which would take most of the time:
after the first `WHOLE` of them a copy of this process does the same.
"""

import json
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

import sim
from sim.machinery import loading, probing
from tests.sim.data.mutate import damaged, peak_bytes

BARE = 25  # one in so many: each takes a process of its own
WHOLE = 20
SETTINGS = {"sizes": (4, 2), "batch_size": 9, "engine": "numpy"}


def examples():
    rng = np.random.default_rng(0)
    return sim.Data(rng.random((40, 4)), rng.integers(0, 2, 40), (36, 4, 0), "toy")


def sparing():
    """Return what reads a file without a seal: new interpreters at first, then copies of this process."""
    asked = 0

    def reads_to_the_end(content, max_bytes):
        nonlocal asked
        asked += 1
        if asked <= WHOLE or not hasattr(os, "fork"):
            return probing.reads_to_the_end(content, max_bytes)
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of a fork beside BLAS's threads
            child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            try:
                probing.read_all(content, max_bytes)
            finally:
                os._exit(0)  # an exception of Python is an end too
        return os.WIFEXITED(os.waitpid(child, 0)[1])

    return reads_to_the_end


def survey(count, seed):
    """Return how many were loaded and refused, what was raised, the longest time and the peak of memory."""
    rng, data = np.random.default_rng(seed), examples()
    loading.reads_to_the_end = sparing()
    loaded, refused, slowest, raised = 0, 0, 0.0, []
    with tempfile.TemporaryDirectory() as name:
        path, state = Path(name, "run.nc"), Path(name, "state")
        run = sim.train(data, epochs=1, checkpoint=state, **SETTINGS)
        contents = {"sealed": sim.save(run, path).read_bytes(), "checkpoint": state.read_bytes()}
        contents["bare"] = bytes(run.to_netcdf(engine="h5netcdf"))
        for i in range(count):
            kind = "bare" if i % BARE == 0 else ("sealed", "checkpoint")[i % 2]
            path.write_bytes(damaged(contents[kind], rng))
            start = time.perf_counter()
            try:
                if kind == "checkpoint":
                    sim.train(data, epochs=2, resume=path, **SETTINGS)
                else:
                    sim.load(path)
                loaded += 1
            except (sim.DataError, sim.CheckpointError) as error:
                refused += 1
                if "run.nc" not in str(error) or "\n" in str(error):
                    raised.append(f"{kind} {i}: not one line that names the file: {error!s:.300}")
            except Exception as error:  # noqa: BLE001  what must not happen is what is counted here
                raised.append(f"{kind} {i}: {type(error).__name__}: {error!s:.300}")
            slowest = max(slowest, time.perf_counter() - start)
    return {"loaded": loaded, "refused": refused, "raised": raised, "slowest": slowest, "peak": peak_bytes()}


if __name__ == "__main__":
    warnings.simplefilter("error")
    sys.stdout.write(json.dumps(survey(*map(int, sys.argv[1:3]))))
