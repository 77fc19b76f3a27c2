"""From sections to a PDF: data and figures go into a folder with the Typst templates, and Typst sets it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import typst

from reports.document.numbers import as_json
from reports.document.section import Section, SectionSpec
from sim.machinery.saving import work_folder

__all__ = ["typeset"]


def typeset(
    specs: Sequence[SectionSpec], sections: Sequence[Section], header: dict[str, Any], main: str = "report.typ"
) -> bytes:
    """Return a report as a tagged PDF.

    Parameters
    ----------
    specs : sequence of SectionSpec
        In the order of the report: headings and words follow from them.
    sections : sequence of Section
        The content of each, in any order.
    header : dict
        Version, seed, whether this is the quick version, name of the data and number of validation images.
    main : str
        The template that the document begins with.

    Returns
    -------
    bytes
        The same bytes for the same content: no dates, no system fonts.
    """
    with work_folder() as folder:
        for template in _templates(specs):
            (folder / template.name).write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        for section in sections:
            for key, picture in section.pictures.items():
                (folder / f"{section.name}-{key}.svg").write_bytes(picture.svg)
        content = header | {
            "sections": {s.name: _for_template(s) for s in sections},
            "chapters": [asdict(chapter) for spec in specs for chapter in spec.words],
        }
        (folder / "data.json").write_text(as_json(content), encoding="utf-8")
        return bytes(typst.compile(str(folder / main), root=str(folder), ignore_system_fonts=True))


def _for_template(section: Section) -> dict[str, Any]:
    return {"facts": section.facts, "pictures": {key: picture.alt for key, picture in section.pictures.items()}}


def _templates(specs: Sequence[SectionSpec]) -> Iterator[Traversable]:
    """Yield the words of the report: what all sections share, and the files of each section's folder."""
    reports = files("reports")
    for room in (reports / "document" / "templates", *(reports / "sections" / spec.name for spec in specs)):
        yield from (file for file in room.iterdir() if file.name.endswith((".typ", ".yml")))
