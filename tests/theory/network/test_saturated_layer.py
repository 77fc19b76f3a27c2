"""A saturated layer: what of its gradient is awake, and the exponents that follow."""

import dataclasses

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.special import expit

import theory
from theory import DerivationError, InvalidArgument

DENSITY, TILT, RESPONSE = 0.4, 0.25, 0.8  # p and its slope at the threshold, r
AVERAGED = {  # of u = f z, over z
    "awake": lambda u: expit(u) * expit(-u),
    "noise": lambda u: (expit(u) * expit(-u)) ** 2,
    "response": lambda u: u * expit(u) * expit(-u) * RESPONSE * (expit(u) - 0.5),
    "drift": lambda u: u * expit(u) * expit(-u),
}


def test_every_step_is_proved_and_a_wrong_one_is_found():
    derivation = theory.derive_saturated_layer().check()
    for step in derivation.steps:
        wrong = dataclasses.replace(step, equation=sp.Eq(step.equation.lhs, step.equation.rhs * 2))
        with pytest.raises(DerivationError):
            wrong.check()


@pytest.mark.parametrize("wrong", [{"R": 2}, {"S": -1}, {"N": 2}, {"T": 3}])
def test_the_balance_follows_from_a_step_of_training(wrong):
    step = next(step for step in theory.derive_saturated_layer().steps if step.name == "balance")
    by_name = {symbol.name: symbol for symbol in step.equation.free_symbols}
    right = step.equation.rhs.subs({by_name[name]: factor * by_name[name] for name, factor in wrong.items()})
    with pytest.raises(DerivationError, match="balance"):
        dataclasses.replace(step, equation=sp.Eq(step.equation.lhs, right)).check()


@pytest.mark.parametrize("step", AVERAGED)
def test_what_is_awake_by_quadrature(step):
    """Inputs within +-1 of the threshold, of a density that is linear there; half of f is told apart."""

    def measured(f):
        return quad(lambda z: (DENSITY + TILT * z) * AVERAGED[step](f * z), -1, 1, points=[-9 / f, 9 / f], limit=200)[0]

    def predicted(f):
        symbols = dict(zip("fprq", (f, DENSITY, RESPONSE, TILT), strict=True))
        right = theory.derive_saturated_layer()[step].rhs
        return float(right.subs({symbol: symbols[symbol.name] for symbol in right.free_symbols}))

    assert predicted(60.0) == pytest.approx(measured(60.0), rel=1e-6)
    assert predicted(60.0) != pytest.approx(measured(30.0), rel=0.1)


NOISE, RATE, DRIFT, PULL = 40.0, 0.01, 30.0, 0.1  # N, T, S, R


def log_slope(of, at):
    return float(np.log(of(1.001 * at) / of(at / 1.001)) / (2 * np.log(1.001)))


def test_noise_alone_gives_minus_a_third():
    def rms(lam):
        return np.sqrt(theory.noise_held_norm(5e4, lam, 0.1, NOISE, batch_size=10))

    assert log_slope(rms, 5.0) == pytest.approx(theory.exponent_with_noise(1.0, 0.7))
    held = rms(5.0) ** 2  # where decay takes what noise brings
    assert 2 * 5 / 5e4 * held == pytest.approx(RATE * NOISE / np.sqrt(held))


def test_the_exponent_of_a_balance_of_noise_and_signal():
    """The balance is solved as a polynomial in sqrt(W); a slope of the signal off by a tenth is rejected."""

    def rms(k):
        roots = np.roots([2 * k, 0, 0, -(RATE * NOISE - PULL), -DRIFT])
        return float(roots[(abs(roots.imag) < 1e-9) & (roots.real > 0)].real[0])

    def signal(W):
        return DRIFT / W - PULL / np.sqrt(W)

    k = 1e-4
    W = rms(k) ** 2
    share, sigma, measured = RATE * NOISE / np.sqrt(W) / (2 * k * W), log_slope(signal, W), log_slope(rms, k)
    assert 0.1 < share < 0.9
    assert theory.exponent_with_noise(share, sigma) == pytest.approx(measured, rel=1e-4)
    assert theory.exponent_with_noise(share, 1.1 * sigma) != pytest.approx(measured, rel=1e-2)
    assert measured != pytest.approx(-1 / 3, rel=1e-2)


def test_refusals():
    with pytest.raises(InvalidArgument, match="noise_share"):
        theory.exponent_with_noise(1.1, 0.0)
    with pytest.raises(InvalidArgument, match="signal_slope must be below 1 "):
        theory.exponent_with_noise(0.0, 1.0)
    with pytest.raises(InvalidArgument, match="noise must be positive"):
        theory.noise_held_norm(5e4, 5.0, 0.1, 0.0)
