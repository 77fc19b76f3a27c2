"""The drive of a layer from its norms: exact against the step's own budget, whatever the rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import theory
from theory.layer.budget import budget_terms
from theory.run.drive import blocks_of, derive_drive, drive_between, norm_after, present_drive

DECAY, RATE, GRAD_SQ, ALIGNMENT = 2e-3, 0.1, 3.0, -0.4


def stepped(steps, norm_sq=5.0, decay=DECAY, alignment=ALIGNMENT):
    """Take the exact mean step of SGD with decay, one by one."""
    norms = [norm_sq]
    for _ in range(steps):
        norms.append(norms[-1] + sum(budget_terms(decay, RATE, norms[-1], GRAD_SQ, alignment)))
    return np.array(norms)


def recorded(every=10, **options):
    norms = stepped(1200)[::every]
    rows = np.ones(len(norms))
    return theory.LayerRecord(np.arange(0, 1201, every), norms, DECAY * rows, RATE * rows, **options)


@settings(deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(1e-6, 10))
def test_the_drive_undoes_the_norm(norm_sq, drive, clock):
    after = norm_after(norm_sq, drive, clock)
    assert drive_between(norm_sq, after, clock) == pytest.approx(drive, rel=1e-9, abs=1e-9 * norm_sq / clock)


def test_the_drive_of_exact_steps_is_the_balance_of_their_gradients():
    balance = theory.norm_balance(1.0, DECAY / RATE, RATE, grad_sq=GRAD_SQ, alignment=ALIGNMENT).norm_sq
    found = present_drive(recorded())
    assert float(found.total) == pytest.approx(balance, rel=1e-9)
    np.testing.assert_allclose(blocks_of(recorded()).total, balance, rtol=1e-7)
    wrong = theory.norm_balance(1.0, 1.1 * DECAY / RATE, RATE, grad_sq=GRAD_SQ, alignment=ALIGNMENT).norm_sq
    assert float(found.total) != pytest.approx(wrong, rel=1e-2)  # 10% off in the decay


def test_noise_and_signal_are_told_apart_by_the_gradients():
    rows = len(recorded().step)
    found = present_drive(recorded(noise_sq=np.full(rows, GRAD_SQ)))
    noise = theory.norm_balance(1.0, DECAY / RATE, RATE, grad_sq=GRAD_SQ, alignment=0.0).norm_sq
    assert float(found.noise) == pytest.approx(noise, rel=1e-9)
    assert float(found.signal) == pytest.approx(float(found.total) - noise, rel=1e-9)
    assert np.isnan(present_drive(recorded()).noise)


def test_rows_that_are_left_out_lose_nothing():
    assert float(present_drive(recorded(100)).total) == pytest.approx(
        float(present_drive(recorded(10)).total), rel=1e-9
    )


def test_the_derivation_proves_itself():
    assert str(derive_drive().check().result) == "(-N*exp(-S) + N')/(1 - exp(-S))"


REFUSED = [
    ({"norm_sq": [1, 2, 3, 4, -5]}, "norm_sq"),
    ({"norm_sq": [1, 2, 3]}, "norm_sq must have one number for each row"),
    ({"step": [0, 1, 1, 2, 3]}, "step must rise"),
    ({"decay": [0.1, 0.1, 0.1, 0.1, 1.0]}, "decay"),
    ({"clock": [0, 1, 2, 1, 3]}, "clock must never fall"),
    ({"alignment": np.ones(5)}, "both, or none"),
    ({"rate": [1, 1, np.nan, 1, 1]}, "rate"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_records_that_are_refused(given, message):
    rows = {"step": np.arange(5), "norm_sq": np.ones(5), "decay": np.full(5, 0.1), "rate": np.ones(5)}
    with pytest.raises(theory.InvalidArgument, match=message):
        theory.LayerRecord(**rows | given)


def test_too_few_rows_are_refused():
    with pytest.raises(theory.InvalidArgument, match="at least 5 rows"):
        theory.LayerRecord(np.arange(3), np.ones(3), np.full(3, 0.1), np.ones(3))
