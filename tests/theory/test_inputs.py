"""Numbers of any kind in, the same answer out: a float for one number, an array for many, whatever they came in."""

import numpy as np
import pandas as pd
import pytest

import theory

INDEX = [5, 6, 7]  # not from 0 on: what is asked for by place must not be looked up by label
ETAS = np.array([0.1, 0.2, 0.3])

CASES = {
    "scale": lambda eta: theory.equilibrium(50_000, 5.0, eta).scale,
    "momentum": lambda eta: theory.equilibrium(50_000, 5.0, eta, optimizer=theory.SGD(0.9)).variance,
    "adamw": lambda eta: theory.equilibrium(50_000, 5.0, eta, optimizer="adamw").scale,
    "rms": lambda eta: theory.equilibrium(50_000, 5.0, 0.1).rms(10, start=eta),
    "tail-off": lambda eta: theory.equilibrium(50_000, 5.0, 0.1).tail_off(eta),
    "meeting": lambda eta: theory.equilibrium(50_000, 5.0, eta).inverse_sqrt_n.lam_white,
    "balance": lambda g: theory.norm_balance(50_000, 160.0, 0.1, grad_sq=g, alignment=-0.2).norm_sq,
    "budget": lambda g: theory.norm_budget(50_000, 160.0, 0.1, norm_sq=1.0, grad_sq=g, alignment=-0.2).total,
}


@pytest.mark.parametrize("call", CASES.values(), ids=list(CASES))
def test_many_numbers_of_any_kind_are_an_array(call):
    plain = call(ETAS)
    for given in (ETAS.tolist(), pd.Series(ETAS, index=INDEX), ETAS.astype(np.float32)):
        found = call(given)
        assert type(found) is np.ndarray
        np.testing.assert_allclose(found, plain, rtol=1e-6)


@pytest.mark.parametrize("call", CASES.values(), ids=list(CASES))
def test_one_number_of_any_kind_is_a_number(call):
    plain = call(0.5)
    for given in (np.float32(0.5), np.float64(0.5), np.array(0.5)):
        found = call(given)
        assert isinstance(found, float | int)
        assert found == plain


def test_single_precision_is_not_computed_in():
    """0.1 in single precision is another number, 1.5e-8 off; what comes of it has all digits of a double."""
    found = theory.equilibrium(np.float32(50_000), np.float32(5), np.float32(0.1)).scale
    assert found == theory.equilibrium(50_000, 5.0, float(np.float32(0.1))).scale


def test_an_answer_for_many_is_printed():
    many = theory.equilibrium(50_000, 5.0, pd.Series(ETAS, index=INDEX))
    assert "0.14142" in str(many)
    assert "31.62" in str(many.inverse_sqrt_n)
