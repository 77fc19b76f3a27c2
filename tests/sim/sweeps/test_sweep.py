"""Sweeps: what runs, what does not run again, what is refused, how points end."""

import logging
from collections import deque

import numpy as np
import pytest
import xarray as xr

import sim
from sim.sweeps.batch import End, Outcome
from sim.sweeps.dispatch import run_points
from sim.sweeps.plan import planned
from tests.sim.sweeps import toys
from theory.settings import AdamW, InvalidArgument

GRID = {"lam": [1.0, 2.0, 3.0], "eta": [0.1, 0.5]}


def calls(log):
    return sorted(log.read_text().splitlines()) if log.exists() else []


@pytest.fixture
def run(tmp_path):
    """Run the toy over a grid; return the sweep and which points were computed."""

    def sweep(grid=GRID, **more):
        log = tmp_path / "log"
        log.unlink(missing_ok=True)
        more = {"workers": 2, "fixed": {"log": str(log)}} | more
        return sim.sweep(toys.scale, grid, store=tmp_path / "store", **more), calls(log)

    return sweep


def test_every_combination_is_run_and_labelled(run):
    scan, computed = run()
    assert len(computed) == 6
    assert scan.scale.dims == ("lam", "eta")
    assert scan.scale.sel(lam=3.0, eta=0.5).item() == 1.5
    assert scan.noise.dims == ("lam", "eta", "step")
    assert scan.step.values.tolist() == [0, 10, 20]
    assert scan["count"].dtype == int
    assert scan.scale.attrs == {"long_name": "scale"}
    assert (scan.status == "done").all()
    assert scan.attrs["run"].endswith("toys.scale")


def test_nothing_is_computed_twice(run):
    first, _ = run()
    again, computed = run()
    assert computed == []
    assert again.identical(first)


def test_a_changed_grid_runs_its_new_points_alone(run):
    run()
    scan, computed = run({"lam": [3, 4.0], "eta": [0.5]})
    assert computed == ["4.0 0.5"]
    assert scan.lam.values.tolist() == [3.0, 4.0]


def test_another_seed_or_another_constant_is_another_point(run):
    run()
    assert len(run(seed=1)[1]) == 6


def test_seeds_do_not_depend_on_order_workers_or_the_rest_of_the_grid(tmp_path):
    whole = sim.sweep(toys.scale, GRID, store=tmp_path / "a", workers=2)
    part = sim.sweep(toys.scale, [{"eta": 0.5, "lam": 3.0}, {"eta": 0.1, "lam": 1.0}], store=tmp_path / "b", workers=1)
    assert part.noise.dims == ("point", "step")
    assert np.array_equal(part.noise[0], whole.noise.sel(lam=3.0, eta=0.5))
    assert np.array_equal(part.noise[1], whole.noise.sel(lam=1.0, eta=0.1))
    assert len(np.unique(whole.noise)) == 18


def test_a_list_of_settings_has_them_as_coordinates(tmp_path):
    scan = sim.sweep(toys.scale, ({"lam": lam, "eta": lam / 10} for lam in (1.0, 4.0)), store=tmp_path)
    assert scan.eta.values.tolist() == [0.1, 0.4]
    assert scan.to_dataframe()["scale"].nunique() == 2


def test_a_simulation_of_sim_with_optimizers_and_data(tmp_path):
    scan = sim.sweep(
        sim.walk, {"optimizer": [AdamW(), AdamW((0.9, 0.99))]}, store=tmp_path,
        fixed={"n": 100, "lam": 20.0, "eta": 0.1, "weights": 20, "steps": 640}, seed=3,
    )  # fmt: skip
    assert scan.optimizer.values[0].startswith("AdamW(betas=(0.9, 0.999)")
    assert scan.burn_in.dims == ("optimizer",)
    data = sim.Data(np.random.default_rng(0).random((70, 8)), np.arange(70) % 3, (50, 10, 10), "toy")
    fixed = {"data": data, "sizes": (8, 4, 3), "epochs": 2, "batch_size": 5}
    trained = sim.sweep(sim.train, {"lam": [1.0, 20.0]}, store=tmp_path, fixed=fixed)
    assert trained.rms.dims == ("lam", "replica", "epoch", "layer")
    assert trained.attrs["data"] == "toy"
    other = sim.Data(data.inputs * 0.5, data.labels, data.sizes, "toy")
    keys = [planned(sim.train, {"lam": [1.0]}, fixed | {"data": d}).points[0].key for d in (data, other)]
    assert keys[0] != keys[1]


def test_what_fails_is_recorded_and_the_rest_goes_on(tmp_path):
    scan = sim.sweep(toys.fails, {"lam": [1, 2, 3, 4]}, store=tmp_path)
    assert scan.status.values.tolist() == ["done", "failed", "diverged", "done"]
    assert scan.reason.values.tolist() == ["", "ValueError: lam is two", "layer 2", ""]
    np.testing.assert_array_equal(scan.twice, [2, np.nan, 6, 8])


@pytest.mark.parametrize("how", ["memory", "die"])
def test_what_may_pass_is_tried_again(tmp_path, how):
    grid, once = {"lam": [1, 2, 3]}, {"how": how, "marker": str(tmp_path / "marker")}
    scan = sim.sweep(toys.fails, grid, store=tmp_path / "s", fixed=once)
    assert scan.twice.values.tolist() == [2, 4, 6]
    scan = sim.sweep(toys.fails, grid, store=tmp_path / "t", fixed={"how": how})
    assert scan.status.values.tolist() == ["done", "failed", "done"]
    assert scan.reason.values[1] == {"memory": "MemoryError: no room", "die": "its worker died (signal 9)"}[how]


