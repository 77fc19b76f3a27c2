"""The optimizers' updates written out, step by step on arrays of independent weights, as PyTorch does them.

Each rule holds its own memory and changes the weights in place: `rule.step(w, gradient)`. Bias corrections and Adam's
epsilon are those of `torch.optim`. No formula for the outcome is used anywhere: this is what the theory is tested
against.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from theory.settings import SGD, Adam, AdamW, Lion, Optimizer

__all__ = ["AdamRule", "LionRule", "Rule", "SGDRule", "rule"]

EPSILON = 1e-8  # of Adam, torch.optim's default: far below the gradient noise of any run here


class Rule(Protocol):
    """One optimizer at work on one array of weights."""

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Change `w` in place by one step along `gradient`."""


class SGDRule:
    """`torch.optim.SGD`: momentum, Nesterov, decay in the gradient or (SGDW) beside it."""

    def __init__(self, settings: SGD, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.buffer = np.zeros(shape)

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Decay, sum into the buffer, step along the buffer (Nesterov: along the gradient and the buffer)."""
        momentum = self.settings.momentum
        if self.settings.decoupled:
            w *= 1 - self.eta * self.decay
        else:
            gradient = gradient + self.decay * w
        if momentum:
            self.buffer *= momentum
            self.buffer += gradient
            gradient = gradient + momentum * self.buffer if self.settings.nesterov else self.buffer
        w -= self.eta * gradient


class AdamRule:
    """`torch.optim.AdamW`, or with coupled decay `torch.optim.Adam`."""

    def __init__(self, settings: Adam | AdamW, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.first, self.second = np.zeros(shape), np.zeros(shape)
        self.steps = 0

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Decay, average the gradient and its square, correct both for their start from zero, step."""
        beta1, beta2 = self.settings.beta1, self.settings.beta2
        self.steps += 1
        if isinstance(self.settings, AdamW):
            w *= 1 - self.eta * self.decay
        else:
            gradient = gradient + self.decay * w
        self.first += (1 - beta1) * (gradient - self.first)
        self.second *= beta2
        self.second += (1 - beta2) * gradient**2
        root = np.sqrt(self.second)
        root /= np.sqrt(1 - beta2**self.steps)
        root += EPSILON
        w -= self.eta / (1 - beta1**self.steps) * self.first / root


class LionRule:
    """Lion, as in algorithm 2 of Chen et al. 2023: step along the sign, then update the memory."""

    def __init__(self, settings: Lion, decay: float, eta: float, shape: tuple[int, ...]) -> None:
        self.settings, self.decay, self.eta = settings, decay, eta
        self.memory = np.zeros(shape)

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Step by the sign of the interpolated gradient and decay, then let the memory follow the gradient."""
        beta1, beta2 = self.settings.beta1, self.settings.beta2
        direction = np.sign(beta1 * self.memory + (1 - beta1) * gradient)
        w -= self.eta * (direction + self.decay * w)
        self.memory *= beta2
        self.memory += (1 - beta2) * gradient


def rule(optimizer: Optimizer, decay: float, eta: float, shape: tuple[int, ...]) -> Rule:
    """Return the written-out update of an optimizer, its memory empty.

    Parameters
    ----------
    optimizer : SGD, Adam or Lion
        Settings.
    decay : float
        PyTorch's weight_decay, lam/n.
    eta : float
        Learning rate.
    shape : tuple of int
        Of the weights.

    Returns
    -------
    Rule
        With `.step(w, gradient)`, which changes `w` in place.

    Examples
    --------
    >>> w = np.ones(3)
    >>> rule(SGD(), decay=0.1, eta=0.5, shape=w.shape).step(w, np.zeros(3))
    >>> w
    array([0.95, 0.95, 0.95])
    """
    if isinstance(optimizer, SGD):
        return SGDRule(optimizer, decay, eta, shape)
    if isinstance(optimizer, Adam | AdamW):
        return AdamRule(optimizer, decay, eta, shape)
    return LionRule(optimizer, decay, eta, shape)
