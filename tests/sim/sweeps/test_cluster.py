"""The same bits on a Dask cluster of real processes on loopback; a worker that is killed costs nothing."""

import os
import re
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

import sim
from reports import assemble
from reports.sections.random_walk.section import RANDOM_WALK
from sim.sweeps.cluster import connected
from tests.sim.sweeps import toys

distributed = pytest.importorskip("distributed")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # sockets that distributed leaves to the collector
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

GRID = {"lam": np.arange(1.0, 13.0), "eta": [0.1, 0.5]}
LOOPBACK = "127.0.0.1"


def started(module, *words):
    """Start a part of the cluster; return it, and the first address that it tells."""
    command = [sys.executable, "-m", f"distributed.cli.{module}", *words]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    for line in process.stderr:
        if found := re.search(r"(?:Scheduler|worker) at:\s+(tcp://127\.0\.0\.1:\d+)", line):
            return process, found[1]
    raise RuntimeError(f"{module} did not start")


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers, each a process; yields the address and the workers."""
    scheduler, address = started("dask_scheduler", "--host", LOOPBACK, "--port", "0", "--no-dashboard", "--no-show")
    folder = ("--local-directory", str(tmp_path), "--host", LOOPBACK)
    parts = [started("dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", *folder) for _ in "ab"]
    workers = [process for process, _ in parts]
    try:
        yield address, workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()
            process.stderr.close()


def test_the_same_bits_as_here(cluster, tmp_path):
    with connected(cluster[0]) as client:
        there = sim.sweep(toys.scale, GRID, store=tmp_path / "there", client=client).load()
    here = sim.sweep(toys.scale, GRID, store=tmp_path / "here", workers=2).load()
    timed = ["seconds"]
    assert there.drop_vars(timed).identical(here.drop_vars(timed))
    assert (there.status == "done").all()


def test_a_killed_worker_costs_nothing(cluster, tmp_path):
    address, workers = cluster
    log = tmp_path / "log"
    killed = []

    def kill(progress):
        if progress.done >= 4 and not killed:
            workers[0].send_signal(signal.SIGKILL)
            killed.append(progress.done)

    with connected(address) as client:
        fixed = {"wait": 0.3, "log": str(log)}
        scan = sim.sweep(toys.scale, GRID, store=tmp_path / "s", client=client, fixed=fixed, progress=kill).load()
    assert killed
    assert (scan.status == "done").all()
    assert scan.scale.sel(lam=12.0, eta=0.5).item() == 6.0
    assert len(log.read_text().splitlines()) <= 24 + 2  # what the dead one had in hand was run again, nothing else


def test_a_report_has_the_same_bytes_as_here(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(assemble, "SECTIONS", (RANDOM_WALK,))
    monkeypatch.setattr(assemble, "typeset", lambda *_: b"%PDF")  # the words want all sections
    data = sim.Data(np.zeros((70, 8)), np.arange(70) % 3, (50, 10, 10), "toy")
    with connected(cluster[0]) as client:
        there = assemble.build(tmp_path / "there" / "all.pdf", quick=True, quiet=True, data=data, client=client)
    here = assemble.build(tmp_path / "here" / "all.pdf", quick=True, quiet=True, data=data)
    for name in ("all.json", "all-walks.nc"):
        assert there.with_name(name).read_bytes() == here.with_name(name).read_bytes()


def test_a_scheduler_that_does_not_answer():
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        address = f"tcp://{LOOPBACK}:{taken.getsockname()[1]}"
        begun = time.monotonic()
        with pytest.raises(sim.DataError, match="does not answer within 10 s"):
            connected(address)
        assert time.monotonic() - begun < 30
