"""The least-squares simulator: the gradient is that of half the mean squared error."""

import numpy as np
import pytest

from sim.walks.least_squares import least_squares
from theory.settings import SGD, InvalidArgument


def test_first_gradient_has_the_moments_of_gaussian_inputs():
    """At w = 0 the mean of ||g||^2 is (1 + (d + 1)/m) S + tau^2 d/m, written out from the fourth moments of x."""
    run = least_squares(
        SGD(), 100, 10.0, 0.1, dimension=4, batch_size=3, teacher_sq=1.7, residual=0.6, runs=40_000, steps=1, burn_in=0
    )
    assert abs(run.grad_sq - ((1 + 5 / 3) * 1.7 + 0.36 * 4 / 3)) < 4 * run.errors["grad_sq"]
    assert run.weight_sq == run.alignment == 0
    assert run.error_sq == pytest.approx(1.7)


def test_trace_covers_burn_in_and_steps():
    run = least_squares(SGD(), 100, 10.0, 0.1, dimension=2, batch_size=3, runs=5, steps=7, burn_in=4)
    assert run.trace.shape == (11,)
    assert np.isfinite(run.trace).all()


def test_bad_settings_are_refused():
    with pytest.raises(InvalidArgument, match="residual must be positive"):
        least_squares(SGD(), 100, 10.0, 0.1, dimension=2, batch_size=3, residual=0.0, burn_in=0)
    with pytest.raises(InvalidArgument, match="batch_size must be a whole number"):
        least_squares(SGD(), 100, 10.0, 0.1, dimension=2, batch_size=0, burn_in=0)
