"""Muon: the chaos expansion against its closed forms, published numbers, and what is refused."""

import numpy as np
import pytest

import theory
from theory import Lion, Muon
from theory.weight.laws.orthogonalised import orthogonalised
from theory.weight.laws.signs import sign_sum

POLAR = Muon(ns_steps=None)
NUMBERS = {"lr": 0.02, "weight_decay": 0.5}


def sums(optimizer, shape):
    """Return S(1) and C_0 of r matrices' entries, in units of the adjusted rate."""
    law = theory.equilibrium(**NUMBERS, optimizer=optimizer, shape=shape).law
    unit = max(shape) / law.adjusted**2
    return law.summed(1.0) * unit, law.series.alone * unit


def test_square_polar_factors():
    series = orthogonalised(POLAR, (64, 64), 0.9)
    k = 2 * np.arange(len(series.coefficients)) + 1
    np.testing.assert_allclose(series.coefficients, 16 / np.pi**2 * ((k + 1) / (k * (k + 2))) ** 2, atol=1e-8)
    assert series.coefficients[0] == pytest.approx(64 / (9 * np.pi**2))
    assert series.alone == pytest.approx(1)


def test_rectangular_polar_factors():
    series = orthogonalised(POLAR, (64, 256), 0.9)
    np.testing.assert_allclose(series.coefficients[:3], [0.93642, 0.05462, 0.00741], atol=6e-6)
    flat = orthogonalised(POLAR, (4, 40_000), 0.9)
    assert flat.coefficients[0] == pytest.approx(1, abs=1e-4)  # very wide: the correlation itself


@pytest.mark.parametrize(
    ("optimizer", "shape", "summed", "alone"),
    [
        (POLAR, (128, 128), 24.999, 1),
        (POLAR, (768, 3072), 31.288, 1),
        (Muon(), (128, 128), 18.445, 0.787),
        (Muon(), (512, 512), 22.609, 0.882),
        (Muon(), (1024, 1024), 20.633, 0.829),
        (Muon(), (4096, 4096), 18.795, 0.766),
        (Muon(), (768, 3072), 27.477, 0.907),
        (Muon(), (3072, 768), 27.477, 0.907),
        (Muon(), (1024, 4096), 29.297, 0.931),
    ],
)
def test_published(optimizer, shape, summed, alone):
    found = sums(optimizer, shape)
    assert found[0] == pytest.approx(summed, abs=1e-3)
    assert found[1] == pytest.approx(alone, abs=6e-4)


def test_variance_published():
    assert theory.equilibrium(**NUMBERS, optimizer="muon", shape=(128, 128)).variance == pytest.approx(
        2.44544e-3, rel=3e-6
    )
    assert theory.equilibrium(**NUMBERS, optimizer=POLAR, shape=(128, 128)).variance == pytest.approx(
        3.30929e-3, rel=3e-6
    )


def test_coefficients_sum_to_the_step_itself():
    for optimizer in (POLAR, Muon(), Muon(ns_coefficients=(1.5, -0.5, 0.0), ns_steps=12)):
        series = orthogonalised(optimizer, (40, 100), 0.99999)
        assert series.coefficients.sum() == pytest.approx(series.alone, rel=1e-5)


def test_a_converging_polynomial_is_the_polar_factor():
    cubic = Muon(ns_coefficients=(1.5, -0.5, 0.0), ns_steps=40)
    assert sums(cubic, (48, 120))[0] == pytest.approx(sums(POLAR, (48, 120))[0], rel=1e-6)


