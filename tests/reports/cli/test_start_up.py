"""What the command imports before it answers: no more than the answer needs."""

import os
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "tailoff"]
NEVER = {"scipy", "numba", "matplotlib", "xarray", "pandas", "h5py", "typst", "rich.progress", "numpy.f2py", "unittest"}
CASES = {
    "help": (["--help"], NEVER | {"sympy"}, 0.75),
    "help of a command": (["equilibrium", "--help"], NEVER | {"sympy"}, 0.9),
    "equilibrium": (["equilibrium", "50000", "5", "0.1", "--start", "1"], NEVER, 2.0),
}  # words, what they must not import, and how much processor time they may take in units of the libraries' own


def imported(words):
    """What a command imports, by name, as -X importtime tells it."""
    command = [COMMAND[0], "-X", "importtime", *COMMAND[1:], *words]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return {line.split("|")[-1].strip() for line in said.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize(("words", "forbidden"), [case[:2] for case in CASES.values()], ids=list(CASES))
def test_nothing_is_imported_in_vain(words, forbidden):
    loaded = imported(words)
    assert "typer" in loaded
    assert loaded & forbidden == set()


def test_the_forbidden_would_be_seen():
    loaded = imported(["derive"])
    assert "sympy" in loaded
    assert "theory.algebra.proof" in loaded


def processor_seconds(command):
    before = os.times()
    subprocess.run(command, capture_output=True, check=True)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


@pytest.mark.parametrize(("words", "share"), [case[::2] for case in CASES.values()], ids=list(CASES))
def test_it_answers_soon(words, share):
    """Under 0.4 s (help) and 0.8 s (equilibrium) on an idle core; here against the libraries, whose core it shares."""
    libraries = min(processor_seconds([sys.executable, "-c", "import numpy, sympy, typer"]) for _ in range(3))
    assert min(processor_seconds([*COMMAND, *words]) for _ in range(3)) < share * libraries
