"""Run a simulation over a grid, and keep every finished point."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from sim.sweeps.batch import End, Outcome
from sim.sweeps.description import as_text, described
from sim.sweeps.dispatch import Clock, Crew, Progress, run_points
from sim.sweeps.local import LocalCrew
from sim.sweeps.opened import open_sweep
from sim.sweeps.plan import Plan, Point, planned
from sim.sweeps.store import Row, Store, opened_store
from theory.settings import whole_number

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["finished", "sweep", "sweep_of_plan"]

log = logging.getLogger("sim")


def sweep(
    run: Callable[..., xr.Dataset],
    grid: object,
    *,
    store: str | Path,
    fixed: Mapping[str, Any] | None = None,
    seed: int = 0,
    client: Client | None = None,
    workers: int | None = None,
    retries: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> xr.Dataset:
    """Run a simulation at every point of a grid that the store does not hold yet.

    Parameters
    ----------
    run : callable
        `sim.walk`, `sphere`, `least_squares`, `train`, `online`, or a function of yours that takes its settings by
        keyword and returns a Dataset.
    grid : dict of lists, or iterable of dicts
        Every combination of the lists, or the settings of every point. An optimizer is a value like any other.
    store : path
        A folder, made if it is not there. Several sweeps may share one. Another process that writes is waited for.
    fixed : dict, optional
        What all points share, such as the data; it travels to each worker once.
    seed : int
        If `run` takes a seed and is not given one, each point's follows from its settings and this number, whatever the
        order, the grid's other points and the number of workers.
    client : dask.distributed.Client, optional
        Run on its workers; the same bits as here. Needs ``pip install "tailoff[distributed]"``.
    workers : int, optional
        How many processes run here, each on one core. Default: one per core.
    retries : int
        How often a point is tried again whose worker died, or that ran out of memory or files.
    progress : callable, optional
        Called with a `Progress` whenever points have been written to the disk.

    Returns
    -------
    Dataset
        The store opened again, see `sim.open_sweep`: its `status` says which points are "done", which "diverged" and
        which "failed".

    Raises
    ------
    InvalidArgument
        Lists all that is wrong: a name that `run` does not take, a setting that it refuses, a point twice.
    DataError
        If the store cannot be written or is damaged. Finished points stay.

    Notes
    -----
    A point that is done or diverged is not run again unless its settings, its data or the version of the simulation
    differ, or its checksum is wrong. One that failed is.

    Examples
    --------
    >>> import sim, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scan = sweep(sim.walk, {"lam": [5.0, 20.0]}, store=folder, fixed={"n": 100, "eta": 0.5, "steps": 640})
    ...     scan.variance.sizes, scan.status.values.tolist()
    (Frozen({'lam': 2}), ['done', 'done'])
    """
    whole_number("retries", retries, least=0)
    plan = planned(run, grid, fixed, seed)
    make: Callable[[], Crew] = lambda: LocalCrew(plan.call, workers)  # noqa: E731 - no worker where there is nothing to do
    if client is not None:
        from sim.sweeps.cluster import DaskCrew

        make = lambda: DaskCrew(plan.call, client)  # noqa: E731
    with opened_store(store) as opened:
        sweep_of_plan(plan, opened, make, retries=retries, progress=progress)
    return open_sweep(store)


def sweep_of_plan(
    plan: Plan,
    store: Store,
    crew: Callable[[], Crew],
    *,
    retries: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> None:
    """Run what a plan has and the store has not, with a crew that is made if there is anything to do."""
    there = finished(plan, store)
    store.record_sweep(plan.spec, [point.key for point in plan.points])
    todo = [point for point in plan.points if point.key not in there]
    clock = Clock(len(there), len(plan.points))
    if not todo:
        return

    def keep(numbers: list[int], outcome: Outcome) -> None:
        store.add([_row(todo[n], plan, e) for n, e in zip(numbers, outcome.ends, strict=True)], outcome.pieces)
        counted = clock.count(outcome.ends)
        if progress:
            progress(counted)

    hands = crew()
    try:
        run_points(hands, [point.settings for point in todo], keep, retries)
    finally:
        hands.close()


def _row(point: Point, plan: Plan, end: End) -> Row:
    return Row(
        point.key, point.base, plan.version, as_text(described(point.settings)), end.status, end.reason, end.seconds,
        end.piece, end.position,
    )  # fmt: skip


def finished(plan: Plan, store: Store) -> dict[bytes, Row]:
    """Return the points of a plan that need not be run again; say what is damaged and what is of another version."""
    wanted = {point.key: point.base for point in plan.points}
    rows = store.rows()
    known = {key: row for key, row in rows.items() if key in wanted and row.status != "failed"}
    whole = store.without_damaged(known)
    if lost := len(known) - len(whole):
        log.warning("%d results in %s are damaged: computed again", lost, store.folder)
    bases = set(wanted.values())
    others = Counter(row.version for key, row in rows.items() if key not in wanted and row.base in bases)
    for version, count in others.items():
        said = "%d points in %s are of another version (%s): computed anew beside them, by %s"
        log.warning(said, count, store.folder, version, plan.version)
    return whole
