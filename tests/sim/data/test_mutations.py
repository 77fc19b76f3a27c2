"""Damaged files end in one `DataError` that names the file: no other exception, no hang, no memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sim import DataError
from tests.sim.data import mutate

GIGABYTE = 2**30


def check(found):
    assert found["raised"] == []
    assert found["slowest"] < 5
    assert found["peak"] < GIGABYTE
    assert found["refused"] > found["loaded"] > 0  # damage to a pixel is not seen, damage elsewhere is


def survey(count, seed):
    command = [sys.executable, str(Path(mutate.__file__)), str(count), str(seed)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_hundreds_of_damaged_files():
    check(survey(600, 1))


@pytest.mark.slow
def test_ten_thousand_damaged_files():
    check(survey(10_000, 2))


def test_the_survey_sees_what_it_looks_for():
    def careless(path):
        if path.suffix == ".csv":
            raise KeyError(path)
        raise DataError("no file named")

    found = mutate.survey(30, 1, careless)
    assert len(found["raised"]) == 30
    with pytest.raises(AssertionError):
        check(found)
