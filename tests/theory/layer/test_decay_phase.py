import dataclasses
import math

import pytest
import sympy as sp

import theory
from theory import DerivationError, InvalidArgument, NoEquilibrium
from theory.layer.decay_phase import derive_decay_phase


def test_the_textbook_s_rate():
    phase = theory.decay_phase(50_000, 5.0, 0.1, start=1.0, scale=784**-0.5, batch_size=10)
    assert phase.epochs == pytest.approx(10 / 0.5 * math.log(28), rel=1e-4)
    assert phase.steps == pytest.approx(phase.epochs * 5000)
    shrink = theory.equilibrium(50_000, 5.0, 0.1).shrink
    assert shrink**phase.steps == pytest.approx(1 / 28, rel=1e-9)


def test_tail_off_is_where_the_transient_enters_the_band():
    s, start, within = 0.2, 1.0, 0.05
    phase = theory.decay_phase(50_000, 5.0, 0.1, start=start, scale=s, batch_size=10)
    a = theory.equilibrium(50_000, 5.0, 0.1).shrink

    def rms(t):
        return math.sqrt(s**2 + (start**2 - s**2) * a ** (2 * t))

    t = phase.tail_off(within)
    assert rms(t) <= (1 + within) * s < rms(t - 1)


def test_refusals():
    with pytest.raises(InvalidArgument, match="decay does not raise weights"):
        theory.decay_phase(100, 5.0, 0.1, start=0.1, scale=1.0, batch_size=10)
    with pytest.raises(InvalidArgument, match="scale must be positive"):
        theory.decay_phase(100, 5.0, 0.1, start=0.1, scale=0.0, batch_size=10)
    with pytest.raises(InvalidArgument, match=r"eta lam / n must be between 0 and 1.*got 1\.5"):
        theory.decay_phase(100, 500.0, 0.3, start=1.0, scale=0.1, batch_size=10)
    with pytest.raises(NoEquilibrium, match="lam = 0"):
        theory.decay_phase(100, 0.0, 0.3, start=1.0, scale=0.1, batch_size=10)


def test_the_derivation_proves_itself_and_a_wrong_one_is_found():
    derivation = derive_decay_phase().check()
    for step in derivation.steps:
        wrong = dataclasses.replace(step, equation=sp.Eq(step.equation.lhs, step.equation.rhs * 2))
        with pytest.raises(DerivationError):
            wrong.check()


def test_a_small_rate_keeps_its_digits():
    """At eta lam/n = 1e-17 the shrink rounds to one."""
    phase = theory.decay_phase(1.0, 1e-17, 1.0, start=2.0, scale=1.0, batch_size=1)
    assert phase.steps == pytest.approx(math.log(2) * 1e17, rel=1e-14)
