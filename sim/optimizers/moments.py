"""What Adam and its variants share: averages of the gradient and of its square, corrected for their start from zero."""

from __future__ import annotations

import numpy as np

__all__ = ["Moments"]


class Moments:
    """The first and the second moment of the gradients so far, with memories `betas` per step.

    With `amsgrad` the denominator is the largest second moment so far, taken before the correction as PyTorch does.
    """

    def __init__(self, betas: tuple[float, float], eps: float, shape: tuple[int, ...], amsgrad: bool = False) -> None:
        (self.beta1, self.beta2), self.eps = betas, eps
        self.first, self.second = np.zeros(shape), np.zeros(shape)
        self.largest = np.zeros(shape) if amsgrad else self.second
        self.steps = 0

    def add(self, gradient: np.ndarray) -> None:
        """Average the gradient and its square."""
        self.steps += 1
        self.first += (1 - self.beta1) * (gradient - self.first)
        self.second *= self.beta2
        self.second += (1 - self.beta2) * gradient**2
        if self.largest is not self.second:
            np.maximum(self.largest, self.second, out=self.largest)

    def denominator(self) -> np.ndarray:
        """Return the root of the corrected second moment, and `eps`."""
        root = np.sqrt(self.largest)
        root /= np.sqrt(1 - self.beta2**self.steps)
        root += self.eps
        return np.asarray(root)

    def step(self, w: np.ndarray, gradient: np.ndarray, eta: float) -> None:
        """Average the gradient and its square, correct both, and step: w changes in place."""
        self.add(gradient)
        w -= eta / (1 - self.beta1**self.steps) * self.first / self.denominator()
