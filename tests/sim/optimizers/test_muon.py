"""Muon's update: by hand, against torch.optim in double precision, and what it makes of singular values."""

import numpy as np
import pytest

from sim.optimizers.muon import orthogonalise
from sim.optimizers.rule import rule_of
from theory.settings import InvalidArgument, Muon


def test_the_polynomial_acts_on_the_singular_values():
    X = np.random.default_rng(1).standard_normal((3, 5, 8))
    for matrices in (X, X.swapaxes(1, 2)):
        u, s, vt = np.linalg.svd(matrices, full_matrices=False)
        value = s / np.linalg.norm(s, axis=-1, keepdims=True)
        for _ in range(5):
            value = 3.4445 * value - 4.775 * value**3 + 2.0315 * value**5
        np.testing.assert_allclose(orthogonalise(matrices, Muon()), u * value[:, None] @ vt, atol=1e-12)
        polar = orthogonalise(matrices, Muon(ns_steps=None))
        np.testing.assert_allclose(polar, u @ vt, atol=1e-12)


def test_by_hand():
    """One row: the polar factor is the row over its length; rate 0.2 sqrt(2), the decay at rate 0.1."""
    w = np.zeros((1, 1, 4))
    w[..., 0] = 1
    rule = rule_of(Muon(0.5, ns_steps=None, adjust_lr_fn="match_rms_adamw"))(0.3, 0.1, w.shape)
    rule.step(w, np.array([[[3.0, 4.0, 0.0, 0.0]]]))
    np.testing.assert_allclose(w.ravel(), [0.97 - 0.04 * 0.6, -0.04 * 0.8, 0, 0])
    rule.step(w, np.array([[[-3.0, 0.0, 0.0, 0.0]]]))  # memory (1.5, 2) -> (-0.75, 1), ahead: (-1.875, 0.5)
    ahead = np.array([-1.875, 0.5, 0, 0]) / np.hypot(1.875, 0.5)
    np.testing.assert_allclose(w.ravel(), 0.97 * np.array([0.946, -0.032, 0, 0]) - 0.04 * ahead)


@pytest.mark.parametrize("shape", [(20, 30), (30, 20)])
@pytest.mark.parametrize(
    "settings", [{}, {"nesterov": False, "adjust_lr_fn": "match_rms_adamw"}, {"momentum": 0.8, "ns_steps": 3}]
)
def test_weight_for_weight_as_torch(settings, shape, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda self: self.double().clone())  # its own rounds to three digits
    rng = np.random.default_rng(2)
    w = rng.standard_normal(shape)
    theirs = torch.nn.Parameter(torch.tensor(w))
    optimizer = torch.optim.Muon([theirs], lr=0.02, weight_decay=0.5, **settings)
    rule = rule_of(Muon(**settings))(0.5, 0.02, w.shape)
    for _ in range(20):
        g = rng.standard_normal(shape)
        theirs.grad = torch.tensor(g)
        optimizer.step()
        rule.step(w, g)
    np.testing.assert_allclose(w, theirs.detach().numpy(), rtol=0, atol=1e-12)


def test_vectors_are_refused():
    with pytest.raises(InvalidArgument, match="rows, columns"):
        rule_of(Muon())(0.1, 0.1, (50,))
