"""A derivation travels between processes, and is as provable there as here."""

import dataclasses
import pickle
import subprocess
import sys

import pytest

import theory
from theory.layer.budget import derive_norm_balance
from theory.layer.rotation_derivation import derive_rotation


@pytest.mark.parametrize(
    "made",
    [
        lambda: theory.derive(correlated=True),
        lambda: theory.derive(theory.SGD(0.9, nesterov=True, dampening=0.0)),
        theory.derive_envelope,
        derive_norm_balance,
        derive_rotation,
    ],
)
def test_a_derivation_is_pickled(made):
    assert pickle.loads(pickle.dumps(made())) is made()


def test_it_is_proved_in_another_process():
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer).check().result)"
    sent = pickle.dumps(theory.derive())
    done = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=True)
    assert done.stdout.decode().strip() == str(theory.derive().result)


def test_a_changed_copy_does_not_come_back_as_the_original():
    changed = dataclasses.replace(theory.derive(), steps=theory.derive().steps[:2])
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(changed)


def test_its_words_have_no_marks_of_typst():
    for derivation in (theory.derive(correlated=True), derive_norm_balance(), theory.derive_envelope()):
        said = [step.words for step in derivation.steps]
        assert not any(mark in words for words in said for mark in ("$", "\\", "->"))
        assert max(map(len, str(derivation).splitlines())) < 160
