"""How fast weights and vectors forget: on steps whose outcome can be written down."""

import numpy as np
import pytest

from sim import walk
from sim.walks.relaxation import Walkers, autocorrelation, forgetting, kick
from sim.walks.settings import SphereSettings, WalkSettings
from theory.settings import AdamW, InvalidArgument


def test_the_walkers_are_those_of_the_walk():
    """512 weights are one stream of `sim.walk`, but for the seed spawned from its own; here the noise alone differs."""
    settings = WalkSettings(100, 20.0, 0.5, weights=512, steps=640, start=2.0, seed=1)
    walkers = Walkers(settings)
    walkers.walk(640)
    rms, error = np.sqrt((walkers.w**2).mean()), np.std(walkers.w**2) / np.sqrt(512) / 0.2
    found = walk(100, 20.0, 0.5, weights=512, steps=640, start=2.0, seed=1)
    assert abs(rms - float(found.rms[-1])) < 4 * np.hypot(error, float(found.rms_error[-1]))


def test_forgetting_without_noise_to_speak_of():
    """The mean falls by a = 1 - eta lam/n in every step: the time is -1/ln a."""
    found = forgetting(WalkSettings(100, 20.0, 0.5, start=1e6, weights=100), first=3, last=30)
    assert float(found.relaxation_time) == pytest.approx(-1 / np.log(0.9), rel=1e-5)
    assert found.attrs["first"] == 3


def test_the_errors_are_the_spread_over_seeds():
    """40 runs each: what they scatter by is what each states, within what 40 runs can tell."""
    made = {
        "forgetting": lambda s: forgetting(
            WalkSettings(100, 20.0, 0.5, start=20.0, weights=50, seed=s), first=5, last=15
        ),
        "autocorrelation": lambda s: autocorrelation(
            WalkSettings(100, 20.0, 0.5, weights=50, steps=1280, burn_in=128, seed=s), lag=8
        ),
    }  # fmt: skip
    for name, make in made.items():
        runs = [make(seed) for seed in range(40)]
        scatter = np.std([float(run.relaxation_time) for run in runs], ddof=1)
        stated = np.mean([float(run.relaxation_time_error) for run in runs])
        assert abs(np.log(stated / scatter)) < 4 / np.sqrt(2 * 39), name


def test_weights_that_never_settle_have_no_autocorrelation():
    found = autocorrelation(WalkSettings(1e6, 1.0, 0.1, weights=100, steps=6400), lag=8)
    assert found.attrs["stationary"] == 0
    assert np.isnan(found.relaxation_time)


def test_a_kick_without_size_gives_no_response():
    run = kick(
        SphereSettings(100, 10.0, 0.1, dimension=20, vectors=5, steps=6400, optimizer=AdamW()), steps=10, by=1e-9
    )
    assert np.abs(run.response).max() < 1e-8
    assert run.step.size == run.response.size == 11


def test_bad_settings_are_refused():
    with pytest.raises(InvalidArgument, match="last must be above first = 5, got 5"):
        forgetting(WalkSettings(100, 50.0, 0.1), first=5, last=5)
    with pytest.raises(InvalidArgument, match="lag must be at most a hundredth of the 6400"):
        autocorrelation(WalkSettings(100, 50.0, 0.1, steps=6400), lag=65)
    with pytest.raises(InvalidArgument, match="had not settled after 64 of them"):
        kick(SphereSettings(1000, 1.0, 0.1, dimension=20, steps=64, lags=(1,), start=30.0))
