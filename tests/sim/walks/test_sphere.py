"""The sphere's simulator: tangent gradients, unbiased bookkeeping."""

import numpy as np
import pytest

from sim.walks.sphere import kick, sphere
from theory.settings import SGD, AdamW, InvalidArgument


def test_one_step_adds_the_gradient_at_a_right_angle():
    """Without decay ||w||^2 grows by exactly eta^2 ||g||^2, whose mean is eta^2 G / ||w||^2."""
    run = sphere(SGD(), 100, 0.0, 0.1, dimension=40, grad_sq=2.0, vectors=4000, steps=1, burn_in=0, start=3.0)
    assert abs(run.norm_sq - 9 - 0.01 * 2 / 9) < 4 * run.norm_sq_error


def test_lags_are_counted_apart():
    run = sphere(SGD(), 100, 10.0, 0.1, dimension=20, vectors=50, steps=40, burn_in=20, lags=(1, 5, 20), seed=2)
    assert (np.diff(run.turn) > 0).all()
    assert run.lags == (1, 5, 20)


def test_a_kick_without_size_gives_no_response():
    run = kick(AdamW(), 100, 10.0, 0.1, dimension=20, vectors=5, steps=10, burn_in=5, by=1e-9)
    assert np.abs(run.response).max() < 1e-8
    assert run.step.size == run.response.size == 11


def test_bad_settings_are_refused():
    with pytest.raises(InvalidArgument, match="dimension must be a whole number of at least 2"):
        sphere(SGD(), 100, 10.0, 0.1, dimension=1, burn_in=0)
    with pytest.raises(InvalidArgument, match="lags must be a whole number"):
        sphere(SGD(), 100, 10.0, 0.1, dimension=5, burn_in=0, lags=(0,))
