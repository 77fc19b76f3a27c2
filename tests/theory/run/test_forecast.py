"""Forecasts against layers that are stepped exactly: the answer is known, and the norm that stays must lose."""

import numpy as np
import pytest

import theory
from reports.comparison import Comparison
from theory.run.invariance import cosine, is_invariant

STEPS, CUT = 6000, 2000
DECAY = 3e-4


def drifting(drive, decay, steps=STEPS, start=9.0):
    """Step ||w||^2 with a drive, a function of step and norm, and a decay of each step."""
    norms = [start]
    for t in range(steps):
        moved = -np.expm1(2 * np.log1p(-decay[t]))
        norms.append(norms[-1] + moved * (drive(t, norms[-1]) - norms[-1]))
    return np.array(norms)


def forecast_of(norms, decay, rate, every=20, cut=CUT, **options):
    step = np.arange(0, cut + 1, every)
    record = theory.LayerRecord(step, norms[step], decay[step], rate[step], **options)
    return theory.forecast(record, theory.Ahead(decay[cut:STEPS], rate[cut:STEPS]))


def agrees(name, predicted, measured, accuracy):
    """Whether the norms (not their squares) agree, within the accuracy stated for the case."""
    error = 1e-4 * np.sqrt(measured)
    return (
        Comparison(name, np.sqrt(predicted), np.sqrt(measured), error, precision=1e-3, accuracy=accuracy).verdict
        == "agrees"
    )


HELD = np.full(STEPS + 1, DECAY)


def test_a_drive_that_stays_is_followed_exactly():
    norms = drifting(lambda t, norm_sq: 4.0, HELD)
    found = forecast_of(norms, HELD, HELD)
    assert found.knows
    assert agrees("held", found.norm_sq, norms[-1], 0.0)
    assert not agrees("stays", norms[CUT], norms[-1], 0.0)
    assert found.low < norms[-1] < found.high
    assert found.equilibrium == pytest.approx(4.0, rel=1e-6)


def test_a_drive_that_falls_as_a_power_is_followed_as_far_as_stated():
    norms = drifting(lambda t, norm_sq: 4.0 * ((t + 1) / STEPS) ** -0.2, HELD)
    found = forecast_of(norms, HELD, HELD)
    assert agrees("falling", found.norm_sq, norms[-1], 0.07)
    assert not agrees("stays", norms[CUT], norms[-1], 0.07)


def test_noise_falls_with_the_rate_that_is_planned():
    factors = theory.schedules.cosine().factors(STEPS + 1)
    rate = 0.1 * factors
    decay = rate * (DECAY / 0.1)
    norms = drifting(lambda t, norm_sq: 6.0 * factors[t], decay)
    noise = {"noise_sq": 6.0 * factors[:2001:20] * decay[:2001:20] * (2 - decay[:2001:20]) / rate[:2001:20] ** 2}
    planned = forecast_of(norms, decay, rate, invariant=True, adaptive=True, **noise)
    assert planned.invariant
    assert agrees("planned", planned.norm_sq, norms[-1], 0.01)
    step = np.arange(0, CUT + 1, 20)
    record = theory.LayerRecord(step, norms[step], decay[step], rate[step], invariant=True, adaptive=True, **noise)
    blind = theory.forecast(record, theory.Ahead.held(decay[CUT], rate[CUT], STEPS - CUT))
    assert not agrees("blind to the schedule", blind.norm_sq, norms[-1], 0.01)


def test_an_invariant_layer_under_sgd_goes_with_one_over_its_norm():
    norms = drifting(lambda t, norm_sq: 16.0 / norm_sq, HELD)
    found = forecast_of(norms, HELD, HELD, invariant=True)
    assert agrees("invariant", found.norm_sq, norms[-1], 0.005)
    assert found.equilibrium == pytest.approx(4.0, rel=0.02)
    assert "normalisation" in found.reason
    blind = forecast_of(norms, HELD, HELD, invariant=False)
    assert not agrees("blind", blind.norm_sq, norms[-1], 0.005)


def test_an_equilibrium_that_is_reached_is_said_when():
    norms = drifting(lambda t, norm_sq: 4.0, HELD)
    found = forecast_of(norms, HELD, HELD)
    within = np.abs(np.sqrt(norms / 4.0) - 1) <= 0.05
    assert found.settles_after == pytest.approx(int(np.flatnonzero(within)[0]) - CUT, abs=15)
    slow = HELD / 4
    assert forecast_of(drifting(lambda t, norm_sq: 400.0, slow), slow, slow).settles_after is None


def test_a_signal_that_shrinks_the_layer_cannot_be_known():
    found = forecast_of(drifting(lambda t, norm_sq: -0.5 * norm_sq, HELD), HELD, HELD)
    assert not found.knows
    assert found.equilibrium is None
    assert "cannot know" in found.reason


def test_without_decay_there_is_no_clock():
    flat, none = np.full(STEPS + 1, 4.0), np.zeros(STEPS + 1)
    with pytest.raises(theory.InvalidArgument, match="decay must have taken"):
        forecast_of(flat, none, HELD)


@pytest.mark.parametrize("known", [True, False])
def test_layers_before_a_normalisation_are_recognised(known):
    rng = np.random.default_rng(3)
    w, g = rng.standard_normal((2, 40, 900))
    right = g - w * (np.sum(w * g, 1) / np.sum(w * w, 1))[:, None]
    step, norm_sq, rates = np.arange(40), np.sum(w * w, 1), np.full(40, 1e-3)
    found = []
    for gradient in (right, g):
        beside = {"alignment": np.sum(w * gradient, 1), "grad_sq": np.sum(gradient**2, 1)}
        record = theory.LayerRecord(step, norm_sq, rates, rates, weights=900 if known else 0, **beside)
        found.append((is_invariant(record), cosine(record)))
    assert [told for told, _ in found] == [True, False]
    assert found[1][1] > 1000 * found[0][1]


def test_without_gradients_nothing_tells_who_is_invariant():
    norms = drifting(lambda t, norm_sq: 4.0, HELD)
    found = forecast_of(norms, HELD, HELD)
    assert found.invariant is None
    assert "no gradients" in found.reason
