"""The README's Python runs as it stands, and prints the numbers that the README says it prints."""

import contextlib
import re

import matplotlib.pyplot as plt
import pytest

from tests.docs.pages import ROOT, run

README = ROOT / "README.md"


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What the README's blocks print, by their code, in a folder of their own."""
    plt.switch_backend("agg")
    with contextlib.chdir(tmp_path_factory.mktemp("readme")):
        printed = {block.code: output for block, output in run(README)}
    plt.close("all")
    return printed


def of(printed, words):
    (output,) = (output for code, output in printed.items() if words in code)
    return output


def test_the_numbers_in_its_comments(printed):
    ten_lines = of(printed, "theory.derive().check()")
    for number in re.search(r"# scale (\S+), relaxation time (\S+) steps", README.read_text(encoding="utf-8")).groups():
        assert number in ten_lines


def test_the_grid_is_run(printed):
    assert of(printed, 'store="out/walks"').count("done") == 6


def test_it_fits_two_screens():
    assert README.read_text(encoding="utf-8").count("\n") < 140
