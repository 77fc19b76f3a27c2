"""The command that runs a simulation over a grid: `tailoff sweep`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reports.cli.options import AT_HOME, WHOLE, Scheduler

if TYPE_CHECKING:
    import xarray as xr

    from sim.sweeps.dispatch import Crew, Progress
    from sim.sweeps.plan import Plan

__all__ = ["sweep"]

FAILED = 3  # exit code where points have failed
EVERY = 10.0  # seconds between two lines, where there is no terminal
SHOWN = 5  # reasons


def sweep(
    grid: Annotated[Path, typer.Argument(**AT_HOME, help="A TOML file: run, seed, [fixed], [grid].")],
    store: Annotated[
        Path | None,
        typer.Option(**AT_HOME, help="The folder that keeps the results. Default: beside the file, NAME.store."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what there is to do and how long it takes.")] = False,
    export: Annotated[
        Path | None, typer.Option(**AT_HOME, help="Write the whole sweep to NAME.nc or NAME.csv.")
    ] = None,
    scheduler: Scheduler = None,
    workers: Annotated[
        int | None, typer.Option(**WHOLE, help="How many processes run here. Default: one per core.")
    ] = None,
) -> None:
    """Run a simulation over a grid.

    Finished points are kept, and none is run twice. Exit code 3 says that points have failed.

    Example: tailoff sweep grid.toml --export grid.csv
    """
    import sim
    from sim.sweeps.export import export as write
    from sim.sweeps.export import refuse_export
    from sim.sweeps.grid_file import read_grid_file
    from sim.sweeps.local import LocalCrew
    from sim.sweeps.store import opened_store
    from sim.sweeps.sweep import sweep_of_plan

    if export is not None:
        refuse_export(export)
    plan, folder = read_grid_file(grid), store or grid.with_suffix(".store")
    crew: Callable[[], Crew] = lambda: LocalCrew(plan.call, workers)  # noqa: E731
    if dry_run:
        typer.echo(_forecast(plan, folder, workers))
        return
    if scheduler is not None:
        from sim.sweeps.cluster import DaskCrew, connected

        client = connected(scheduler)
        crew = lambda: DaskCrew(plan.call, client)  # noqa: E731
    with opened_store(folder) as there, _shown(len(plan.points)) as show:
        sweep_of_plan(plan, there, crew, progress=show)
    with sim.open_sweep(folder) as result:
        if export is not None:
            write(result, export)
        text, failed = _summary(result)
    typer.echo(f"{text}\nkept in {folder}" + (f", written to {export}" if export else ""))
    if failed:
        raise typer.Exit(FAILED)


def _forecast(plan: Plan, folder: Path, workers: int | None) -> str:
    """Say how many points there are, how many are done, and how long the others take, from one that is timed."""
    from sim.machinery.pool import available_cores
    from sim.sweeps.batch import run_batch
    from sim.sweeps.database import FILE
    from sim.sweeps.store import reader
    from sim.sweeps.sweep import finished

    there = finished(plan, reader(folder)) if (folder / FILE).exists() else {}
    todo = [point for point in plan.points if point.key not in there]
    said = f"{len(plan.points)} points, {len(plan.points) - len(todo)} of them done"
    if not todo:
        return said
    middle, cores = todo[len(todo) // 2], workers or available_cores()
    for _ in range(2):  # the first may compile
        (end,) = run_batch(plan.call, [middle.settings]).ends
    seconds = end.seconds * len(todo) / cores
    return f"{said}. One took {end.seconds:.3g} s: the {len(todo)} to do take about {_time(seconds)} on {cores} cores"


def _time(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


@contextmanager
def _shown(total: int) -> Iterator[Callable[[Progress], None]]:
    """Show the progress as a bar on a terminal, as a line now and then elsewhere."""
    if not sys.stderr.isatty():
        last = -EVERY

        def line(progress: Progress) -> None:
            nonlocal last
            whole = progress.before + progress.done == total
            if whole or time.monotonic() - last >= EVERY:
                last = time.monotonic()
                typer.echo(str(progress), err=True)

        yield line
        return
    from reports.document.work import progress_bar

    with progress_bar() as bar:
        task = bar.add_task("points", total=total)

        def draw(progress: Progress) -> None:
            bar.start()
            bar.update(task, completed=progress.before + progress.done, description=str(progress))

        yield draw


def _summary(result: xr.Dataset) -> tuple[str, int]:
    """Return what became of the points, the first reasons of those that failed, and how many have."""
    status = result.status.values.ravel()
    counts = {name: int((status == name).sum()) for name in ("done", "diverged", "failed")}
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    reasons = [reason for reason in result.reason.values.ravel().tolist() if reason]
    lines = [f"{status.size} points: {said}", *(f"  {reason}" for reason in dict.fromkeys(reasons[:SHOWN]))]
    return "\n".join(lines), counts["diverged"] + counts["failed"]
