"""The update of `torch.optim.Muon`, written out, on arrays of matrices."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from sim.optimizers.rule import MakeRule, rule_of
from theory.settings import InvalidArgument, Muon

__all__ = ["MuonRule", "orthogonalise"]


def orthogonalise(matrices: np.ndarray, settings: Muon) -> np.ndarray:
    """Return matrices with nearly orthogonal rows or columns: Newton-Schulz, or the polar factors themselves.

    Parameters
    ----------
    matrices : ndarray, shape (..., rows, columns)
        In double precision; PyTorch rounds to bfloat16.
    settings : Muon
        With the polynomial's coefficients, and how often it is applied.
    """
    if settings.ns_steps is None:
        left, _, right = np.linalg.svd(matrices, full_matrices=False)
        return np.asarray(left @ right)
    a, b, c = settings.ns_coefficients
    tall = matrices.shape[-2] > matrices.shape[-1]
    X = matrices.swapaxes(-1, -2) if tall else matrices
    X = X / np.maximum(np.linalg.norm(X, axis=(-2, -1), keepdims=True), settings.eps)
    for _ in range(settings.ns_steps):
        gram = X @ X.swapaxes(-1, -2)
        X = a * X + (b * gram + c * gram @ gram) @ X
    return np.asarray(X.swapaxes(-1, -2) if tall else X)


class MuonRule:
    """Average the gradient, look ahead (Nesterov), orthogonalise, step; the decay takes the unadjusted rate."""

    def __init__(self, settings: Muon, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        if len(shape) < 2:
            raise InvalidArgument(f"Muon needs weights of shape (..., rows, columns), got {shape}.")
        self.settings, self.decay, self.eta = settings, decay, eta
        self.average = np.zeros(shape)
        rows, columns = shape[-2:]
        if settings.adjust_lr_fn == "match_rms_adamw":
            self.adjustment = 0.2 * math.sqrt(max(rows, columns))
        else:
            self.adjustment = math.sqrt(max(1, rows / columns))

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Let the average follow the gradient, decay, step along the orthogonalised update."""
        momentum = self.settings.momentum
        self.average *= momentum
        self.average += (1 - momentum) * gradient
        update = (1 - momentum) * gradient + momentum * self.average if self.settings.nesterov else self.average
        w *= 1 - self.eta * self.decay
        w -= self.eta * self.adjustment * orthogonalise(update, self.settings)


@rule_of.register
def _(optimizer: Muon) -> MakeRule:
    return partial(MuonRule, optimizer)
