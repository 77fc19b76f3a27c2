"""What a sweep costs beyond its simulations: `python -m benchmarks.sweeps` prints the table of docs/scaling.md."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

import sim
from sim.sweeps.plan import planned


def busy(x: int, y: int, seconds: float, seed: int) -> xr.Dataset:
    """Keep a core busy for a while of its own time; a result of two numbers."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return xr.Dataset({"a": ((), x + 0.5), "b": ((), float(y))}, attrs={"seed": seed})


def grid(points: int) -> dict[str, range]:
    return {"x": range(points // 20), "y": range(20)}


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, and of processors: those of this process and of its workers."""

    clock: float
    own: float
    workers: float

    @property
    def used(self) -> float:
        return self.own + self.workers


def spent() -> Cost:
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return Cost(time.perf_counter(), own.ru_utime + own.ru_stime, workers.ru_utime + workers.ru_stime)


def timed(points: int, seconds: float, workers: int, folder: str) -> Cost:
    begun = spent()
    sim.sweep(busy, grid(points), store=folder, fixed={"seconds": seconds}, workers=workers)
    ended = spent()
    return Cost(ended.clock - begun.clock, ended.own - begun.own, ended.workers - begun.workers)


def many(points: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        planned(busy, grid(points), {"seconds": 0.001})
        print(f"{points} points of 1 ms planned in {time.process_time() - begun:.1f} s of a core", flush=True)
        took = timed(points, 0.001, 2, folder)
        overhead, alone = 1e3 * (took.used / points - 0.001), points / (took.used / 2)
        print(f"run: {took.clock:.0f} s on the clock, {points / took.clock:.0f} a second; {took.own:.0f} s of a core "
              f"here, {took.workers:.0f} s in workers: {overhead:.2f} ms a point beyond it, and {alone:.0f} a second "
              "where two cores do nothing else", flush=True)  # fmt: skip
        begun = time.process_time()
        opened = sim.open_sweep(folder)
        half = time.process_time()
        assert float(opened.a.sum()) == sum(x + 0.5 for x in range(points // 20)) * 20
        print(f"opened in {half - begun:.1f} s, one variable of all points read in {time.process_time() - half:.1f} s")
        print(f"run again, all found and verified: {timed(points, 0.001, 2, folder).used:.1f} s of a core")
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB; "
          f"{size / points:.0f} bytes a point on the disk", flush=True)  # fmt: skip


def two_cores(points: int = 40) -> None:
    """Time on the clock, which means something on an idle machine alone; what is spent beyond the points."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        alone, both = timed(points, 1.0, 1, one), timed(points, 1.0, 2, two)
    print(f"{points} points of 1 s: one worker {alone.clock:.1f} s, two {both.clock:.1f} s: "
          f"{alone.clock / both.clock:.2f} times; beyond the points {alone.used - points:.1f} s and "
          f"{both.used - points:.1f} s of a core", flush=True)  # fmt: skip


if __name__ == "__main__":
    many(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    two_cores()
