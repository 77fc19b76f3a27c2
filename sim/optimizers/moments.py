"""What Adam and AdamW share: averages of the gradient and of its square, corrected for their start from zero."""

from __future__ import annotations

import numpy as np

__all__ = ["EPSILON", "Moments"]

EPSILON = 1e-8  # torch.optim's default: far below the gradient noise of any run here


class Moments:
    """The first and the second moment of the gradients so far, with memories `beta1` and `beta2` per step."""

    def __init__(self, beta1: float, beta2: float, shape: tuple[int, ...]) -> None:
        self.beta1, self.beta2 = beta1, beta2
        self.first, self.second = np.zeros(shape), np.zeros(shape)
        self.steps = 0

    def step(self, w: np.ndarray, gradient: np.ndarray, eta: float) -> None:
        """Average the gradient and its square, correct both, and step: w changes in place."""
        self.steps += 1
        self.first += (1 - self.beta1) * (gradient - self.first)
        self.second *= self.beta2
        self.second += (1 - self.beta2) * gradient**2
        root = np.sqrt(self.second)
        root /= np.sqrt(1 - self.beta2**self.steps)
        root += EPSILON
        w -= eta / (1 - self.beta1**self.steps) * self.first / root
