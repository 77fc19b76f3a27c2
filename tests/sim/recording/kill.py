"""A run that records as fast as it can, and tells how far it is: python -m tests.sim.recording.kill PATH."""

import itertools
import sys

import numpy as np

import sim

if __name__ == "__main__":
    rng, w = np.random.default_rng(0), np.ones(100)
    with sim.Recorder(sys.argv[1], resume=True) as recorder:
        for step in itertools.count():
            recorder.update(step, {"a": (w, rng.standard_normal(100))}, lr=0.1, weight_decay=0.01)
            recorder._log.flush(now=True)
            if step == 3:
                sys.stdout.write("begun\n")
                sys.stdout.flush()
