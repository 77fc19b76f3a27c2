"""Every page of the site runs as it stands, and prints what it shows; its commands are commands."""

import re

import matplotlib.pyplot as plt
import pytest
from typer.testing import CliRunner

from reports.cli.app import app
from tests.docs.pages import BLOCK, ROOT, Block, blocks, differs, run

PAGES = [page for page in sorted((ROOT / "docs").rglob("*.md")) if BLOCK.search(page.read_text(encoding="utf-8"))]
SLOW = ("tutorial", "nonlinear-network", "add-an-optimizer")  # networks are trained
COMMAND = re.compile(r"^tailoff (\S+)[^\n]*", re.MULTILINE)


@pytest.fixture
def among_the_examples(monkeypatch):
    """Where `your_run.csv` lies, and nothing opens a window."""
    monkeypatch.chdir(ROOT / "examples")
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] * (page.stem in SLOW), id=page.stem) for page in PAGES]
)
@pytest.mark.usefixtures("among_the_examples")
def test_a_page_prints_what_it_shows(page):
    for block, output in run(page):
        assert differs(block, output) is None, differs(block, output)


def test_the_pages_that_show_code_are_there():
    assert {"index", "tutorial", "choose-a-decay", "move-a-recipe", "read-your-own-run"} <= {
        page.stem for page in PAGES
    }
    assert sum(len(blocks(page)) for page in PAGES) > 20


def test_another_output_is_seen():
    block = Block("print(0.5)", "0.5\n", None)
    assert differs(block, "0.5\n") is None
    assert "Expected" in differs(block, "0.6\n")
    assert "Expected" in differs(Block("print(1)", None, None), "1\n")


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.stem)
def test_every_command_is_there(page):
    text = "\n".join(re.findall(r"^```sh\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
    for command in {match[1] for match in COMMAND.finditer(text)}:
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0, command
