"""What a section's tasks measure, in a store that is gone afterwards."""

from tempfile import TemporaryDirectory

from reports.document.kept import Kept
from reports.document.work import run_all
from sim.sweeps.store import opened_store


def measured(tasks):
    """Return the results of every section, by its name."""
    with TemporaryDirectory() as folder, opened_store(folder) as store:
        return dict(run_all(tasks, Kept(store, tasks, quick=True), quiet=True))
