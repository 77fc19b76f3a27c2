"""The sphere's simulator: tangent gradients, unbiased bookkeeping, a burn-in that the data choose."""

import numpy as np
import pytest

from sim import sphere
from sim.walks.settings import SphereSettings
from sim.walks.sphere import Vectors, norm_sq
from theory.settings import AdamW, InvalidArgument

ADAMW = AdamW((0.9, 0.95))


def test_one_step_adds_the_gradient_at_a_right_angle():
    """Without decay ||w||^2 grows by exactly eta^2 ||g||^2, whose mean is eta^2 G / ||w||^2."""
    many = Vectors(SphereSettings(100, 0.0, 0.1, dimension=40, grad_sq=2.0, vectors=4000, start=3.0))
    many.step()
    square = norm_sq(many.w)
    assert abs(square.mean() - 9 - 0.01 * 2 / 9) < 4 * square.std() / np.sqrt(4000)
    assert square.std() / np.sqrt(4000) < 0.01 * (0.01 * 2 / 9)


def test_a_seed_stands_for_these_numbers():
    """Stored when the vectors were a geometry of `sim.walk`; sums are now taken block by block."""
    found = sphere(100, 5.0, 0.5, dimension=20, grad_sq=19 * 0.01, vectors=30, steps=640, burn_in=320, lags=(1, 5),
                   seed=3, optimizer=ADAMW)  # fmt: skip
    stored = {
        "norm_sq": 81.02996303275215, "norm_sq_error": 0.6389200137634565, "norm": 8.990452835046476,
        "norm_error": 0.03553163538047553, "norm_spread": 0.010027185501022553,
    }  # fmt: skip
    for name, value in stored.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-9), name
    np.testing.assert_allclose(found.turn, [0.00130259, 0.02657379], rtol=1e-5)
    np.testing.assert_allclose(found.turn_error, [4.67421671e-06, 1.14981952e-04], rtol=1e-6)


def test_the_record():
    found = sphere(100, 10.0, 0.5, dimension=20, vectors=50, steps=650, lags=(1, 5, 20), seed=2)
    assert found.lag.values.tolist() == [1, 5, 20]
    assert (np.diff(found.turn) > 0).all()
    assert found.attrs["steps"] == 640
    assert found.attrs["stationary"] == 1
    assert found.attrs["burn_in_chosen"] == "from the data"
    assert 0 < float(found.burn_in) <= 320


@pytest.mark.parametrize("burn_in", [0, 100])
def test_sums_by_blocks_are_the_means_of_all_steps(burn_in):
    """Norms and turns of the steps after the burn-in, kept one by one and averaged at the end."""
    settings = SphereSettings(
        100, 10.0, 0.5, dimension=5, vectors=4, steps=640, burn_in=burn_in, lags=(1, 7), optimizer=ADAMW
    )
    many, kept = Vectors(settings), []
    for _ in range(641):
        kept.append(many.w.copy())
        many.step()
    w = np.array(kept[burn_in:])
    square = (w[1:] ** 2).sum(axis=2)
    direction = w / np.linalg.norm(w, axis=2, keepdims=True)
    found = sphere(100, 10.0, 0.5, dimension=5, vectors=4, steps=640, burn_in=burn_in, lags=(1, 7), optimizer=ADAMW)
    assert float(found.norm_sq) == pytest.approx(square.mean(), rel=1e-12)
    assert float(found.norm) == pytest.approx(np.sqrt(square).mean(), rel=1e-12)
    assert float(found.norm_spread) == pytest.approx(square.var() / square.mean() ** 2, rel=1e-9)
    for lag in (1, 7):
        cosine = (direction[lag:] * direction[:-lag]).sum(axis=2)
        assert float(found.turn.sel(lag=lag)) == pytest.approx(1 - cosine.mean(), rel=1e-9)


def test_the_error_of_the_spread_is_the_spread_of_its_estimates():
    """30 runs: the scatter of their norm_spread is the error that each states, within what 30 runs can tell."""
    runs = [
        sphere(100, 10.0, 0.5, dimension=10, vectors=60, steps=640, burn_in=128, start=3.2, seed=s) for s in range(30)
    ]
    scatter = np.std([float(run.norm_spread) for run in runs], ddof=1)
    stated = np.mean([float(run.norm_spread_error) for run in runs])
    assert abs(np.log(stated / scatter)) < 4 / np.sqrt(2 * 29)


@pytest.mark.parametrize("start", [0.1, 30.0])
def test_vectors_that_do_not_settle_say_so(start):
    found = sphere(1000, 1.0, 0.1, dimension=20, vectors=20, steps=640, start=start)
    assert found.attrs["stationary"] == 0
    assert np.isnan(found.norm_sq)
    assert np.isnan(found.turn).all()
    assert np.isnan(found.burn_in)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dimension": 1}, "dimension must be a whole number of at least 2"),
        ({"lags": (0,)}, "lags must be a whole number"),
        ({"lags": (161,)}, "at most a quarter of the 640"),
        ({"lags": ()}, "lags must name one or more"),
        ({"start": 0.0}, "start must be positive"),
        ({"vectors": 1}, "vectors must be a whole number of at least 2"),
        ({"lam": 900.0}, "ran away"),
    ],
)
def test_bad_settings_are_refused(change, message):
    with pytest.raises(InvalidArgument, match=message):
        sphere(**{"n": 100, "lam": 10.0, "eta": 0.5, "dimension": 5, "steps": 640} | change)
