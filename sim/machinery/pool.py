"""Work on all cores: threads, for the compiled kernels let go of the interpreter's lock.

The caller's thread only waits, so that Ctrl-C is heard; it then asks the threads to stop and sees them end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event
from typing import Any

from theory.settings import whole_number

__all__ = ["Channel", "Stopped", "run_all"]


class Stopped(Exception):
    """Ends a thread that was asked to stop; nobody sees it but the pool."""


class Channel:
    """What a task sees of its caller: it must `check` several times a second, and may `tell` what it has done."""

    def __init__(self) -> None:
        self._stop = Event()
        self._messages: SimpleQueue[Any] = SimpleQueue()

    def check(self) -> None:
        """Raise `Stopped` if the caller does not want the result any more."""
        if self._stop.is_set():
            raise Stopped

    def tell(self, message: Any) -> None:
        """Hand a message to the caller's thread."""
        self._messages.put(message)

    def stop(self) -> None:
        """Ask all tasks to end."""
        self._stop.set()

    def next_message(self) -> Any:
        """Wait for a message."""
        return self._messages.get()


def run_all(
    tasks: Sequence[Callable[[Channel], Any]], threads: int | None, listen: Callable[[Any], None] | None = None
) -> list[Any]:
    """Run the tasks, at most `threads` at once, and return what they return.

    Parameters
    ----------
    tasks : sequence of callables
        Each gets the `Channel`.
    threads : int or None
        None for as many as this process has cores.
    listen : callable, optional
        Called in this thread with every message.

    Raises
    ------
    Exception
        The first that a task or `listen` raises, or KeyboardInterrupt; the other tasks have ended by then.
    """
    threads = available_cores() if threads is None else whole_number("threads", threads)
    channel = Channel()
    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        futures = [pool.submit(task, channel) for task in tasks]
        try:
            for future in futures:
                future.add_done_callback(channel.tell)
            waiting = len(futures)
            while waiting:
                message = channel.next_message()
                if isinstance(message, Future):
                    message.result()  # raises what the task raised
                    waiting -= 1
                elif listen:
                    listen(message)
        finally:  # also when all is done, where it changes nothing
            channel.stop()
            pool.shutdown(wait=False, cancel_futures=True)
    return [future.result() for future in futures]


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
