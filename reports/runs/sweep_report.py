"""A sweep as a document of its own: every scale over the grid, beside its law where there is one."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from reports.comparison import z_summary
from reports.document.numbers import sealed_json
from reports.document.section import Picture, Section
from reports.document.typeset import typeset
from reports.runs.compared import LAWS, Scale, scales_of
from reports.runs.sweep_axes import Axes, axes_of
from reports.runs.sweep_figure import sweep_figure
from sim.errors import DataError
from sim.machinery.paths import as_path
from sim.machinery.provenance import versions
from sim.machinery.saving import refuse_unwritable, write_all
from sim.sweeps.opened import Opened, opened
from theory.settings import InvalidArgument

__all__ = ["report_sweep"]

WORST, REASONS = 5, 5


def report_sweep(store: str | Path, path: str | Path) -> Path:
    """Write the report of a sweep.

    Parameters
    ----------
    store : path
        That `sim.sweep` or ``tailoff sweep`` was given.
    path : path
        Of the PDF; the numbers go beside it as .json.

    Raises
    ------
    InvalidArgument
        If the path does not end in .pdf.
    DataError
        If there is no sweep, no point of it has a scale, or nothing can be written.
    """
    path = as_path("path", path)
    if path.suffix != ".pdf":
        raise InvalidArgument(f"path must end in .pdf, got {str(path)!r}.")
    there = opened(store)
    path.parent.mkdir(parents=True, exist_ok=True)
    refuse_unwritable(path)
    try:
        section = _section(there)
    finally:
        there.store.close()
    header = {"version": version("tailoff")}
    pdf = typeset((), [section], header, main="sweep.typ")
    numbers = header | {
        "versions": versions(), "pdf_sha256": sha256(pdf).hexdigest(), "facts": section.facts,
        "comparisons": [comparison.as_dict() for comparison in section.comparisons],
    }  # fmt: skip
    write_all({path.with_suffix(".json"): [sealed_json(numbers).encode()], path: [pdf]})
    return path


def _section(there: Opened) -> Section:
    run, axes = there.spec["run"], axes_of(there.spec)
    scales: dict[str, dict[int, Scale]] = {}
    for number, result in there.results():
        for name, scale in scales_of(run, result).items():
            scales.setdefault(name, {})[number] = scale
    if not scales:
        raise DataError(f"no point of the sweep in {str(there.store.folder)!r} has a scale to draw. Run it first.")
    rows = [(name, number, scale) for name, of in scales.items() for number, scale in of.items()]
    compared = [(scale.comparison, _where(axes, number)) for _, number, scale in rows if scale.comparison]
    comparisons = [comparison for comparison, _ in compared]
    facts = _grid_facts(there, axes) | {
        "law": LAWS.get(run, ""),
        "scales": [*scales],
        "pictures": [f"scale{i}" for i in range(len(scales))],
        "summary": z_summary(comparisons) if comparisons else None,
        "undecided": sum(comparison.verdict == "undecided" for comparison in comparisons),
        "worst": [
            {"where": where} | c.as_dict() for c, where in sorted(compared, key=lambda pair: -abs(pair[0].z))[:WORST]
        ],
        "unpredicted": _counted(scale.reason for _, _, scale in rows if not scale.comparison),
    }
    pictures = {
        f"scale{i}": Picture(
            sweep_figure(name, axes, of), f"The {name} over {axes.x}: measured, predicted, and residuals in sigma."
        )
        for i, (name, of) in enumerate(scales.items())
    }
    return Section("sweep", facts, comparisons, pictures)


def _grid_facts(there: Opened, axes: Axes) -> dict[str, Any]:
    """Return what the grid is, and what became of its points."""
    spec = there.spec
    settings = [
        {"name": name, "values": len(set(column.tolist())), "from": _said(column[0]), "to": _said(column[-1])}
        for name, column in axes.columns.items()
    ]
    failed = (row.reason for row in there.rows if row is not None and row.reason)
    return {
        "run": spec["run"], "name": spec["run"].rpartition(".")[2], "seed": spec["seed"], "made_by": spec["version"],
        "points": len(there.rows), "status": dict(Counter(row.status if row else "missing" for row in there.rows)),
        "reasons": _counted(failed), "settings": settings, "fixed": {n: _said(v) for n, v in spec["fixed"].items()},
        "x": axes.x, "lines": axes.lines, "map": axes.map, "others": {n: _said(v) for n, v in axes.others.items()},
    }  # fmt: skip


def _where(axes: Axes, number: int) -> str:
    return ", ".join(f"{name} = {_said(column[number])}" for name, column in axes.columns.items())


def _counted(reasons: Any) -> list[dict[str, Any]]:
    """Return the commonest reasons and how often each was given."""
    return [{"reason": reason, "count": count} for reason, count in Counter(reasons).most_common(REASONS)]


def _said(value: Any) -> str:
    """Return a setting in words."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict) and "data" in value:
        return str(value["data"]["name"])
    if isinstance(value, dict) and "type" in value:
        inside = ", ".join(f"{k}={_said(v)}" for k, v in value.items() if k != "type")
        return f"{value['type'].rpartition('.')[2]}({inside})"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
