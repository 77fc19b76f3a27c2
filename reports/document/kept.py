"""The tasks and sections of a report as points of a store: what was measured or written up once is not done again."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import xarray as xr

import sim
from reports.document.section import Results, SectionSpec, Task
from reports.document.written import Written, code_of, version_of_words, written_point
from sim.sweeps.description import as_text, described, digest, name_of
from sim.sweeps.grid import POINT
from sim.sweeps.pack import pack
from sim.sweeps.plan import Point, key_of
from sim.sweeps.store import Row, Store
from sim.sweeps.version import version_of
from theory.settings import TailoffError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distributed import Client, Future

__all__ = ["Kept"]

log = logging.getLogger("sim")


class Kept:
    """What a store has of a report, and what is added to it.

    Parameters
    ----------
    store : Store
        Open for writing.
    tasks : dict of lists of Task
        Of every section of the report.
    quick : bool
        As of `reports.build`.
    """

    def __init__(self, store: Store, tasks: Mapping[str, Sequence[Task]], quick: bool) -> None:
        self._store, self._tasks, self._quick = store, tasks, quick
        self._points = {id(task): point_of(task) for of in tasks.values() for task in of}
        self._sent: dict[int, Future] = {}

    def written(self, spec: SectionSpec) -> Written | None:
        """Return a section that was written up before from the same results by the same code."""
        found = self._find(self._of_section(spec))
        return None if found is None else Written.from_dataset(found)

    def write_up(self, spec: SectionSpec, results: Mapping[str, Results]) -> Written:
        """Write a section up from the results of itself and of what it needs, and keep it."""
        begun = time.perf_counter()
        written = Written.of(spec.report(results, self._quick))
        about = as_text({"section": spec.name, "quick": self._quick})
        kept = self._keep(self._of_section(spec), written.as_dataset(), version_of_words(), about, begun)
        return Written.from_dataset(kept)

    def record_scan(self, spec: SectionSpec) -> None:
        """Let the store say which tasks of a section are a sweep, so that it can be opened as one."""
        tasks = [task for task in self._tasks[spec.name] if spec.scan.items() <= task.labels.items()]
        if spec.scan and tasks:
            text = as_text(scan_of(tasks, spec.scan))
            self._store.record_sweep(text, [self._points[id(task)].key for task in tasks])

    def find(self, task: Task) -> xr.Dataset | None:
        """Return what a task measured before; None if there is nothing, or it was damaged since."""
        return self._find(self._points[id(task)])

    def run(self, task: Task, **ticks: Callable[[], None]) -> xr.Dataset:
        """Run a task, here or where it was sent to, and keep its result.

        Returns
        -------
        Dataset
            As the store has it, so that a report is the same whether its results were there or not.
        """
        begun, future = time.perf_counter(), self._sent.pop(id(task), None)
        result = task.run(**task.arguments, **ticks) if future is None else _from_cluster(task, future)
        labels = as_text(described(task.labels))
        return self._keep(self._points[id(task)], result, version_of(task.run), labels, begun)

    def send(self, tasks: Sequence[Task], client: Client) -> None:
        """Let a cluster run the tasks that are not there yet; the data go to each worker once."""
        data: dict[int, Future] = {}

        def there(value: Any) -> Any:
            if not isinstance(value, sim.Data):
                return value
            if id(value) not in data:
                data[id(value)] = client.scatter(value, broadcast=True, hash=False)
            return data[id(value)]

        rows = self._store.rows(self._points[id(task)].key for task in tasks)
        for task in tasks:
            if self._points[id(task)].key not in rows:
                arguments = {name: there(value) for name, value in task.arguments.items()}
                self._sent[id(task)] = client.submit(task.run, **arguments, pure=False)

    def _of_section(self, spec: SectionSpec) -> Point:
        names = (*spec.needs, spec.name)
        return written_point(
            spec.name, self._quick, [self._points[id(task)].key for name in names for task in self._tasks[name]]
        )

    def _find(self, point: Point) -> xr.Dataset | None:
        row = self._store.rows([point.key]).get(point.key)
        try:
            return None if row is None or row.piece is None else self._store.result(row)
        except sim.DataError:
            log.warning("a result in %s is damaged: computed again", self._store.folder)
            return None

    def _keep(self, point: Point, result: xr.Dataset, version: str, about: str, begun: float) -> xr.Dataset:
        """Write a result into the store, and return it as it can be read from there."""
        seconds = time.perf_counter() - begun
        row = Row(point.key, point.base, version, about, "done", "", seconds, piece=0, position=0)
        self._store.add([row], pack([result]))
        return self._store.result(self._store.rows([point.key])[point.key])


def _from_cluster(task: Task, future: Future) -> xr.Dataset:
    """Wait for what a cluster was sent; DataError if its workers, or the scheduler, have gone."""
    try:
        return future.result()
    except TailoffError:
        raise
    except Exception as error:
        raise sim.DataError(
            f"the cluster did not finish {task.what!r} ({type(error).__name__}: {error}). What is finished is kept: "
            "run the report again."
        ) from error


def point_of(task: Task) -> Point:
    """Return a task as a point; one whose module uses theory is another when theory is."""
    point = key_of(task.run, task.arguments)
    if "theory" in vars(sys.modules[task.run.__module__]):
        return replace(point, key=digest(point.key, code_of("theory")))
    return point


def scan_of(tasks: Sequence[Task], scan: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a store keeps of a sweep over the labels in which tasks differ (see `sim.sweeps.plan.Plan.spec`)."""
    first = tasks[0]
    arguments = [described(task.arguments) for task in tasks]
    fixed = {n: v for n, v in arguments[0].items() if all(other.get(n) == v for other in arguments)}
    labels = {name: [POINT, [task.labels[name] for task in tasks]] for name in first.labels if name not in scan}
    return {
        "run": name_of(first.run), "seed": fixed.get("seed"), "fixed": fixed, "version": version_of(first.run),
        "dims": [[POINT, len(tasks)]], "labels": labels,
    }  # fmt: skip