def test_match_rms_adamw_does_what_it_says():
    """At the default momentum, with exact orthogonalisation: AdamW's sqrt(lr / 2 wd)."""
    eq = theory.equilibrium(lr=1e-4, weight_decay=0.1, shape=(512, 512),
                            optimizer=Muon(ns_steps=None, adjust_lr_fn="match_rms_adamw"))  # fmt: skip
    assert eq.scale == pytest.approx(np.sqrt(1e-4 / 0.2), rel=1e-3)
    less = theory.equilibrium(lr=1e-4, weight_decay=0.1, shape=(512, 512),
                              optimizer=Muon(0.9, ns_steps=None, adjust_lr_fn="match_rms_adamw"))  # fmt: skip
    assert less.scale < 0.75 * eq.scale


def test_adjusted_rates():
    tall, wide = (theory.equilibrium(**NUMBERS, optimizer="muon", shape=s) for s in ((400, 100), (100, 400)))
    assert tall.scale == pytest.approx(2 * wide.scale)
    matched = theory.equilibrium(**NUMBERS, optimizer=Muon(adjust_lr_fn="match_rms_adamw"), shape=(100, 400))
    assert matched.scale / wide.scale == pytest.approx(0.2 * 20)


def test_its_memory_is_lions():
    """A series of the arcsine law's coefficients would make it Lion with betas mu^2 and mu."""
    law = theory.equilibrium(**NUMBERS, optimizer=Muon(0.9), shape=(64, 64)).law
    assert law.betas == (0.9**2, 0.9)
    lion = theory.equilibrium(**NUMBERS, optimizer=Lion((0.9**2, 0.9))).law
    assert lion.series.largest == law.series.largest
    assert lion.summed(1.0) == sign_sum(1.0, 0.9**2, 0.9)


def test_the_way_there_arrives():
    eq = theory.equilibrium(**NUMBERS, optimizer="muon", shape=(128, 128))
    run = theory.trajectory(**NUMBERS, optimizer="muon", shape=(128, 128), steps=4000, start=0.2)
    assert run.rms[-1] == pytest.approx(eq.scale, rel=1e-6)
    assert eq.rms(100, 0.2) == pytest.approx(run.rms[100])
    assert run.variance[1] == pytest.approx(0.99**2 * 0.04 + 0.02**2 * eq.law.series.alone)
    assert eq.tail_off(0.2) > 0
    assert eq.relaxation_time == pytest.approx(-1 / np.log(0.99))
    assert 0.02 < eq.law.step_angle < 0.04


def test_refusals():
    with pytest.raises(theory.InvalidArgument, match="shape must be"):
        theory.equilibrium(**NUMBERS, optimizer="muon")
    with pytest.raises(theory.InvalidArgument, match="shape must be"):
        theory.trajectory(**NUMBERS, optimizer="muon", shape=(3, 3, 10), steps=10)
    with pytest.raises(NotImplementedError, match="large matrices"):
        theory.equilibrium(**NUMBERS, optimizer="muon", shape=(1, 100))
    with pytest.raises(NotImplementedError, match="curvature"):
        theory.equilibrium(**NUMBERS, optimizer="muon", shape=(64, 64), curvature=0.1)
    with pytest.raises(NotImplementedError, match="eps"):
        theory.equilibrium(**NUMBERS, optimizer="muon", shape=(64, 64), noise=1e-10)
    with pytest.raises(theory.InvalidArgument, match="diverge"):
        _ = theory.equilibrium(**NUMBERS, optimizer=Muon(ns_coefficients=(9.0, 9.0, 9.0)), shape=(64, 64)).variance


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"momentum": 1.0}, "momentum"),
        ({"ns_steps": 100}, "below 100"),
        ({"ns_steps": 0}, "ns_steps must be"),
        ({"ns_coefficients": (1.0, 2.0)}, "three numbers"),
        ({"ns_coefficients": (1.0, 2.0, np.inf)}, "finite"),
        ({"adjust_lr_fn": "keller"}, "match_rms_adamw"),
        ({"eps": -1.0}, "eps"),
        ({"nesterov": 1}, "nesterov"),
    ],
)
def test_settings_are_checked(wrong, message):
    with pytest.raises(theory.InvalidArgument, match=message):
        Muon(**wrong)
