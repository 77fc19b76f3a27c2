"""The directive `conventions`: how each framework applies weight decay, a table printed from `theory.conventions`."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import theory

__all__ = ["setup"]

HEADS = {"framework": 30, "kind": 13, "taken per step": 17, "read in": 40}  # and the widths of the columns


def _row(cells: list[nodes.Node]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


class ConventionsDirective(SphinxDirective):
    """A table with a row for each convention."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in HEADS.values()), cols=len(HEADS))
        group += nodes.thead("", _row([nodes.Text(head) for head in HEADS]))
        group += nodes.tbody("", *(self._of(row) for row in theory.conventions.values()))
        return [nodes.table("", group, classes=["conventions", "colwidths-given"])]

    @staticmethod
    def _of(row: Any) -> nodes.row:
        source = ". ".join(filter(None, [row.source + ("" if row.verified else " (not verified)"), row.note]))
        name, formula = nodes.literal(text=row.name), nodes.literal(text=row.formula)
        return _row([name, nodes.Text(row.kind), formula, nodes.Text(source)])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("conventions", ConventionsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
