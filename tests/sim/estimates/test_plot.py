"""What was measured is drawn as it stands in the result: points, errors, layers; a fit with its record."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

import sim
from theory import InvalidArgument


@pytest.fixture
def axes():
    return Figure().subplots()


def points(axes, number=0):
    """What an error bar shows: places, values and their errors."""
    line, _, (bars,) = axes.containers[number]
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    return *line.get_data(), (ends[:, 1] - ends[:, 0]) / 2


def test_a_walk_with_its_errors(axes):
    walk = sim.walk(100, 50.0, 0.4, weights=200, steps=640, start=0.5)
    assert sim.plot(walk, axes=axes) is axes
    steps, rms, error = points(axes)
    np.testing.assert_array_equal(steps, walk.step)
    np.testing.assert_array_equal(rms, walk.rms)
    np.testing.assert_allclose(error, walk.rms_error, atol=1e-12)


def test_replicas_become_a_mean_with_its_error_layer_by_layer(axes):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(5, 4, 2))
    coordinates = {"epoch": np.arange(4), "layer": [2, 3]}
    sim.plot(xr.Dataset({"rms": (("replica", "epoch", "layer"), values)}, coordinates), axes=axes)
    _, mean, error = points(axes, 1)
    np.testing.assert_allclose(mean, values[:, :, 1].mean(axis=0))
    np.testing.assert_allclose(error, values[:, :, 1].std(axis=0, ddof=1) / np.sqrt(5))
    assert [container.get_label() for container in axes.containers] == ["measured, layer 2", "measured, layer 3"]


def test_one_replica_has_no_error(axes):
    run = xr.Dataset({"rms": (("replica", "epoch"), [[3.0, 2.0]])}, {"epoch": [0, 1]})
    line, _, bars = sim.plot(run, axes=axes).containers[0]
    assert list(line.get_ydata()) == [3.0, 2.0]
    assert not bars


@pytest.mark.parametrize(("name", "said"), [("size", "must be one of rms"), ("variance", "runs along")])
def test_what_cannot_be_drawn_is_said(axes, name, said):
    with pytest.raises(InvalidArgument, match=said):
        sim.plot(sim.walk(100, 50.0, 0.4, weights=100, steps=64), name, axes=axes)


def test_a_fit_draws_its_record_and_its_curve(axes):
    time = np.linspace(0, 60, 40)
    rms = np.sqrt(0.1**2 + (1 - 0.1**2) * np.exp(-2 * 0.1 * time)) * np.exp(np.sin(7 * time) / 300)
    fit = sim.fit_decay(time, rms)
    assert fit.plot(time, rms, axes=axes) is axes
    curve = next(line for line in axes.lines if line.get_label() == "fitted curve")
    np.testing.assert_allclose(curve.get_ydata(), fit.rms(curve.get_xdata()))
    assert axes.get_yscale() == "log"
    assert any(line.get_label() == "scale, 95%" for line in axes.lines)
