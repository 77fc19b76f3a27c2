"""Answers for people stay within 80 columns; answers for programs are plain."""

import json

import pytest

ANSWERS = [
    "equilibrium 50000 5 0.1 --start 1 --batch-size 10",
    "equilibrium 50000 500 0.001 --optimizer adamw --batch-size 128",
    "trajectory --lr 3e-4 --weight-decay 0.1 --optimizer adamw --schedule cosine --warmup 1000 --steps 2000",
    "decay-for --lr 1e-3 --scale 0.02 --optimizer adamw",
    "rescale 50000 500 0.001 --batch-size 128 --to-batch-size 512 --optimizer adamw",
    "translate 0.1 --source torch.AdamW --target tfa.AdamW --lr 1e-3",
    "translate",
    "derive --correlated",
    "walk 100 20 0.5 --weights 64 --steps 1280",
    "teacher-student",
]


@pytest.mark.parametrize("words", ANSWERS)
def test_lines_end_at_80_columns(tailoff, words):
    code, out, _ = tailoff(*words.split())
    assert code == 0
    assert [line for line in out.splitlines() if len(line) > 80] == []


def test_what_goes_on_stands_under_what_it_belongs_to(tailoff):
    lines = tailoff("equilibrium", 50000, 5, 0.1)[1].splitlines()
    (at,) = (i for i, line in enumerate(lines) if line.startswith("optimizer "))
    assert lines[at + 1].startswith(" " * 17)
    assert lines[at + 1][17] != " "


def test_derive_json_has_plain_words(tailoff):
    steps = json.loads(tailoff("derive", "--correlated", "--json")[1])["steps"]
    assert not any(mark in step["reason"] for step in steps for mark in ("$", "\\"))
    assert "1 - a^2" in " ".join(step["reason"] for step in steps)


def test_a_typesetter_gets_its_lines_whole(tailoff):
    assert "$sigma$" in tailoff("derive", "--correlated", "--format", "typst")[1]
