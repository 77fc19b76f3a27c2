"""The least-squares simulator: the gradient is that of half the mean squared error."""

import numpy as np
import pytest

from sim import least_squares
from theory.settings import SGD, InvalidArgument

SETTINGS = {"n": 100, "lam": 10.0, "eta": 0.1, "dimension": 2, "batch_size": 3, "runs": 5, "steps": 128}


def test_first_gradient_has_the_moments_of_gaussian_inputs():
    """At w = 0 the mean of ||g||^2 is (1 + (d + 1)/m) S + tau^2 d/m, written out from the fourth moments of x."""
    run = least_squares(
        100, 10.0, 0.1, dimension=4, batch_size=3, teacher_sq=1.7, residual=0.6, runs=20_000, steps=64, burn_in=0
    )
    first, error = run.path.sel(step=0), run.path_error.sel(step=0)
    grad_sq, sigma = float(first.sel(moment="grad_sq")), float(error.sel(moment="grad_sq"))
    assert abs(grad_sq - ((1 + 5 / 3) * 1.7 + 0.36 * 4 / 3)) < 4 * sigma
    assert sigma < 0.02 * grad_sq
    assert first.sel(moment=["weight_sq", "alignment"]).values.tolist() == [0, 0]
    assert float(first.sel(moment="error_sq")) == pytest.approx(1.7)


def test_a_seed_stands_for_these_numbers():
    """Stored when the result was a class of its own, with the burn-in given."""
    run = least_squares(100, 10.0, 0.1, dimension=3, batch_size=4, teacher_sq=1.0, runs=50, steps=128, burn_in=64,
                        seed=3, optimizer=SGD(0.5))  # fmt: skip
    stored = {
        "weight_sq": "0x1.cbcea6913e836p-1", "grad_sq": "0x1.d391c6e95c621p-1", "alignment": "-0x1.f9aa3540de8e3p-9",
        "error_sq": "0x1.6cdb82cec3e25p-4",
    }  # fmt: skip
    for name, value in stored.items():
        assert float(run[name]) == pytest.approx(float.fromhex(value), rel=1e-10), name
    assert float(run.weight_sq_error) == pytest.approx(0.01611314324075872, rel=1e-10)
    assert float(run.alignment_error) == pytest.approx(0.003277441515813163, rel=1e-10)


def test_the_averages_are_those_of_the_path_after_the_burn_in():
    run = least_squares(**SETTINGS, burn_in=32)
    assert run.path.dims == ("moment", "step")
    assert run.path.shape == (4, 128)
    for name in run.moment.values:
        assert float(run[name]) == pytest.approx(float(run.path.sel(moment=name)[32:].mean()), rel=1e-12)


def test_the_burn_in_is_chosen_from_the_data():
    settled = least_squares(100, 20.0, 0.1, dimension=3, batch_size=4, runs=300, steps=640, teacher_sq=4.0)
    assert settled.attrs["stationary"] == 1
    assert 20 <= float(settled.burn_in) <= 320
    rising = least_squares(1e5, 1.0, 1e-4, dimension=3, batch_size=4, runs=300, steps=640, teacher_sq=4.0)
    assert rising.attrs["stationary"] == 0
    assert np.isnan(rising.weight_sq)
    assert np.isnan(rising.grad_sq_error)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"residual": 0.0}, "residual must be positive"),
        ({"batch_size": 0}, "batch_size must be a whole number"),
        ({"runs": 1}, "runs must be a whole number of at least 2"),
        ({"steps": 63}, "steps must be a whole number of at least 64"),
        ({"eta": 1e9}, "ran away"),
    ],
)
def test_bad_settings_are_refused(change, message):
    with pytest.raises(InvalidArgument, match=message):
        least_squares(**SETTINGS | change)
