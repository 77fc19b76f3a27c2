"""The workers of this machine: one process a core, each told its batches through a pipe.

They are started as new interpreters, neither forked (compiled code and its threads do not survive that) nor from the
caller's script (which then needs no `if __name__ == "__main__"`). A worker that dies is known by the end of its pipe,
and so is the batch that killed it.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from contextlib import suppress
from queue import SimpleQueue

from sim.machinery.pool import available_cores
from sim.sweeps.batch import Call, Outcome
from sim.sweeps.dispatch import Batch, Died
from theory.settings import InvalidArgument, whole_number

__all__ = ["LocalCrew"]

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

ENDED_WITHIN = 2.0  # seconds for all workers; one that the disk holds up dies when it is let go


class LocalCrew:
    """Processes that run batches.

    Parameters
    ----------
    call : Call
        Sent to each worker once.
    workers : int, optional
        Default: one for each core that this process may use.
    """

    def __init__(self, call: Call, workers: int | None = None) -> None:
        count = available_cores() if workers is None else whole_number("workers", workers)
        self.size = 2 * count  # the next batch waits at its worker, so that no core does
        self._call = _pickled(call)
        self._todo: SimpleQueue[Batch | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[Batch, Outcome | Died | InvalidArgument]] = SimpleQueue()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, batch: Batch) -> None:
        """Let a worker run the batch as soon as one is free."""
        self._todo.put(batch)

    def next(self) -> tuple[Batch, Outcome | Died]:
        """Wait for a batch to end."""
        batch, outcome = self._done.get()
        if isinstance(outcome, InvalidArgument):
            raise outcome
        return batch, outcome

    def close(self) -> None:
        """End all workers at once."""
        self._closed = True
        for process in tuple(self._running):
            process.kill()
        for _ in self._threads:
            self._todo.put(None)
        until = time.monotonic() + ENDED_WITHIN
        for thread in self._threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))

    def _serve(self) -> None:
        """Hand batches to one process after another, each as long as it lives."""
        process = None
        while (batch := self._todo.get()) is not None and not self._closed:
            try:
                process = process or self._started()
                pickle.dump(batch.settings, process.stdin, pickle.HIGHEST_PROTOCOL)  # type: ignore[arg-type]
                process.stdin.flush()  # type: ignore[union-attr]
                self._done.put((batch, pickle.load(process.stdout)))  # type: ignore[arg-type]
            except (EOFError, OSError, pickle.UnpicklingError) as error:
                reason = self._ended(process) if process else str(error)
                process = None
                self._done.put((batch, Died(reason)))
            except InvalidArgument as error:
                self._done.put((batch, error))
        if process:
            self._ended(process)

    def _started(self) -> subprocess.Popen[bytes]:
        environment = os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path)}
        process = subprocess.Popen(
            [sys.executable, "-m", "sim.sweeps.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment, start_new_session=True,
        )  # fmt: skip
        self._running.add(process)
        if self._closed:  # since: it has not ended this one
            process.kill()
        try:
            process.stdin.write(len(self._call).to_bytes(8, "big") + self._call)  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            problem = pickle.load(process.stdout)  # type: ignore[arg-type]
        except (EOFError, OSError) as error:
            raise EOFError(self._ended(process)) from error
        if problem:
            self._ended(process)
            raise InvalidArgument(f"run must be a function that workers can load, but {problem}.")
        return process

    def _ended(self, process: subprocess.Popen[bytes]) -> str:
        """End a process and say how it ended."""
        with suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
        code = process.wait()
        process.stdout.close()  # type: ignore[union-attr]
        self._running.discard(process)
        return f"its worker died (signal {-code})" if code < 0 else f"its worker ended (exit code {code})"


def _pickled(call: Call) -> bytes:
    """Return the simulation as bytes: by its name, or as code if it stands in a script or a session."""
    if call.run.__module__ != "__main__" and "<" not in call.run.__qualname__:
        return _plainly(call)
    try:
        import cloudpickle
    except ImportError as error:
        raise InvalidArgument(
            f"run must be a function of a module that workers can import, got {call.run.__qualname__!r} of this "
            "script. Put it in a file beside it, or install cloudpickle."
        ) from error
    return bytes(cloudpickle.dumps(call))


def _plainly(call: Call) -> bytes:
    try:
        return pickle.dumps(call, pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise InvalidArgument(f"the simulation and what is fixed must be sent to workers, but {error}.") from error
