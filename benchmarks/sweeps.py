"""What a sweep costs beyond its simulations: `python -m benchmarks.sweeps` prints the table of docs/scaling.md."""

from __future__ import annotations

import resource
import tempfile
import time

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


def timed(points: int, seconds: float, workers: int, folder: str) -> float:
    begun = time.perf_counter()
    sim.sweep(busy, grid(points), store=folder, fixed={"seconds": seconds}, workers=workers)
    return time.perf_counter() - begun


def many(points: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        planned(busy, grid(points), {"seconds": 0.001})
        print(f"{points} points of 1 ms planned in {time.perf_counter() - begun:.1f} s", flush=True)
        took = timed(points, 0.001, 2, folder)
        rate, overhead = points / took, 1e3 * (2 * took / points - 0.001)
        print(f"run on two cores in {took:.0f} s: {rate:.0f} a second, {overhead:.1f} ms a point beyond it", flush=True)
        begun = time.perf_counter()
        opened = sim.open_sweep(folder)
        half = time.perf_counter()
        assert float(opened.a.sum()) == sum(x + 0.5 for x in range(points // 20)) * 20
        print(f"opened in {half - begun:.1f} s, one variable of all points read in {time.perf_counter() - half:.1f} s")
        begun = time.perf_counter()
        timed(points, 0.001, 2, folder)
        print(f"run again, all found and verified: {time.perf_counter() - begun:.1f} s")
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB", flush=True)


def two_cores(points: int = 40) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        alone, both = timed(points, 1.0, 1, one), timed(points, 1.0, 2, two)
    print(f"{points} points of 1 s: one worker {alone:.1f} s, two {both:.1f} s: {alone / both:.2f} times", flush=True)


if __name__ == "__main__":
    many(100_000)
    two_cores()
