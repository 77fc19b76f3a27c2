"""Build the report: simulate, compare, draw, typeset."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sim
from reports import mnist_run, random_walk
from reports.document import as_json, typeset
from reports.section import Section
from reports.work import run_all
from sim.provenance import versions
from theory.settings import InvalidArgument, whole_number

__all__ = ["build"]


def build(
    path: str | Path = "out/tailoff.pdf",
    *,
    quick: bool = False,
    seed: int = 1,
    data: str = "mnist",
    quiet: bool = False,
    cores: int | None = None,
) -> Path:
    """Run the experiments, compare them with the theory and write the report.

    Parameters
    ----------
    path : path
        Of the PDF. The numbers go beside it as .json, the measured data as .nc.
    quick : bool
        Shorter runs, for a first look: not all of the comparisons are sharp.
    seed : int
        All random numbers descend from it; the same seed gives the same JSON and the same PDF, byte for byte.
    data : str
        What `sim.load_data` takes.
    quiet : bool
        Show no progress bar.
    cores : int, optional
        How many processes; the result does not depend on it.

    Returns
    -------
    Path
        Of the PDF.

    Raises
    ------
    InvalidArgument
        If the path is a folder or does not end in .pdf, or the seed is not a whole number.
    DataError
        If the data cannot be loaded.

    Examples
    --------
    >>> build("report.doc")
    Traceback (most recent call last):
    theory.errors.InvalidArgument: path must end in .pdf, got 'report.doc'.
    """
    path = Path(path)
    if path.suffix != ".pdf" or path.is_dir():
        raise InvalidArgument(f"path must end in .pdf, got {str(path)!r}.")
    whole_number("seed", seed, least=0)
    sim.load_data(data)  # a bad file is refused now, not minutes later
    path.parent.mkdir(parents=True, exist_ok=True)
    walks, runs = random_walk.tasks(quick, seed), mnist_run.tasks(quick, seed, data)
    results = run_all(walks + runs, quiet=quiet, cores=cores)
    sections = [
        random_walk.report({task.key: results[task.key] for task in walks}, quick),
        mnist_run.report({task.key: results[task.key] for task in runs}),
    ]
    header = {"version": version("tailoff"), "seed": seed, "quick": quick}
    _write(path, typeset(sections, header))
    _write(path.with_suffix(".json"), as_json(header | {"versions": versions()} | _numbers(sections)).encode())
    for section in sections:
        for name, measured in section.measured.items():
            sim.save(measured, path.with_name(f"{path.stem}-{name}.nc"))
    return path


def _numbers(sections: list[Section]) -> dict[str, Any]:
    return {
        "comparisons": [c.as_dict() | {"section": s.name} for s in sections for c in s.comparisons],
        "facts": {s.name: s.facts for s in sections},
    }


def _write(path: Path, content: bytes) -> None:
    """Write under a temporary name and rename, so that a reader never sees half a file."""
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_bytes(content)
    os.replace(temporary, path)
