"""Damaged results and checkpoints end in one error that names the file: no other exception, no hang, no memory."""

import json
import subprocess
import sys

import pytest

GIGABYTE = 2**30


def survey(count, seed):
    command = [sys.executable, "-m", "tests.faults.mutate", str(count), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def check(found):
    assert found["raised"] == []
    assert found["slowest"] < 5
    assert found["peak"] < GIGABYTE
    assert found["refused"] > found["loaded"]


def test_hundreds_of_damaged_files():
    check(survey(300, 1))


@pytest.mark.slow
def test_ten_thousand_damaged_files():
    check(survey(10_000, 2))
