"""Read a damaged HDF5 file where it does no harm: in a process of its own.

HDF5 may crash on a damaged file, or follow its pointers in a circle for ever, deaf to Ctrl-C. A seal rules damage out;
a file without one is first read here, by another process, and only what that one has read to the end is opened. This
file is what that process runs, so at its top it imports nothing of ours.
"""

from __future__ import annotations

import subprocess
import sys
import time
from io import BytesIO

__all__ = ["reads_to_the_end"]

SECONDS = 3  # of computing, for anything, and
SPEED = 1e8  # bytes in a second beyond them: less than a slow machine unpacks
PATIENCE = 60.0  # seconds on the clock, where other work is in the way


def reads_to_the_end(content: bytes, max_bytes: int) -> bool:
    """Return whether HDF5 ends on this file at all, with its numbers or with an error.

    Parameters
    ----------
    content : bytes
        The file.
    max_bytes : int
        Arrays beyond this size, all together, are not unpacked.
    """
    command = [sys.executable, "-P", __file__, str(max_bytes)]
    patience = PATIENCE + max_bytes / SPEED
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode in {0, 1}  # 1: an exception of Python


def allow(size: float = 0.0) -> None:
    """Let this process be ended if its next step takes longer than so many bytes do."""
    if sys.platform == "win32":  # there the clock alone limits it
        return
    import resource

    seconds, hard = int(time.process_time() + SECONDS + size / SPEED), resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds if hard == resource.RLIM_INFINITY else min(seconds, hard), hard))


def read_all(content: bytes, max_bytes: int) -> None:
    """Read every attribute and every array of the file."""
    import h5py

    left = max_bytes

    def read(_: str, thing: h5py.HLObject) -> None:
        nonlocal left
        dict(thing.attrs)
        if isinstance(thing, h5py.Dataset):
            [len(scales) for scales in thing.dims]  # a damaged list of them is what HDF5 is known to count for ever
            left -= thing.nbytes
            if left >= 0:
                allow(thing.nbytes)
                thing[()]
                allow()

    allow()
    with h5py.File(BytesIO(content)) as file:
        dict(file.attrs)
        file.visititems(read)


if __name__ == "__main__":
    read_all(sys.stdin.buffer.read(), int(sys.argv[1]))
