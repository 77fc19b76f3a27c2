"""Sections that were written up before: their numbers, figures and files as a point of the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np
import xarray as xr

from reports.comparison import Comparison
from reports.document.section import Picture, Section
from sim.machinery.provenance import versions
from sim.machinery.saving import sealed_netcdf
from sim.sweeps.description import digest
from sim.sweeps.plan import Point

__all__ = ["Written", "code_of", "version_of_words", "written_point"]

LIBRARIES = ("matplotlib", "sympy", "xarray")  # they decide figures, laws and files, beside those of a simulation


@dataclass(frozen=True)
class Written:
    """A section without its measured data, and these as the bytes of the files beside the PDF, by name."""

    section: Section
    files: dict[str, bytes]

    @classmethod
    def of(cls, section: Section) -> Written:
        """Return a section that has just been written up."""
        measured = {name: b"".join(map(bytes, sealed_netcdf(data))) for name, data in section.measured.items()}
        return cls(replace(section, measured={}), measured)

    def as_dataset(self) -> xr.Dataset:
        """Return it as the store can keep it: texts, and the bytes of the files."""
        one = self.section
        content = {
            "name": one.name, "facts": one.facts, "comparisons": [asdict(c) for c in one.comparisons],
            "pictures": {key: [picture.svg.decode(), picture.alt] for key, picture in one.pictures.items()},
            "files": [*self.files],
        }  # fmt: skip
        arrays: dict[Any, Any] = {"content": _bytes("content", json.dumps(content).encode())}
        for number, whole in enumerate(self.files.values()):
            arrays[f"file_{number}"] = _bytes(f"file_{number}", whole)
        return xr.Dataset(arrays)

    @classmethod
    def from_dataset(cls, kept: xr.Dataset) -> Written:
        """Return what `as_dataset` made a Dataset of."""
        content = json.loads(kept["content"].values.tobytes())
        pictures = {key: Picture(svg.encode(), alt) for key, (svg, alt) in content["pictures"].items()}
        comparisons = [Comparison(**numbers) for numbers in content["comparisons"]]
        section = Section(content["name"], content["facts"], comparisons, pictures)
        return cls(section, {name: kept[f"file_{i}"].values.tobytes() for i, name in enumerate(content["files"])})


def written_point(name: str, quick: bool, keys: Sequence[bytes]) -> Point:
    """Return the point of a section: it follows from the results that it is given, and from all of our code.

    Parameters
    ----------
    name : str
    quick : bool
    keys : sequence of bytes
        Of the simulations, in order.
    """
    base = digest("section", name, str(quick), *keys)
    return Point({}, digest(base, version_of_words()), base)


@cache
def version_of_words() -> str:
    """Return the version of all that makes a section of results: the releases, and every line of theory and reports."""
    libraries = (f"{name} {version(name)}" for name in LIBRARIES)
    return f"{versions()}, {', '.join(libraries)}, code {code_of('theory', 'reports')}"


@cache
def code_of(*packages: str) -> str:
    """Return a hash of every line of some packages."""
    content = sha256()
    for package in packages:
        for text in _modules(files(package)):
            content.update(text)
    return content.hexdigest()[:16]


def _modules(room: Traversable) -> Iterator[bytes]:
    for found in sorted(room.iterdir(), key=lambda found: found.name):
        if found.is_dir():
            yield from _modules(found)
        elif found.name.endswith(".py"):
            yield b"%s %s " % (found.name.encode(), sha256(found.read_bytes()).digest())


def _bytes(name: str, whole: bytes) -> tuple[str, np.ndarray]:
    return f"byte_of_{name}", np.frombuffer(whole, np.uint8)
