"""Do the simulations of a report one after another, each on all cores, with a progress bar and the time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import xarray as xr
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from reports.document.kept import Kept
from reports.document.section import Results, Task

__all__ = ["progress_bar", "run_all"]


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Progress]:
    """Yield a bar with the time left, on stderr, so that stdout stays for results; it shows once it is started."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f}%"),
               TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(elapsed_when_finished=False))  # fmt: skip
    bar = Progress(*columns, console=Console(stderr=True), disable=quiet, speed_estimate_period=600)
    try:
        yield bar
    finally:
        if bar.live.is_started:
            bar.stop()


def run_all(tasks: dict[str, list[Task]], kept: Kept, *, quiet: bool = False) -> Iterator[tuple[str, Results]]:
    """Run every section's tasks that were not run before; yield each section's name and results once they are there.

    The compiled simulations use all cores by themselves, and give the same bits on any number of them.
    """
    with progress_bar(quiet) as bar:
        bar.start()
        total = bar.add_task("simulating", total=sum(task.cost for section in tasks.values() for task in section))

        def run(task: Task) -> xr.Dataset:
            bar.update(total, description=task.what)
            begun = bar.tasks[total].completed
            result = kept.find(task)
            if result is None:
                tick = {"progress": lambda: bar.advance(total, task.cost / task.ticks)} if task.ticks else {}
                result = kept.run(task, **tick)
            bar.update(total, completed=begun + task.cost)
            return result

        for name, section in tasks.items():
            yield name, Results(tuple((task.labels, run(task)) for task in section))
