"""What surrounds the code says what the code does: continuous integration, hooks, templates, what a package shows."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def test_every_target_of_ci_exists():
    called = re.findall(r"^make ([a-z-]+)", text(".ci/run"), re.MULTILINE)
    assert {"lint", "report", "test", "package"} <= set(called)
    assert [target for target in called if not re.search(rf"^{target}:", text("Makefile"), re.MULTILINE)] == []


def test_the_forge_calls_it_on_each_python_from_the_oldest_on():
    workflow = text(".github/workflows/ci.yml")
    assert "- run: .ci/run" in workflow
    pythons = re.findall(r'"(3\.\d+)"', workflow)
    assert pythons[0] == re.search(r'requires-python = ">=(3\.\d+)"', text("pyproject.toml"))[1]
    assert len(pythons) >= 3


def test_the_hook_runs_make_lint():
    assert "entry: make lint" in text(".pre-commit-config.yaml")


def test_a_bug_report_asks_for_the_doctor():
    assert "tailoff doctor" in text(".github/ISSUE_TEMPLATE/bug.yml")
    assert "tailoff doctor" in text("CONTRIBUTING.md")


def test_the_vision_is_three_lines():
    assert len(text("VISION.md").splitlines()) == 3


@pytest.fixture
def shown_anywhere(monkeypatch):
    pytest.importorskip("hatchling")
    monkeypatch.syspath_prepend(str(ROOT))
    sys.modules.pop("hatch_build", None)
    from hatch_build import shown_anywhere

    return shown_anywhere


def test_a_package_index_shows_no_dead_picture(shown_anywhere):
    shown = shown_anywhere(text("README.md"))
    assert re.findall(r"\]\((?!https?:|#)[^)]*\)", shown) == []
    assert "*Figure: rms of the weights" in shown
    assert shown_anywhere("[a](https://b.c) ![d](https://e.f/g.svg) [h](#i)") == (
        "[a](https://b.c) ![d](https://e.f/g.svg) [h](#i)"
    )
