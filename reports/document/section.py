"""What a section of the report is made of, and the work that has to be done before it can be written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import xarray as xr

from reports.comparison import Comparison

__all__ = ["Picture", "Section", "Task"]


@dataclass(frozen=True)
class Task:
    """One independent piece of simulation.

    Attributes
    ----------
    key : str
        Names the result.
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

    key: str
    run: Callable[..., xr.Dataset]
    arguments: dict[str, Any]
    cost: float
    what: str
    ticks: int = 0


@dataclass(frozen=True)
class Picture:
    """A figure as SVG, and its description in words for those who cannot see it."""

    svg: bytes
    alt: str


@dataclass(frozen=True)
class Section:
    """The content of one section; its words are in the template of the same name.

    Attributes
    ----------
    name : str
    facts : dict
        What the template's sentences quote: numbers, strings, lists (of JSON types).
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
