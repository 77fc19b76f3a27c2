"""What is said when the kernels are compiled: once each, and once that the code cannot be kept."""

import subprocess
import sys

from tests.faults.command import WALK

UNWRITABLE = """
import sys
from numba.core import caching
def refuse(self):
    raise OSError("Read-only file system")
caching._CacheLocator.ensure_cache_path = refuse
from reports.cli.main import main
main()
"""


def test_unwritable_folders_are_said_once():
    words = list(map(str, WALK))
    done = subprocess.run([sys.executable, "-c", UNWRITABLE, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    first, *rest = done.stderr.splitlines()
    assert first.startswith("no folder for compiled code can be written")
    assert "NUMBA_CACHE_DIR" in first
    assert rest == ["compiling the random walk, once"]


TWICE = """
import logging, sys, numba
logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
from sim.machinery.jit import announced
for number in (1, 1.0, 1j):  # three signatures are compiled
    with announced("the sum"):
        numba.njit(lambda x: x + 1)(number)
with announced("another"):
    numba.njit(lambda x: x - 1)(1)
"""


def test_compiling_is_said_once_for_each_thing():
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == ["compiling the sum, once", "compiling another, once"]
