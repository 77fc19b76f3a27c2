"""The runs that came with the package, and how they come out of a report."""

import copy

import numpy as np
import pytest
import xarray as xr

import sim
from reports.document.numbers import sealed_json
from reports.explorer.network import from_report, measured
from reports.explorer.verdicts import CLAIMS, verdicts


def test_both_layers_from_both_starts():
    runs = measured()["runs"]
    assert len({(run["lam"], run["init"], run["layer"]) for run in runs}) == len(runs) == 20
    assert all(len(run["epochs"]) == len(run["rms"]) == len(run["error"]) for run in runs)
    for run in runs:  # the course leads to the end
        assert run["rms"][-1] == pytest.approx(run["end"]["measured"], rel=0.03)


def test_the_verdicts_can_go_either_way():
    network = measured()
    assert [verdict.holds for verdict in verdicts(network)[5.0][3]] == [False, False, False, True]
    wrong = copy.deepcopy(network)
    for run in wrong["runs"]:
        run["end"]["predicted"] *= 1.1
        run["end"]["measured"] = 1.5 * network["settings"]["n_weights"] ** -0.5
    found = verdicts(wrong)[5.0][2]
    assert [verdict.holds for verdict in found] == [True, False, True, False]
    assert len(found) == len(CLAIMS)


def test_from_a_report(tmp_path):
    rms = np.exp(-0.01 * np.arange(101))[None, :, None] * np.array([1.0, 1.1])[:, None, None] * np.ones(2)
    run = xr.Dataset(
        {"rms": (("replica", "epoch", "layer"), rms)},
        {"epoch": np.arange(101), "layer": [2, 3], "fan_in": ("layer", [4, 3]), "layer_weights": ("layer", [12, 6])},
        {"n": 1000, "eta": 0.1, "batch_size": 10, "sizes": np.array([4, 3, 2])},
    )
    sim.save(run, tmp_path / "r-lam-5-large.nc")
    end = {"measured": 0.4, "error": 0.01, "predicted": 0.41, "predicted_error": 0.01}
    rows = [{"lam": 5.0, "init": "large", "layer": layer} | end for layer in (2, 3)]
    report = {"facts": {"layers": {"rows": rows}}} | dict.fromkeys(
        ("version", "versions", "dataset", "pdf_sha256"), "x"
    )
    (tmp_path / "r.json").write_text(sealed_json(report | {"seed": 1}))
    found = from_report(tmp_path / "r.json")
    assert found["settings"]["n_weights"] == 18
    assert found["settings"]["fan_in"] == {"2": 4, "3": 3}
    first = found["runs"][0]
    assert first["first_epoch"]["value"] == pytest.approx(-0.01)
    assert (first["epochs"][0], first["epochs"][-1], first["end"]) == (0, 100, end)
    assert first["rms"][0] == pytest.approx(1.05)
    with pytest.raises(sim.DataError):
        from_report(tmp_path / "none.json")
