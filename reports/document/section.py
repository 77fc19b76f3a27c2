"""What a section of the report is made of: its specification, its tasks, their results, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

import xarray as xr

import sim
from reports.comparison import Comparison
from theory import InvalidArgument

__all__ = ["Chapter", "Picture", "Results", "Section", "SectionSpec", "Task", "in_order"]


@dataclass(frozen=True)
class Task:
    """One independent piece of simulation.

    Attributes
    ----------
    labels : dict
        What tells this task from the section's others (lam, init, kind, ...): by these its result is found.
    run : callable
        Called with `arguments`.
    arguments : dict
    cost : float
        Rough share of the whole work, in seconds: what the progress bar counts.
    what : str
        What the progress bar says meanwhile.
    ticks : int
        How often `run` calls the `progress` that it is then given; 0 if it takes none.
    """

    labels: dict[str, Any]
    run: Callable[..., xr.Dataset]
    arguments: dict[str, Any]
    cost: float
    what: str
    ticks: int = 0


@dataclass(frozen=True)
class Results:
    """What a section's tasks measured, in their order, found by the tasks' labels.

    Examples
    --------
    >>> runs = Results(tuple(({"lam": lam, "init": "large"}, xr.Dataset(attrs={"lam": lam})) for lam in (5.0, 12.0)))
    >>> runs.one(lam=12.0).attrs, len(runs.where(init="large")), len(runs.where(init="small"))
    ({'lam': 12.0}, 2, 0)
    """

    runs: tuple[tuple[Mapping[str, Any], xr.Dataset], ...]

    def where(self, **labels: Any) -> Results:
        """Return the results that have all these labels."""
        return Results(tuple(run for run in self.runs if labels.items() <= run[0].items()))

    def one(self, **labels: Any) -> xr.Dataset:
        """Return the one result that has all these labels.

        Raises
        ------
        LookupError
            If there is none, or more than one.
        """
        found = self.where(**labels).datasets
        if len(found) != 1:
            raise LookupError(f"{len(found)} results are labelled {labels}; exactly one was meant.")
        return found[0]

    @property
    def datasets(self) -> list[xr.Dataset]:
        """The results without their labels."""
        return [dataset for _, dataset in self.runs]

    def __iter__(self) -> Iterator[tuple[Mapping[str, Any], xr.Dataset]]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)


@dataclass(frozen=True)
class Picture:
    """A figure as SVG, and its description in words for those who cannot see it."""

    svg: bytes
    alt: str


@dataclass(frozen=True)
class Section:
    """The content of one section; its words are in the templates that its specification names.

    Attributes
    ----------
    name : str
    facts : dict
        What the template's sentences quote: numbers, strings, lists (of JSON types). What a sentence claims is a fact
        too, under "verdicts": true or false, as the numbers have it.
    comparisons : list of Comparison
    pictures : dict of Picture
    measured : dict of Dataset
        Written beside the PDF, so that every point can be looked up.
    """

    name: str
    facts: dict[str, Any]
    comparisons: list[Comparison] = field(default_factory=list)
    pictures: dict[str, Picture] = field(default_factory=dict)
    measured: dict[str, xr.Dataset] = field(default_factory=dict)


@dataclass(frozen=True)
class Chapter:
    """One heading of the report: its title, the label by which others refer to it, and the template of its words."""

    title: str
    label: str
    template: str


@dataclass(frozen=True)
class SectionSpec:
    """One section of the report, as it is listed in `reports.sections.all`.

    Attributes
    ----------
    name : str
        Of its folder under reports/sections, which holds the templates.
    words : tuple of Chapter
        Its headings in the report, in order.
    tasks : callable
        tasks(quick, seed, data) returns the simulations that the section asks for.
    report : callable
        report(results, quick) returns the section from {name: results} of itself and of what it needs.
    needs : tuple of str
        Names of the sections whose results it uses too.
    scan : dict
        Labels of those tasks that are a sweep by themselves: what `sim.open_sweep` and ``tailoff report --sweep`` find
        in the report's store.
    """

    name: str
    words: tuple[Chapter, ...]
    tasks: Callable[[bool, int, sim.Data], list[Task]]
    report: Callable[[Mapping[str, Results], bool], Section]
    needs: tuple[str, ...] = ()
    scan: Mapping[str, Any] = field(default_factory=dict, hash=False)


def in_order(specs: Sequence[SectionSpec]) -> list[SectionSpec]:
    """Return the sections so that each comes after those whose results it needs.

    Raises
    ------
    InvalidArgument
        If two have one name, one needs a section that is not there, or they need each other in a circle.
    """
    by_name = {spec.name: spec for spec in specs}
    if len(by_name) != len(specs):
        raise InvalidArgument(f"sections must have different names, got {[spec.name for spec in specs]}.")
    for spec in specs:
        missing = [name for name in spec.needs if name not in by_name]
        if missing:
            raise InvalidArgument(f"section {spec.name} needs {missing[0]}, which is not among {[*by_name]}. Add it.")
    try:
        return [by_name[name] for name in TopologicalSorter({s.name: s.needs for s in specs}).static_order()]
    except CycleError as circle:
        raise InvalidArgument(f"sections must not need each other in a circle, got {circle.args[1]}.") from circle
