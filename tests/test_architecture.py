"""The double-blind as import-linter guards it, what an import loads, and the limits that keep the code readable.

That the contracts of pyproject.toml hold is proved by `make lint`; here, that they see what they should.
"""

import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("tailoff", "theory", "sim", "reports")
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint(tree):
    """Return what import-linter says of a tree."""
    code = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tree)!r}); {LINT}", "--no-cache", "--no-logo"]
    run = subprocess.run(code, cwd=tree, capture_output=True, text=True, check=False)
    assert "Contracts:" in run.stdout, run.stdout + run.stderr
    return run


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the Python files and their contracts."""
    copy = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            target = copy / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


@pytest.fixture(scope="module")
def as_it_is(tree):
    return lint(tree).stdout


@pytest.mark.parametrize(
    ("file", "line", "contract", "arrow"),
    [
        (
            "theory/weight/problem.py",
            "from sim.walks.walk import walk",
            "theory has seen neither a simulation nor a report",
            "theory.weight.problem -> sim.walks.walk",
        ),
        (
            "sim/walks/walk.py",
            "from theory.weight.problem import Problem",
            "sim has seen no prediction",
            "sim.walks.walk -> theory.weight.problem",
        ),
        (
            "sim/training/statistics.py",
            "import theory",
            "sim has seen no prediction",
            "sim.training.statistics -> theory",
        ),
        (
            "sim/estimates/fit.py",
            "if TYPE_CHECKING:\n    from theory.weight.problem import Problem",
            "sim has seen no prediction",
            "sim.estimates.fit -> theory.weight.problem",
        ),
        (
            "sim/committee/kernel.py",
            "from sim.committee.settings import OnlineSettings",
            "no circles, in any room",
            "No cycles are allowed in sim.committee.",
        ),
    ],
)
def test_the_contracts_see_a_forbidden_arrow(tree, as_it_is, file, line, contract, arrow):
    path = tree / file
    whole = path.read_text()
    head, rest = whole.split("from __future__ import annotations\n")
    path.write_text(f"{head}from __future__ import annotations\nfrom typing import TYPE_CHECKING\n{line}\n{rest}")
    try:
        planted = lint(tree)
    finally:
        path.write_text(whole)
    assert planted.returncode != 0
    assert any(said.startswith(contract) and "BROKEN" in said for said in planted.stdout.splitlines())
    assert arrow in planted.stdout
    assert arrow not in as_it_is


def test_the_reference_network_stays_readable():
    assert (ROOT / "sim" / "training" / "network.py").read_text().count("\n") < 150


def test_modules_are_short():
    """None above 300 lines, and half of them below 130."""
    lines = {
        path: path.read_text().count("\n")
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert {str(path): count for path, count in lines.items() if count > 300} == {}
    assert statistics.median(lines.values()) < 130


def printed(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def best_import_seconds(module):
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return min(float(printed(code)) for _ in range(5))


def test_import_theory_is_fast():
    """Below 0.15 s on an idle machine; here against NumPy alone, so that a busy machine does not decide."""
    assert best_import_seconds("theory") < 3.5 * best_import_seconds("numpy")


def test_import_theory_leaves_the_heavy_libraries_alone():
    code = "import sys, theory; print([m for m in ('sympy', 'scipy', 'matplotlib', 'xarray') if m in sys.modules])"
    assert printed(code) == "[]"


def test_sim_loads_settings_and_errors_alone_of_theory():
    """All that it offers is touched, and with it every module behind."""
    code = "import sys, sim; [getattr(sim, name) for name in sim.__all__]; print(*sys.modules)"
    loaded = {name for name in printed(code).split() if name.split(".")[0] == "theory"}
    assert {"theory", "theory.settings", "theory.errors"} <= loaded
    assert {name for name in loaded - {"theory", "theory.errors"} if not name.startswith("theory.settings")} == set()


def drawn(picture):
    """The folders of a picture: two spaces of indentation a level, a name that ends in a slash, what is in it."""
    above, folders = [], set()
    for line in picture.splitlines():
        name = line.split()[0]
        assert name.endswith("/"), line
        assert len(line.split()) > 1, line
        depth = (len(line) - len(line.lstrip())) // 2
        above = [*above[:depth], name.rstrip("/")]
        folders.add("/".join(above))
    return folders


def test_the_picture_of_the_architecture_is_the_tree():
    page = (ROOT / "docs" / "architecture.md").read_text()
    picture = page.split("```text\n")[1].split("```")[0]
    code = (path.parent for package in PACKAGES for path in (ROOT / package).rglob("__init__.py"))
    folders = {str(folder.relative_to(ROOT)) for folder in code}
    inside = {f for f in folders if f.startswith(("reports/sections/", "sim/data/", "theory/settings/"))}
    assert drawn(picture) == folders - inside | {"tests"}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_the_paths_that_are_named_exist(name):
    text = (ROOT / name).read_text()
    named = re.findall(r"(?:tests|theory|reports)/[a-z_/]+\.pyi?", text) + re.findall(r"\]\(([^)#:]+)\)", text)
    assert len(named) > 5
    assert [path for path in named if not (ROOT / path).is_file()] == []
