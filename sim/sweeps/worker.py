"""A worker: a process that runs batches of points which it is told on its input, until that ends.

It is started by `sim.sweeps.local`. When the sweep dies, however it dies, the input ends and the worker with it.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import threading
import warnings
from queue import SimpleQueue
from typing import Any, BinaryIO

__all__ = ["main"]


def main() -> None:
    """Answer each batch with its outcome."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the sweep's to hear
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a simulation prints does not go among the answers
    messages: SimpleQueue[Any] = SimpleQueue()
    told = sys.stdin.buffer
    try:
        call, problem = pickle.loads(told.read(int.from_bytes(told.read(8), "big"))), ""
    except Exception as error:  # noqa: BLE001 - whatever keeps a simulation from being loaded is said
        call, problem = None, f"{type(error).__name__}: {error}"
    pickle.dump(problem, answers)
    answers.flush()
    threading.Thread(target=_listen, args=(told, messages), daemon=True).start()
    logging.getLogger("sim").setLevel(logging.ERROR)  # that a run diverged is recorded as its end
    from sim.sweeps.batch import run_batch

    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        while True:
            pickle.dump(run_batch(call, messages.get()), answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()


def _listen(told: BinaryIO, messages: SimpleQueue[Any]) -> None:
    """Hand on every batch at once, so that the end of the input is heard while a point runs."""
    try:
        while True:
            messages.put(pickle.load(told))
    except (EOFError, OSError, pickle.UnpicklingError):
        os._exit(0)


if __name__ == "__main__":
    main()
