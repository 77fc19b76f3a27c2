"""What a report keeps: results and sections come back as they were, and nothing is done twice."""

import numpy as np
import pytest
import xarray as xr

import sim
from reports.comparison import Comparison
from reports.document import kept as module
from reports.document.kept import Kept, point_of
from reports.document.section import Picture, Results, Section, SectionSpec, Task
from sim.sweeps.store import opened_store
from tests.sim.sweeps import toys

FACTS = {"scale": 0.1 + 0.2, "rows": [{"z": -1.5, "verdict": "agrees"}], "verdicts": {"holds": True}, "none": None}
MEASURED = xr.Dataset({"a": ("x", np.arange(5.0))}, attrs={"lam": 5.0})


def tasks():
    return [
        Task({"experiment": "lam", "lam": lam}, toys.scale, {"lam": lam, "eta": 0.5, "seed": 1}, 1.0, "toys")
        for lam in (1.0, 2.0)
    ]


@pytest.fixture
def spec():
    calls = []

    def report(results, quick):
        calls.append(quick)
        comparison = Comparison("scale", 1.0, float(results["one"].one(lam=2.0).scale), 0.01, accuracy=0.02)
        return Section("one", FACTS, [comparison], {"p": Picture(b"<svg>\xc2\xb1</svg>", "a picture")}, {"m": MEASURED})

    return SectionSpec("one", (), lambda *_: tasks(), report, scan={"experiment": "lam"}), calls


def test_a_section_is_written_up_once_and_comes_back_as_it_was(spec, tmp_path):
    section, calls = spec
    made = tasks()
    with opened_store(tmp_path) as store:
        kept = Kept(store, {"one": made}, quick=True)
        assert kept.written(section) is None
        results = Results(tuple((task.labels, kept.run(task)) for task in made))
        first = kept.write_up(section, {"one": results})
    again = tasks()
    with opened_store(tmp_path) as store:
        kept = Kept(store, {"one": again}, quick=True)
        assert kept.find(again[0]).identical(results.one(lam=1.0))
        assert kept.written(section) == first
        assert Kept(store, {"one": again}, quick=False).written(section) is None
        assert Kept(store, {"one": again[:1]}, quick=True).written(section) is None
    assert calls == [True]
    assert first.section.facts == FACTS
    assert first.section.pictures["p"].svg.decode() == "<svg>±</svg>"
    assert (first.section.comparisons[0].measured, first.section.comparisons[0].accuracy) == (1.0, 0.02)
    (tmp_path / "m.nc").write_bytes(first.files["m"])
    assert sim.load(tmp_path / "m.nc").identical(MEASURED)


def test_the_scan_of_a_report_is_a_sweep(spec, tmp_path):
    made = tasks()
    with opened_store(tmp_path) as store:
        kept = Kept(store, {"one": made}, quick=True)
        kept.record_scan(spec[0])
        for task in made:
            kept.run(task)
    with sim.open_sweep(tmp_path) as scan:
        assert scan.lam.values.tolist() == [1.0, 2.0]
        assert scan.scale.values.tolist() == [0.5, 1.0]
        assert scan.attrs["eta"] == 0.5


def test_a_task_whose_module_uses_theory_is_another_when_theory_is(monkeypatch):
    task = tasks()[0]
    before = point_of(task).key
    monkeypatch.setattr(toys, "theory", object(), raising=False)
    uses = point_of(task).key
    assert uses != before
    monkeypatch.setattr(module, "code_of", lambda *_: "another")
    assert point_of(task).key not in {before, uses}
