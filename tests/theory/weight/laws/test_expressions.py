"""The expression that people are shown is the law's own leading order: at small rates it is the scale."""

import pytest
import sympy as sp

import theory
from theory import Adam, AdamW, InvalidArgument, NAdam, RAdam
from theory.symbols import ARGUMENTS

N, LAM, ETA, NOISE = 1000.0, 400.0, 1e-4, 0.02
CASES = [
    (Adam((0.9, 0.99)), 0.0), (Adam((0.9, 0.99)), 0.3), (AdamW((0.9, 0.99)), 0.0), (AdamW((0.9, 0.99)), 0.3),
    (NAdam((0.9, 0.99)), 0.3), (NAdam((0.9, 0.99), decoupled_weight_decay=True), 0.3),
    (RAdam((0.9, 0.99), decoupled_weight_decay=True), 0.3), (theory.Lion(), 0.0), (theory.Signum(0.9), 0.0),
    (theory.SGD(0.9), 0.3), (theory.SGDW(0.9), 0.3),
]  # fmt: skip


def shown(eq):
    """The expression in numbers, S and A those of the law's step."""
    values = {symbol: getattr(eq, name) for symbol, name in ARGUMENTS.items()}
    known = {"mu": getattr(eq.optimizer, "momentum", None)}
    if hasattr(eq.law, "steps"):
        known |= {"S": float(eq.law.steps.summed(1.0)), "A": eq.law.steps.response}
    elif hasattr(eq.law, "summed"):
        known |= {"S": float(eq.law.summed(1.0))}
    left = {s: known[s.name] for s in eq.expression.free_symbols if s not in values}
    return float(eq.expression.subs(values | left))


@pytest.mark.parametrize(("optimizer", "curvature"), CASES)
def test_the_expression_is_the_scale_at_small_rates(optimizer, curvature):
    eq = theory.equilibrium(N, LAM, ETA, noise=NOISE, curvature=curvature, optimizer=optimizer)
    assert shown(eq) == pytest.approx(eq.scale, rel=0.01)
    if curvature:
        flat = theory.equilibrium(N, LAM, ETA, noise=NOISE, optimizer=optimizer)
        assert shown(eq) != pytest.approx(flat.scale, rel=0.02)


@pytest.mark.parametrize("optimizer", [AdamW(), theory.Lion(), theory.Signum(), RAdam(decoupled_weight_decay=True)])
def test_a_curvature_in_symbols_is_not_dropped(optimizer):
    n, lam, eta, h, sigma = sp.symbols("n lambda eta h sigma", positive=True)
    eq = theory.equilibrium(n, lam, eta, noise=sigma, curvature=h, optimizer=optimizer)
    assert "h" in {symbol.name for symbol in eq.expression.free_symbols}
    for name in ("variance", "shrink"):
        with pytest.raises((NotImplementedError, InvalidArgument)):
            getattr(eq, name)
