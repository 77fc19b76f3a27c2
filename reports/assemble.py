"""Build the report: simulate, compare, draw, typeset."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sim
from reports.document.kept import Kept
from reports.document.numbers import sealed_json
from reports.document.section import Results, Section, SectionSpec, Task, in_order
from reports.document.typeset import typeset
from reports.document.work import run_all
from reports.document.written import Written
from reports.sections.all import SECTIONS
from sim.machinery.paths import as_path
from sim.machinery.provenance import versions
from sim.machinery.saving import refuse_unwritable, write_all
from sim.machinery.seal import Bytes
from sim.sweeps.store import opened_store
from theory.settings import InvalidArgument, whole_number

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["build"]


def build(
    path: str | Path | None = None,
    *,
    quick: bool = False,
    seed: int = 1,
    data: str | Path | sim.Data = "mnist",
    quiet: bool = False,
    store: str | Path | None = None,
    fresh: bool = False,
    client: Client | None = None,
) -> Path:
    """Run the experiments, compare them with the theory and write the report.

    Parameters
    ----------
    path : path
        Of the PDF; default out/tailoff.pdf, and of a quick one out/tailoff-quick.pdf. The numbers go beside it as
        .json, the measured data as .nc, with checksums; the PDF's is in the .json. All are replaced at the end, or
        none.
    quick : bool
        Shorter runs, for a first look: not all of the comparisons are sharp.
    seed : int
        All random numbers descend from it; the same seed gives the same JSON and the same PDF, byte for byte.
    data : str, path or Data
        What `sim.load_data` takes, or returns.
    quiet : bool
        Show no progress bar.
    store : path, optional
        The folder that keeps what was measured (as of `sim.sweep`), so that no simulation runs twice. Default: beside
        the PDF, NAME.store.
    fresh : bool
        Empty the store first.
    client : dask.distributed.Client, optional
        Run the simulations on its workers: the same bytes as here.

    Returns
    -------
    Path
        Of the PDF.

    Raises
    ------
    InvalidArgument
        If the path does not end in .pdf, or the seed is not a whole number.
    DataError
        If the data cannot be loaded, or the path cannot be written.

    Examples
    --------
    >>> build("report.doc")
    Traceback (most recent call last):
    theory.errors.InvalidArgument: path must end in .pdf, got 'report.doc'.
    """
    usual = "out/tailoff-quick.pdf" if quick else "out/tailoff.pdf"
    path = as_path("path", usual if path is None else path)
    if path.suffix != ".pdf":
        raise InvalidArgument(f"path must end in .pdf, got {str(path)!r}.")
    whole_number("seed", seed, least=0)
    examples = data if isinstance(data, sim.Data) else sim.load_data(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    refuse_unwritable(path)
    specs = in_order(SECTIONS)
    tasks = {spec.name: spec.tasks(quick, seed, examples) for spec in specs}
    with opened_store(store or path.with_suffix(".store"), fresh=fresh) as there:
        done = _written_up(specs, tasks, Kept(there, tasks, quick), client, quiet)
    written = [done[spec.name] for spec in SECTIONS]  # as they are read
    sections = [one.section for one in written]
    header = {"version": version("tailoff"), "seed": seed, "quick": quick,
              "dataset": "MNIST" if examples.name == "mnist" else Path(examples.name).name,
              "validation": examples.sizes[1], "pixels": _said_of_pixels(examples)}  # fmt: skip
    pdf = typeset(SECTIONS, sections, header)
    loaded = {"data_notes": list(examples.notes), "class_names": list(examples.class_names)}
    numbers = header | loaded | {"versions": versions(), "pdf_sha256": sha256(pdf).hexdigest()} | _numbers(sections)
    files: dict[str | Path, Sequence[Bytes]] = {
        path.with_name(f"{path.stem}-{name}.nc"): [whole] for one in written for name, whole in one.files.items()
    }
    write_all(files | {path.with_suffix(".json"): [sealed_json(numbers).encode()], path: [pdf]})
    return path


def _written_up(
    specs: list[SectionSpec], tasks: dict[str, list[Task]], kept: Kept, client: Client | None, quiet: bool
) -> dict[str, Written]:
    """Return every section: as the store has it, or written up from results while the next are simulated."""
    for spec in specs:
        kept.record_scan(spec)
    done = {spec.name: found for spec in specs if (found := kept.written(spec)) is not None}
    missing = {spec.name: spec for spec in specs if spec.name not in done}
    needed = {name for spec in missing.values() for name in (*spec.needs, spec.name)}
    todo = {name: of for name, of in tasks.items() if name in needed}
    if client is not None:
        kept.send([*chain(*todo.values())], client)
    results: dict[str, Results] = {}
    with ThreadPoolExecutor(1) as writer:
        writing: dict[str, Future[Written]] = {}
        for name, result in run_all(todo, kept, quiet=quiet):
            results[name] = result
            if name in missing:
                known = {need: results[need] for need in (*missing[name].needs, name)}
                writing[name] = writer.submit(kept.write_up, missing[name], known)
        return done | {name: future.result() for name, future in writing.items()}


def _said_of_pixels(examples: sim.Data) -> str:
    """Return what was decided on the pixels, for the sentence on the data; nothing of data that were not loaded."""
    return next((note.removeprefix("pixels: ") for note in examples.notes if note.startswith("pixels: ")), "")


def _numbers(sections: list[Section]) -> dict[str, Any]:
    return {
        "comparisons": [c.as_dict() | {"section": s.name} for s in sections for c in s.comparisons],
        "facts": {s.name: s.facts for s in sections},
    }
