"""The Python of a page, block after block as a reader runs it, beside the output that the page shows."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"^(?:<!-- needs: (?P<needs>\w+) -->\n)?"
    r"```(?:python|\{eval-rst\}\n\.\. plot::\n(?: +:[^\n]*\n)*)\n(?P<code>.*?)^```\n"
    r"(?:\n```text\n(?P<shown>.*?)^```)?",
    re.MULTILINE | re.DOTALL,
)
OPTIONS = doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """Code, the output that the page shows (None if it shows none), and the module without which it cannot run."""

    code: str
    shown: str | None
    needs: str | None

    @property
    def can_run(self) -> bool:
        return self.needs is None or find_spec(self.needs) is not None


def blocks(page: Path) -> list[Block]:
    """Return a page's blocks of Python, those of its figures too."""
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [Block(dedent(m["code"]), m["shown"], m["needs"]) for m in found]


def run(page: Path) -> list[tuple[Block, str]]:
    """Run a page's blocks in one namespace; return each that can run with what it printed."""
    names: dict[str, object] = {"__name__": page.stem}
    printed = []
    for number, block in enumerate(blocks(page), 1):
        if block.can_run:
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile(block.code, f"{page.name}, block {number}", "exec", dont_inherit=True), names)
            printed.append((block, output.getvalue()))
    return printed


def differs(block: Block, output: str) -> str | None:
    """Return what differs between the output that the page shows and the one that came; None if nothing does."""
    shown = block.shown or ""
    checker, example = doctest.OutputChecker(), doctest.Example(block.code, shown)
    return None if checker.check_output(shown, output, OPTIONS) else checker.output_difference(example, output, OPTIONS)
