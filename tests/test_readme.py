"""The README's Python runs as it stands, and prints the numbers that the README says it prints."""

import re

import matplotlib.pyplot as plt
import pytest

from tests.docs.pages import ROOT, run

README = ROOT / "README.md"


@pytest.fixture(scope="module")
def printed():
    """What the README's one block prints."""
    plt.switch_backend("agg")
    ((_, output),) = run(README)
    plt.close("all")
    return output


def test_the_numbers_in_its_comments(printed):
    for number in re.search(r"# scale (\S+), relaxation time (\S+) steps", README.read_text(encoding="utf-8")).groups():
        assert number in printed


def test_it_fits_one_screen_and_a_half():
    assert README.read_text(encoding="utf-8").count("\n") < 100
