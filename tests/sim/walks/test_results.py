"""What every result has: the versions that made it, settings that survive the disk."""

import pytest
import xarray as xr

import sim
from sim.machinery.provenance import versions
from theory.settings import SGD, AdamW, OnlineRule, Overlaps

WALKS = {
    "walk": lambda: sim.walk(100, 20.0, 0.5, weights=9, steps=64, burn_in=8, seed=3),
    "optimizer": lambda: sim.walk(100, 5.0, 0.5, weights=9, steps=64, optimizer=AdamW()),
    "sphere": lambda: sim.sphere(100, 20.0, 0.5, dimension=5, vectors=3, steps=64, lags=(1, 4), seed=3),
    "least squares": lambda: sim.least_squares(100, 20.0, 0.1, dimension=2, batch_size=2, runs=3, steps=64),
}


@pytest.mark.parametrize("name", WALKS)
def test_results_survive_the_disk(tmp_path, name):
    """Numbers, coordinates and attributes come back as they were; a second run with them is the same run."""
    result = WALKS[name]()
    back = xr.load_dataset(sim.save(result, tmp_path / "r.nc"))
    xr.testing.assert_equal(back, result)
    assert set(back.attrs) == set(result.attrs)
    for key, value in result.attrs.items():
        assert list(back.attrs[key]) == list(value) if isinstance(value, tuple) else back.attrs[key] == value, key


def test_every_result_has_the_same_line():
    walk = sim.walk(100, 20.0, 0.5, weights=2, steps=64)
    turning = sim.sphere(100, 20.0, 0.5, dimension=5, vectors=2, steps=64)
    fitted = sim.least_squares(100, 20.0, 0.1, dimension=2, batch_size=2, runs=2, steps=64)
    online = sim.online(OnlineRule(0.5, 0.05, 1.0), Overlaps(Q=1.0), fan_in=20, alpha=10.0, replicas=2)
    assert {run.attrs["versions"] for run in (walk, turning, fitted, online)} == {versions()}


@pytest.mark.parametrize("optimizer", [SGD(0.9, nesterov=True, decoupled=True), AdamW((0.8, 0.9))], ids=str)
@pytest.mark.parametrize("name", ["walk", "sphere", "least_squares"])
def test_a_saved_result_can_be_run_again(tmp_path, name, optimizer):
    """The attributes on the disk are all that decides the numbers."""
    needed = {
        "walk": {"weights": 9, "correlation": 0.3},
        "sphere": {"dimension": 5, "vectors": 3, "lags": (1, 4)},
        "least_squares": {"dimension": 2, "batch_size": 2, "runs": 3},
    }[name]
    run = getattr(sim, name)
    result = run(100, 20.0, 0.1, steps=64, seed=5, optimizer=optimizer, **needed)
    attributes = xr.load_dataset(sim.save(result, tmp_path / "r.nc")).attrs
    told = {
        key: value for key, value in attributes.items() if not key.startswith(("optimizer", "burn", "stat", "vers"))
    }
    chosen = {key.removeprefix("optimizer_"): v for key, v in attributes.items() if key.startswith("optimizer_")}
    flags = ("nesterov", "decoupled", "maximize", "amsgrad")
    again = {"SGD": SGD, "AdamW": AdamW}[attributes["optimizer"]](
        **{key: bool(value) if key in flags else value for key, value in chosen.items()}
    )
    assert run(**told, optimizer=again).equals(result)
