"""A module of the user's own in the way is named in one clear error."""

import subprocess
import sys

import pytest


def run_in(folder, *words):
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("sim", "import reports"),
        ("sim", "from tailoff import theory"),
        ("theory", "import sim"),
        ("reports", "import tailoff; tailoff.reports"),
    ],
)
def test_a_module_in_the_way_is_named(tmp_path, name, code):
    (tmp_path / f"{name}.py").write_text("")
    said = run_in(tmp_path, "-c", code).stderr.splitlines()[-1]
    assert said.startswith(f"ImportError: tailoff needs its own package '{name}', and Python finds {tmp_path}")
    assert said.endswith("Rename that file or folder, or run from another folder.")


def test_so_is_a_folder(tmp_path):
    (tmp_path / "sim").mkdir()
    (tmp_path / "sim" / "__init__.py").write_text("")
    assert f"Python finds {tmp_path}" in run_in(tmp_path, "-c", "import reports").stderr


def test_the_command_says_it_in_one_line(tmp_path):
    (tmp_path / "sim.py").write_text("")
    done = run_in(tmp_path, "-m", "tailoff", "--version")
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: tailoff needs its own package 'sim'")


def test_other_names_do_not_matter(tmp_path):
    (tmp_path / "simulation.py").write_text("")
    (tmp_path / "reports").mkdir()  # a folder without __init__.py comes after every package
    done = run_in(tmp_path, "-m", "tailoff", "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("tailoff ")
