"""The directive `derivation`: a chain of equations printed from the object that proves it, with what it assumes.

In reStructuredText; the argument names a module of `theory` and, after a space, what makes the object there::

    .. derivation:: theory.weight.derivations.plain derive_plain(correlated=True)

The module's docstring states the law and its assumptions, and comes first.
"""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any, ClassVar

import typst
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

__all__ = ["derived", "html", "setup"]

ELSEWHERE = re.compile(r"Assumptions,\s+range\s+and\s+references(?::|\s+are)\s+those\s+of\s+`([\w.]+)`\.")
HEADING = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)


def html(source: str) -> str:
    """Return Typst markup as HTML with MathML, both written by Typst itself.

    Examples
    --------
    >>> "<math>" in html("$a = 1 - x$")
    True
    """
    whole = typst.compile(source.encode(), format="html").decode()
    found = re.search(r"<body>(.*)</body>", whole, re.DOTALL)
    return found[1] if found else ""


def derived(argument: str) -> tuple[str, Any]:
    """Return what a module assumes and the derivation that the call makes in it.

    What is assumed is the module's docstring without its title, followed by that of the module to which it refers.
    """
    name, _, call = argument.partition(" ")
    module = importlib.import_module(name)
    said = (inspect.getdoc(module) or "").partition("\n")[2]
    if elsewhere := ELSEWHERE.search(said):
        law = inspect.getdoc(importlib.import_module(elsewhere[1])) or ""
        said = f"{law.partition(chr(10))[2]}\n\n.. rubric:: The derivation\n\n{ELSEWHERE.sub('', said)}"
    return said, eval(call, vars(module))  # the site's own sources


class DerivationDirective(SphinxDirective):
    """Law, assumptions and references from the docstring, then the chain, equation by equation."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = False
    option_spec: ClassVar[dict[str, Any]] = {"alone": lambda _: True}  # without the docstring

    def run(self) -> list[nodes.Node]:
        """Return the nodes of docstring and chain."""
        said, derivation = derived(self.arguments[0])
        self.env.note_dependency(inspect.getsourcefile(derived) or "")  # read again if this file changes
        above = nodes.container()
        if "alone" not in self.options:
            lines = HEADING.sub(r".. rubric:: \1\n", said).splitlines()
            self.state.nested_parse(StringList(lines, source=self.arguments[0]), 0, above)
        steps = "\n".join(f'#html.elem("li")[{step}]' for step in derivation.typst().split("\n\n"))
        chain = nodes.raw("", f'<ol class="derivation">\n{html(steps)}\n</ol>', format="html")
        module, _, call = self.arguments[0].partition(" ")
        self.env.note_dependency(inspect.getsourcefile(importlib.import_module(module)) or "")
        printed = f"from {module} import {call.partition('(')[0]}\nprint({call}.check())"
        return [*above.children, chain, nodes.literal_block(printed, printed, language="python")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("derivation", DerivationDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
