"""Do the simulations of a report on all cores, with a progress bar and the time left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import xarray as xr
from joblib import Parallel, delayed
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from reports.section import Task

__all__ = ["progress_bar", "run_all"]


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Progress]:
    """Show a bar with the time left on stderr, so that stdout stays for results."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f}%"),
               TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(elapsed_when_finished=False))  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), disable=quiet, speed_estimate_period=600) as bar:
        yield bar


def run_all(tasks: list[Task], *, quiet: bool = False, cores: int | None = None) -> dict[str, xr.Dataset]:
    """Run every task; return the results by key, in the order of the tasks.

    Parameters
    ----------
    tasks : list of Task
    quiet : bool
        Show no progress bar.
    cores : int, optional
        How many processes. Default: one for each core.

    Notes
    -----
    The longest tasks start first, so that no core is left with a long one at the end. Results do not depend on the
    number of cores: each task carries its own seed.
    """
    longest_first = sorted(tasks, key=lambda task: -task.cost)
    found: dict[str, xr.Dataset] = {}
    with progress_bar(quiet) as bar:
        total = bar.add_task("simulating", total=sum(task.cost for task in tasks))
        workers = Parallel(n_jobs=cores or os.cpu_count() or 1, return_as="generator_unordered", batch_size=1)
        for key, result, cost in workers(delayed(_one)(task) for task in longest_first):
            found[key] = result
            bar.advance(total, cost)
    return {task.key: found[task.key] for task in tasks}


def _one(task: Task) -> tuple[str, xr.Dataset, float]:
    return task.key, task.run(**task.arguments), task.cost
