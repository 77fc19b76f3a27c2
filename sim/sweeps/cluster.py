"""The workers of a Dask cluster: its scheduler decides where a batch runs, and moves it when a worker dies."""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from sim.errors import DataError
from sim.sweeps.batch import Call, Outcome, run_batch
from sim.sweeps.dispatch import Batch, Died

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["DaskCrew", "connected"]

ANSWERS_WITHIN = 10  # seconds
LOST = ("CancelledError", "FutureCancelledError")  # what was sent to the workers went with the last that had it
AGAIN = 3  # times that a batch is sent anew for that


def connected(address: str) -> Client:
    """Return a client of the scheduler at an address.

    Raises
    ------
    DataError
        If Dask is not installed, or nothing answers within 10 seconds.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise DataError('a scheduler needs Dask. Install it: pip install "tailoff[distributed]".') from error
    answers: SimpleQueue[Client | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(Client(address, timeout=ANSWERS_WITHIN, set_as_default=False))
        except Exception as error:  # noqa: BLE001 - it is raised in the thread that waits
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()  # one that is connected and says nothing is waited for endlessly
    with suppress(Empty):
        found = answers.get(timeout=ANSWERS_WITHIN + 1)
        if not isinstance(found, Exception):
            return found
    raise DataError(
        f"the scheduler {address!r} does not answer within {ANSWERS_WITHIN} s. Start it, or check the address."
    )


class DaskCrew:
    """A cluster that runs batches.

    Parameters
    ----------
    call : Call
        Sent to each worker once, before any point.
    client : dask.distributed.Client
    """

    def __init__(self, call: Call, client: Client) -> None:
        self._client, self._call = client, call
        self._done: SimpleQueue[tuple[Batch, Future]] = SimpleQueue()
        self._flying: set[Future] = set()
        self._lost: dict[tuple[int, ...], int] = {}
        threads = sum(client.nthreads().values())
        if not threads:
            raise DataError("the scheduler has no workers. Start some: dask worker ADDRESS.")
        self.size = 2 * threads
        self._send()

    def _send(self) -> None:
        self._there = self._client.scatter(self._call, broadcast=True, hash=False)

    def submit(self, batch: Batch) -> None:
        """Let the cluster run the batch."""
        future = self._client.submit(run_batch, self._there, batch.settings, pure=False)
        self._flying.add(future)
        future.add_done_callback(lambda ended: self._done.put((batch, ended)))

    def next(self) -> tuple[Batch, Outcome | Died]:
        """Wait for a batch to end."""
        while True:
            batch, future = self._done.get()
            self._flying.discard(future)
            try:
                return batch, future.result()
            except Exception as error:  # noqa: BLE001 - of a cluster anything may come; it is the batch's end
                outcome = self._after(batch, error)
            if outcome is not None:
                return batch, outcome

    def _after(self, batch: Batch, error: Exception) -> Died | None:
        """Return what becomes of a batch that raised; None if it was sent anew."""
        if self._client.status != "running":
            raise DataError("the scheduler is gone. Finished points are kept: run the sweep again.") from error
        lost = self._lost[batch.numbers] = self._lost.get(batch.numbers, 0) + 1
        if type(error).__name__ in LOST and lost <= AGAIN:
            self._send()
            self.submit(batch)
            return None
        return Died(f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """Ask the cluster for nothing more."""
        if self._client.status == "running":
            self._client.cancel([*self._flying], force=True)
        self._flying.clear()
