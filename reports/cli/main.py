"""The entry point of the command `tailoff`: hears Ctrl-C before anything heavy is imported.

Python tells only the main thread of a signal, and only between two of its instructions: not while machine code is being
made, and the exception may be lost in an extension module that is being imported. A second thread therefore hears of it
too, and ends the process if the first has not done so in time.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

__all__ = ["main"]

GRACE = 1.0  # seconds for an orderly end
STOPPED = 128 + signal.SIGINT
_leaving = threading.RLock()


class Interruption:
    """Listens for Ctrl-C, and knows whether it was pressed."""

    def __init__(self) -> None:
        self.heard = False
        self._reads, writes = os.pipe()
        os.set_blocking(writes, False)
        signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
        signal.signal(signal.SIGINT, self._break_off)
        threading.Thread(target=self._leave_in_time, daemon=True).start()

    def _break_off(self, *_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough: what unwinds is not to be broken off again
        self.heard = True
        raise KeyboardInterrupt

    def _leave_in_time(self) -> None:
        while signal.SIGINT not in os.read(self._reads, 16):
            pass
        self.heard = True
        time.sleep(GRACE)
        leave()

    def nothing_is_left_to_break_off(self) -> None:
        """From now on Ctrl-C leaves at once: the interpreter is shutting down."""
        signal.signal(signal.SIGINT, lambda *_: leave())


def leave() -> None:
    """End the process at once, wherever it is, and leave no half-written file."""
    _leaving.acquire()  # for good: a second thread waits here for the end
    saving = sys.modules.get("sim.machinery.saving")
    if saving and hasattr(saving, "discard_unfinished"):  # it may be in the middle of its import
        saving.discard_unfinished()
    shown_again = "\x1b[?25h\n" if sys.stderr.isatty() else ""  # a progress bar had hidden the cursor
    os.write(2, f"{shown_again}stopped\n".encode())
    os._exit(STOPPED)


def main() -> None:
    """Run the command line; Ctrl-C at any moment ends with "stopped" on stderr and exit code 130."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell that wants it so
        from reports.cli.app import main as run

        return run()
    interruption = None
    try:
        interruption = Interruption()
        from reports.cli.app import main as run

        run()
    except BaseException as end:  # what Ctrl-C breaks off may end in any exception
        if isinstance(end, KeyboardInterrupt) or (interruption and interruption.heard):
            leave()
        if interruption:
            interruption.nothing_is_left_to_break_off()
        raise


if __name__ == "__main__":
    main()
