"""What the report is built from: sections that are listed with their words, needs that are met, labelled tasks."""

import ast
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import sim
from reports.document.section import Results, in_order
from reports.sections.all import SECTIONS
from theory import InvalidArgument

REPORTS = Path(str(files("reports")))
FOLDERS = {path.parent.name for path in (REPORTS / "sections").glob("*/__init__.py")}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return sim.Data(rng.random((140, 6)), rng.integers(0, 3, 140), (100, 20, 20))


def test_every_folder_is_a_section_and_has_its_words():
    assert {spec.name for spec in SECTIONS} == FOLDERS
    for spec in SECTIONS:
        folder = REPORTS / "sections" / spec.name
        assert spec.words
        named = {chapter.template for chapter in spec.words}
        for template in named:
            assert (folder / template).stat().st_size > 0
        included = {word for name in named for word in (folder / name).read_text().split('"') if word.endswith(".typ")}
        assert {path.name for path in folder.glob("*.typ")} <= named | included


def test_headings_and_templates_are_each_named_once():
    chapters = [chapter for spec in SECTIONS for chapter in spec.words]
    for name in ("title", "label", "template"):
        assert len({getattr(chapter, name) for chapter in chapters}) == len(chapters)


@pytest.mark.parametrize("quick", [True, False])
def test_labels_tell_the_tasks_of_a_section_apart(quick, data):
    for spec in SECTIONS:
        labels = [frozenset(task.labels.items()) for task in spec.tasks(quick, 1, data)]
        assert len(set(labels)) == len(labels) > 0, spec.name


def test_networks_fit_the_data(data):
    sizes = {t.arguments["sizes"] for s in SECTIONS for t in s.tasks(False, 1, data) if "sizes" in t.arguments}
    assert sizes == {(6, hidden, 3) for hidden in (10, 30, 90, 100, 270)}


def test_order_follows_the_needs():
    ordered = in_order(SECTIONS[::-1])
    assert set(ordered) == set(SECTIONS)
    for place, spec in enumerate(ordered):
        assert set(spec.needs) <= {before.name for before in ordered[:place]}


def test_needs_that_cannot_be_met_are_refused():
    one, two, *_ = SECTIONS
    with pytest.raises(InvalidArgument, match="needs nowhere, which is not among"):
        in_order([replace(one, needs=("nowhere",))])
    with pytest.raises(InvalidArgument, match="in a circle"):
        in_order([replace(one, needs=(two.name,)), replace(two, needs=(one.name,))])
    with pytest.raises(InvalidArgument, match="different names"):
        in_order([one, one])


def test_results_are_found_by_their_labels():
    results = Results(tuple(({"lam": lam, "init": init}, xr.Dataset()) for lam in (5, 12) for init in ("a", "b")))
    assert len(results.where(lam=5)) == 2
    assert results.one(lam=5, init="b") is results.datasets[1]
    for labels in ({"lam": 5}, {"lam": 7}):
        with pytest.raises(LookupError, match="exactly one was meant"):
            results.one(**labels)


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module


def test_commands_and_sections_share_only_what_is_in_runs():
    for room, other in (("cli", "reports.sections"), ("sections", "reports.cli"), ("runs", "reports.cli")):
        for path in (REPORTS / room).rglob("*.py"):
            assert not [name for name in imported(path) if name.startswith(other)], path
