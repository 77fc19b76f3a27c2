"""The README's Python runs as it stands, each block alone, and prints the numbers that the README says it prints."""

import contextlib
import importlib.util
import io
import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.slow  # networks are trained


@pytest.fixture(scope="module")
def printed():
    """What each block prints to a reader who runs it alone, by its code."""
    printed = {}
    for number, code in enumerate(BLOCKS):
        if re.search(r"^(import|from) .*torch", code, re.MULTILINE) and not importlib.util.find_spec("torch"):
            continue  # it reads a live optimizer of torch
        if "tcp://host" in code:
            continue  # it needs a cluster: tests/sim/sweeps/test_cluster.py makes one
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(code, f"README.md, block {number}", "exec"), {"__name__": f"readme_{number}"})
        printed[code] = output.getvalue()
    return printed


def of(printed, words):
    """What the block with these words has printed."""
    (output,) = (output for code, output in printed.items() if words in code)
    return output


def numbers(text):
    return [float(number) for number in re.findall(r"[-+]?\d+\.\d+(?:e[-+]?\d+)?", text)]


def test_every_block_prints(printed):
    assert len(printed) >= len(BLOCKS) - 2
    assert all(printed.values())


def test_the_numbers_in_its_comments(printed):
    ten_lines = of(printed, "theory.derive().check()")
    for number in re.search(r"# scale (\S+), relaxation time (\S+) steps", README).groups():
        assert number in ten_lines
    layer = of(printed, "theory.norm_balance(")
    said = re.search(r"# (0\.\d+) and (0\.\d+)\n", README).groups()
    assert [f"{number:.4f}" for number in numbers(layer)[:2]] == list(said)
    (critical,) = re.search(r"# (\d+): above it no weight survives", README).groups()
    assert f"{numbers(of(printed, 'theory.critical_decay('))[-1]:.0f}" == critical


def test_the_numbers_below_the_network(printed):
    said = re.search(r"^prints `(.*?)` and `(.*?)`\.", README, re.MULTILINE).groups()
    assert numbers(of(printed, "theory.teacher_student(")) == pytest.approx(numbers(" ".join(said)), rel=1e-9)


def test_prediction_and_simulation_of_an_optimizer_of_ones_own(printed):
    measured, predicted = map(float, of(printed, "class DampedRule").splitlines()[-1].split())
    assert measured == pytest.approx(predicted, rel=0.01)