def test_a_failed_point_is_run_again_by_the_next_sweep(tmp_path):
    marker = tmp_path / "marker"
    fixed = {"marker": str(marker)}
    assert sim.sweep(toys.fails, {"lam": [2]}, store=tmp_path / "s", fixed=fixed).status.item() == "failed"
    assert sim.sweep(toys.fails, {"lam": [2]}, store=tmp_path / "s", fixed=fixed).status.item() == "done"


@pytest.mark.parametrize(("size", "points"), [(4, 2), (2000, 80)])
def test_many_workers_are_given_longer_batches(size, points):
    """Of points of 1/8 s: 0.3 s for few workers; 10 s for a thousand, two batches each, who end 100 in a second."""
    flying, sizes = deque(), []

    class Crew:
        def submit(self, batch):
            sizes.append(len(batch.numbers))
            flying.append(batch)

        def next(self):
            batch = flying.popleft()
            return batch, Outcome([End("done", "", 0.125)] * len(batch.numbers), [])

    crew = Crew()
    crew.size = size
    run_points(crew, [{}] * 500_000, lambda *_: None, retries=0)
    assert sizes[0] == 1
    assert sizes[size] == points
    assert sum(sizes) == 500_000


def test_results_that_are_none(tmp_path):
    scan = sim.sweep(toys.no_dataset, {"lam": [1]}, store=tmp_path / "a")
    assert scan.reason.values.tolist() == ["it returned int and no Dataset"]
    scan = sim.sweep(toys.unwritable, {"lam": [1, 2, 3]}, store=tmp_path / "b")
    assert scan.status.values.tolist() == ["done", "failed", "done"]
    assert "cannot be written" in scan.reason.values[1]


def test_results_of_different_lengths(tmp_path):
    scan = sim.sweep(toys.ragged, {"length": [2, 3]}, store=tmp_path)
    np.testing.assert_array_equal(scan.w, [[0, 1, np.nan], [0, 1, 2]])
    np.testing.assert_array_equal(scan.step_of_point, [[0, 2, np.nan], [0, 3, 6]])
    assert scan.w[1, 2].item() == 2
    assert scan.w.isel(length=[1, 0], step=slice(1, None)).values[0].tolist() == [1, 2]


def test_another_version_is_said_and_computed_beside(run, monkeypatch, caplog):
    first, _ = run()
    monkeypatch.setattr("sim.sweeps.plan.version_of", lambda _: "tailoff 9.9")
    with caplog.at_level(logging.WARNING, "sim"):
        second, computed = run()
    assert len(computed) == 6
    assert first.attrs["version"] in caplog.text
    assert second.attrs["version"] == "tailoff 9.9"
    assert second.scale.identical(first.scale)


def test_a_function_of_the_session(tmp_path):
    pytest.importorskip("cloudpickle")
    scan = sim.sweep(lambda lam: xr.Dataset({"a": lam + 0.5}), {"lam": [1.0]}, store=tmp_path)
    assert scan.a.values.tolist() == [1.5]


def test_progress(run):
    seen = []
    run(progress=seen.append)
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert (seen[-1].done, seen[-1].total, seen[-1].failed) == (6, 6, 0)
    assert str(seen[-1]).startswith("6 of 6 points, ")


@pytest.mark.parametrize(
    ("grid", "fixed", "words"),
    [
        ({}, {}, "grid must have a point"),
        ({"lam": []}, {}, "no value of lam"),
        ([], {}, "got none"),
        ("lam", {}, "grid must be lists by keyword"),
        ([3], {}, "settings for each point"),
        ({"lam": 5.0}, {}, "a list of values"),
        ({"lamda": [5.0]}, {}, "the nearest that it takes is 'lam'"),
        ({"lam": [5.0, 5]}, {"n": 100, "eta": 0.1}, 'the point {"lam":5} is there more than once'),
        ({"lam": [5.0]}, {"n": 100}, "walk needs 'eta'"),
        ({"lam": [5.0]}, {"n": 100, "eta": 0.1, "lam": 3.0}, "'lam' is in the grid and among what is fixed"),
        ({"lam": [5.0]}, {"n": 100, "eta": 0.1, "threads": 2}, "how a run is carried out"),
        ({"lam": ["five"]}, {"n": 100, "eta": 0.1}, "lam must be"),
        ({"lam": [5.0]}, {"n": 100, "eta": 0.1, "noise": object}, "must be numbers, words, lists"),
    ],
)
def test_a_bad_grid_is_refused(tmp_path, grid, fixed, words):
    with pytest.raises(InvalidArgument, match=words):
        sim.sweep(sim.walk, grid, store=tmp_path / "store", fixed=fixed)
    assert not (tmp_path / "store").exists()


def test_all_problems_are_listed_at_once(tmp_path):
    grid = {"lam": [-1.0, 5.0], "weights": [1, 2], "steps": [3, 64]}
    with pytest.raises(InvalidArgument) as error:
        sim.sweep(sim.walk, grid, store=tmp_path, fixed={"n": 100, "eta": 0.1})
    assert all(words in str(error.value) for words in ("lam must be", "weights must be", "steps must be"))


def test_no_sweep_yet(tmp_path):
    with pytest.raises(sim.DataError, match="is no store"):
        sim.open_sweep(tmp_path)
