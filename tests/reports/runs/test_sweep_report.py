"""The report of a sweep: each simulation beside its law, lines or a map, and what cannot be drawn."""

import numpy as np
import pytest
import xarray as xr

import sim
from reports.document.numbers import read_json
from reports.runs.compared import LAWS, scales_of
from reports.runs.sweep_axes import axes_of
from reports.runs.sweep_report import report_sweep
from sim.sweeps.description import name_of
from tests.sim.sweeps import toys
from theory import OnlineRule, Overlaps
from theory.settings import InvalidArgument

WALKS = {"n": 100.0, "weights": 400, "steps": 6400}
RULE, START = OnlineRule(eta=0.5, gamma=0.02, sigma=0.3), Overlaps(Q=400.0, R=0.0, T=1.0)


def runs():
    rng = np.random.default_rng(0)
    data = sim.Data(rng.random((100, 6)), rng.integers(0, 3, 100), (60, 20, 20), "toy")
    train = {"sizes": (6, 4, 3), "lam": 5.0, "epochs": 20, "replicas": 3, "batch_size": 6}
    sphere = {"dimension": 240, "grad_sq": 239.0, "vectors": 20, "steps": 1200}
    return {
        sim.walk: sim.walk(lam=20.0, eta=0.5, **WALKS),
        sim.sphere: sim.sphere(100.0, 2.3, 0.5, **sphere),
        sim.least_squares: sim.least_squares(
            1000.0, 130.0, 0.07, dimension=8, batch_size=4, teacher_sq=1.7, runs=300, steps=576
        ),
        sim.online: sim.online(RULE, START, fan_in=100, alpha=1000.0, burn_in=300.0),
        sim.train: sim.train(data, **train),
    }


@pytest.fixture(scope="module")
def measured():
    return runs()


@pytest.mark.parametrize("name", ["walk", "sphere", "least_squares", "online"])
def test_a_simulation_beside_its_law(measured, name):
    run = getattr(sim, name)
    (scale,) = scales_of(name_of(run), measured[run]).values()
    assert abs(scale.comparison.z) < 4
    assert scale.comparison.standard_error < 0.03 * scale.value
    if scale.law:  # the law of the figure's line goes through the prediction of the point
        assert scale.law("lam", measured[run].attrs["lam"]) == pytest.approx(scale.comparison.predicted)
        assert scale.law("lam", 1.3 * measured[run].attrs["lam"]) < 0.95 * scale.comparison.predicted


def test_every_layer_of_a_network_has_a_scale(measured):
    scales = scales_of(name_of(sim.train), measured[sim.train])
    assert [*scales] == ["rms of layer 2", "rms of layer 3"]
    short = measured[sim.train].isel(epoch=slice(0, 9))
    found = scales_of(name_of(sim.train), short)["rms of layer 2"]
    assert found.comparison is None
    assert "at least 15" in found.reason


def test_each_simulation_of_sim_has_a_law(measured):
    assert {name_of(run) for run in measured} == {*LAWS}


def test_a_walk_that_never_settled_is_not_compared(measured):
    walk = measured[sim.walk].assign_attrs(stationary=0)
    assert scales_of(name_of(sim.walk), walk)["scale of a weight"].reason == "it has not settled"


def test_a_simulation_of_yours_has_a_scale_and_no_law():
    result = xr.Dataset({"count": ((), 3), "scale": ((), 0.5), "scale_error": ((), 0.1)})
    (scale,) = scales_of("yours.run", result).values()
    assert (scale.value, scale.error, scale.comparison) == (0.5, 0.1, None)
    assert scales_of("yours.run", xr.Dataset()) == {}


def spec(**values):
    return {"dims": [(n, len(v)) for n, v in values.items()], "labels": {n: (n, v) for n, v in values.items()}}


def test_the_longest_settings_are_drawn():
    axes = axes_of(spec(lam=[1, 2, 3], eta=[0.1, 0.5, 0.7, 0.9], seed=[1, 2, 3, 4, 5], kind=["a", "b"], n=[7]))
    assert (axes.x, axes.lines, axes.map) == ("eta", "lam", False)
    assert axes.others == {"kind": "a", "seed": 1}
    assert axes.shown.sum() == 12
    assert axes_of(spec(lam=[*range(8)], eta=[*range(7)])).map
    assert not axes_of(spec(lam=[*range(8)], optimizer=[*"abcdefgh"])).map
    points = {"dims": [("point", 3)], "labels": {"lam": ("point", [1, 2, 3]), "eta": ("point", [3, 2, 1])}}
    assert axes_of(points).shown.all()


@pytest.mark.parametrize("etas", [[0.1, 0.5], np.linspace(0.1, 1, 7).tolist()])
def test_a_report_of_walks(tmp_path, etas):
    grid = {"lam": np.geomspace(5, 60, 7).tolist(), "eta": etas}
    sim.sweep(sim.walk, grid, store=tmp_path / "s", fixed=WALKS | {"weights": 40}, workers=1)
    path = report_sweep(tmp_path / "s", tmp_path / "out" / "sweep.pdf")
    first = path.read_bytes()
    assert first.startswith(b"%PDF")
    numbers = read_json(path.with_suffix(".json"))
    assert numbers["facts"]["map"] == (len(etas) == 7)
    assert len(numbers["comparisons"]) == 7 * len(etas)
    assert not any(c["verdict"] == "differs" for c in numbers["comparisons"])
    report_sweep(tmp_path / "s", path)
    assert path.read_bytes() == first


def test_a_report_with_points_that_failed_and_no_law(tailoff, tmp_path):
    sim.sweep(toys.fails, {"lam": [1, 2, 4]}, store=tmp_path / "s", workers=1)
    path = tmp_path / "sweep.pdf"
    code, out, _ = tailoff("report", "--sweep", tmp_path / "s", "--out", path)
    assert (code, str(path) in out) == (0, True)
    facts = read_json(path.with_suffix(".json"))["facts"]
    assert facts["status"] == {"done": 2, "failed": 1}
    assert facts["reasons"] == [{"reason": "ValueError: lam is two", "count": 1}]
    assert facts["unpredicted"] == [{"reason": "no law is known of this simulation", "count": 2}]


def test_what_cannot_be_drawn(tailoff, tmp_path):
    code, _, err = tailoff("report", "--sweep", tmp_path / "nowhere", "--out", tmp_path / "a.pdf")
    assert (code, err.count("\n")) == (2, 1)
    assert "is no store" in err
    assert "goes with --out alone, got --quick too" in tailoff("report", "--sweep", tmp_path, "--quick")[2]
    sim.sweep(toys.no_dataset, {"lam": [1]}, store=tmp_path / "s", workers=1)
    with pytest.raises(sim.DataError, match="no point of the sweep"):
        report_sweep(tmp_path / "s", tmp_path / "a.pdf")
    with pytest.raises(InvalidArgument, match=r"must end in \.pdf"):
        report_sweep(tmp_path / "s", tmp_path / "a.doc")
