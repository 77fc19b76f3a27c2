import dataclasses

import numpy as np
import pytest
import sympy as sp

import theory
from theory import DerivationError, InvalidArgument, NoEquilibrium
from theory.layer.budget import derive_norm_balance


def test_every_step_is_proved_and_a_wrong_one_is_found():
    derivation = derive_norm_balance().check()
    for step in derivation.steps:
        wrong = dataclasses.replace(step, equation=sp.Eq(step.equation.lhs, step.equation.rhs * 2))
        with pytest.raises(DerivationError):
            wrong.check()


def test_identity_holds_step_by_step():
    """Any weights, any gradients: the budget is the change of the squared norm, to rounding."""
    rng = np.random.default_rng(0)
    n, lam, eta = 700.0, 31.0, 0.3
    w, g = rng.standard_normal(50), rng.standard_normal(50)
    budget = theory.norm_budget(n, lam, eta, norm_sq=w @ w, grad_sq=g @ g, alignment=w @ g)
    after = (1 - eta * lam / n) * w - eta * g
    assert budget.total == pytest.approx(after @ after - w @ w, rel=1e-12)
    without_noise = budget.decay + budget.signal
    assert without_noise != pytest.approx(after @ after - w @ w, rel=1e-2)


def test_stationary_norm_is_where_the_budget_closes():
    balance = theory.norm_balance(100, 10.0, 0.1, grad_sq=2.0, alignment=-0.3)
    budget = theory.norm_budget(100, 10.0, 0.1, norm_sq=balance.norm_sq, grad_sq=2.0, alignment=-0.3)
    assert budget.total == pytest.approx(0, abs=1e-15)
    assert balance.rms(25) == pytest.approx(np.sqrt(balance.norm_sq) / 5)


def test_single_weight_noise_is_the_random_walk():
    """White noise does not align with the weight: the balance is the equilibrium of one weight."""
    eq = theory.equilibrium(100, 10.0, 0.1)
    assert theory.norm_balance(100, 10.0, 0.1, grad_sq=eq.noise**2, alignment=0.0).norm_sq == pytest.approx(eq.variance)


def test_errors_propagate():
    rng = np.random.default_rng(1)
    G, A, sG, sA = 2.0, -0.3, 0.05, 0.004
    balance = theory.norm_balance(100, 10.0, 0.1, grad_sq=G, alignment=A, grad_sq_error=sG, alignment_error=sA)
    drawn = theory.norm_balance(
        100, 10.0, 0.1, grad_sq=G + sG * rng.standard_normal(20_000), alignment=A + sA * rng.standard_normal(20_000)
    )
    assert balance.norm_sq_error == pytest.approx(drawn.norm_sq.std(), rel=0.02)
    assert balance.rms_error(9) == pytest.approx(np.sqrt(drawn.norm_sq / 9).std(), rel=0.02)
    with pytest.raises(InvalidArgument, match="no error is known"):
        drawn.rms_error(9)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"alignment": 30.0}, NoEquilibrium, "noise and signal together .* nothing holds the layer up"),
        ({"grad_sq": [2.0, 0.0], "alignment": 0.0}, NoEquilibrium, r"index \(1,\)"),
        ({"lam": 0.0}, NoEquilibrium, "nothing holds the layer back"),
        ({"lam": 3000.0}, InvalidArgument, "overshoots"),
        ({"grad_sq": -1.0}, InvalidArgument, "grad_sq must be zero or positive"),
        ({"alignment": float("nan")}, InvalidArgument, "alignment must be finite"),
        ({"grad_sq_error": 0.1}, InvalidArgument, "give both"),
    ],
)
def test_refusals(change, kind, message):
    arguments = {"n": 100, "lam": 10.0, "eta": 0.1, "grad_sq": 2.0, "alignment": -0.3} | change
    arguments = {k: np.array(v) if isinstance(v, list) else v for k, v in arguments.items()}
    with pytest.raises(kind, match=message):
        theory.norm_balance(**arguments)


def test_arguments_that_do_not_go_together():
    with pytest.raises(InvalidArgument, match="must broadcast, got grad_sq"):
        theory.norm_balance(100, 10.0, 0.1, grad_sq=[2.0, 3.0], alignment=[-0.1, -0.2, -0.3])
    with pytest.raises(InvalidArgument, match="weights must be a whole number"):
        theory.norm_balance(100, 10.0, 0.1, grad_sq=2.0, alignment=-0.3).rms(-3)
    with pytest.raises(InvalidArgument, match="must be at most 2"):
        theory.norm_budget(100, 3000.0, 0.1, norm_sq=1.0, grad_sq=2.0, alignment=-0.3)
    lists = theory.norm_balance(100, 10.0, 0.1, grad_sq=[2, 3], alignment=[-1, -2])
    np.testing.assert_allclose(
        lists.norm_sq,
        [theory.norm_balance(100, 10.0, 0.1, grad_sq=g, alignment=a).norm_sq for g, a in ((2, -1), (3, -2))],
    )


@pytest.mark.parametrize("momentum", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("decay", [1e-4, 1e-2])
def test_momentum_counts_a_gradient_more_than_once(momentum, decay):
    """Against the exact law of heavy-ball momentum under white noise, with the error that the docstring states."""
    lr, noise = 0.1 * (1 - momentum), 0.3
    exact = theory.equilibrium(lr=lr, weight_decay=decay / 0.1, noise=noise, optimizer=theory.SGD(momentum)).scale ** 2
    found = theory.norm_balance(1.0, decay / 0.1, lr, grad_sq=noise**2, alignment=0.0, momentum=momentum).norm_sq
    stated = momentum / (1 + momentum) * decay
    assert found / exact - 1 == pytest.approx(stated, rel=0.02)
    plain = theory.norm_balance(1.0, decay / 0.1, lr, grad_sq=noise**2, alignment=0.0).norm_sq
    assert abs(plain / exact - 1) > 10 * stated


def test_a_momentum_that_never_forgets_is_refused():
    with pytest.raises(theory.InvalidArgument, match="momentum"):
        theory.norm_balance(1.0, 0.1, 0.1, grad_sq=1.0, alignment=0.0, momentum=1.0)
