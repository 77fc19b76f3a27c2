"""The tasks of a report as points of a store: what was measured once is not measured again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import xarray as xr

import sim
from reports.document.section import Task
from sim.sweeps.description import as_text, described
from sim.sweeps.pack import pack
from sim.sweeps.plan import Point, key_of
from sim.sweeps.store import Row, Store
from sim.sweeps.version import version_of

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Kept"]

log = logging.getLogger("sim")


class Kept:
    """What a store has of a report's tasks, and what is added to it.

    Parameters
    ----------
    store : Store
        Open for writing.
    tasks : sequence of Task
        All of the report.
    client : dask.distributed.Client, optional
        Where to run what is not there yet; without one each task runs here, on all cores.
    """

    def __init__(self, store: Store, tasks: Sequence[Task], client: Client | None = None) -> None:
        self._store, self._client = store, client
        self._points = {id(task): key_of(task.run, task.arguments) for task in tasks}
        self._rows = store.rows(point.key for point in self._points.values())
        self._sent: dict[int, Future] = {}
        if client is not None:
            self._send([task for task in tasks if self._point(task).key not in self._rows])

    def find(self, task: Task) -> xr.Dataset | None:
        """Return what was measured before; None if there is nothing, or it was damaged since."""
        row = self._rows.get(self._point(task).key)
        try:
            return None if row is None or row.piece is None else self._store.result(row)
        except sim.DataError:
            log.warning("a result in %s is damaged: computed again", self._store.folder)
            return None

    def run(self, task: Task, **ticks: Callable[[], None]) -> xr.Dataset:
        """Run a task, here or where it was sent to, and keep its result.

        Returns
        -------
        Dataset
            As the store has it, so that a report is the same whether its results were there or not.
        """
        begun, future = time.perf_counter(), self._sent.pop(id(task), None)
        result = task.run(**task.arguments, **ticks) if future is None else future.result()
        point, labels = self._point(task), as_text(described(task.labels))
        seconds = time.perf_counter() - begun
        row = Row(point.key, point.base, version_of(task.run), labels, "done", "", seconds, piece=0, position=0)
        self._store.add([row], pack([result]))
        return self._store.result(self._store.rows([point.key])[point.key])

    def _point(self, task: Task) -> Point:
        return self._points[id(task)]

    def _send(self, tasks: list[Task]) -> None:
        """Send tasks to the cluster; the data go to each worker once."""
        data: dict[int, Future] = {}

        def there(value: Any) -> Any:
            if not isinstance(value, sim.Data):
                return value
            if id(value) not in data:
                data[id(value)] = self._client.scatter(value, broadcast=True, hash=False)  # type: ignore[union-attr]
            return data[id(value)]

        for task in tasks:
            arguments = {name: there(value) for name, value in task.arguments.items()}
            self._sent[id(task)] = self._client.submit(task.run, **arguments, pure=False)  # type: ignore[union-attr]
