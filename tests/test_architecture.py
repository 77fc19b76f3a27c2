"""The double-blind, and the few limits on size that keep the code readable."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {"theory": set(), "sim": {"theory.settings"}, "reports": {"theory", "sim"}}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            if node.module in ALLOWED:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def forbidden(path, package):
    for name in imports(path):
        root = name.split(".")[0]
        others = set(ALLOWED) - {package}
        if root in others and not any(name == ok or name.startswith(f"{ok}.") for ok in ALLOWED[package]):
            yield name


@pytest.mark.parametrize("package", ALLOWED)
def test_only_the_allowed_arrows(package):
    for path in (ROOT / package).rglob("*.py"):
        assert not list(forbidden(path, package)), path


def test_the_scan_sees_a_forbidden_arrow(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text(
        "from theory import equilibrium\nfrom theory.settings import positive\nimport theory.weight.transient\n"
    )
    assert set(forbidden(bad, "sim")) == {"theory", "theory.equilibrium", "theory.weight.transient"}
    assert set(forbidden(bad, "theory")) == set()


def test_the_reference_network_stays_readable():
    assert (ROOT / "sim" / "training" / "network.py").read_text().count("\n") < 150


def best_import_seconds(module):
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    return min(float(run.stdout) for run in runs)


def test_import_theory_is_fast():
    """Below 0.15 s on an idle machine; here against NumPy alone, so that a busy machine does not decide."""
    assert best_import_seconds("theory") < 3.5 * best_import_seconds("numpy")


def test_import_theory_leaves_the_heavy_libraries_alone():
    code = "import sys, theory; print([m for m in ('sympy', 'scipy', 'matplotlib', 'xarray') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


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


def test_the_readme_s_picture_is_the_tree():
    readme = (ROOT / "README.md").read_text().split("## Architecture")[1]
    picture = readme.split("```text\n")[1].split("```")[0]
    code = (path.parent for package in ALLOWED for path in (ROOT / package).rglob("__init__.py"))
    folders = {str(folder.relative_to(ROOT)) for folder in code}
    inside = {f for f in folders if f.startswith(("reports/sections/", "sim/data/", "theory/settings/"))}
    assert drawn(picture) == folders - inside | {"tests"}
