"""The textbook's network in plain NumPy: the reference that people read and that faster engines are tested against.

Sigmoid units throughout; layer 1 is the input, so that `weights[0]` leads into layer 2. The minibatch step is

    w <- (1 - eta lam / n) w - (eta / m) sum over the batch of dC_x/dw,      b <- b - (eta / m) sum of dC_x/db

(the decay multiplies before the gradient step, which is taken at the weights before both; biases do not decay).

References
----------
Nielsen, *Neural Networks and Deep Learning*, Determination Press 2015, chapters 1 to 3 (`network2.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

__all__ = ["BIAS_INITS", "COSTS", "INITS", "Network"]

INITS = ("default", "large")
BIAS_INITS = ("normal", "zero")
COSTS = ("cross-entropy", "quadratic")


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-z)) without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


@dataclass
class Network:
    """Weights, biases and cost of a sigmoid network.

    Attributes
    ----------
    weights : list of ndarray, shapes (fan_out, fan_in)
    biases : list of ndarray, shapes (fan_out,)
    cost : str
        "cross-entropy" or "quadratic".
    """

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    cost: str = "cross-entropy"

    @classmethod
    def initialised(
        cls,
        sizes: Sequence[int],
        init: str,
        rng: np.random.Generator,
        cost: str = "cross-entropy",
        bias_init: str = "normal",
    ) -> Network:
        """Draw weights from N(0, 1) ("large") or N(0, 1/fan_in) ("default"), biases from N(0, 1) or set them to zero.

        All draw the same numbers from `rng`, so that two starts with one seed differ by scales alone.
        """
        biases = [rng.standard_normal(fan_out) * (bias_init == "normal") for fan_out in sizes[1:]]
        weights = [rng.standard_normal((fan_out, fan_in)) for fan_in, fan_out in pairwise(sizes)]
        if init == "default":
            weights = [w / np.sqrt(w.shape[1]) for w in weights]
        return cls(weights, biases, cost)

    def activations(self, x: np.ndarray) -> list[np.ndarray]:
        """Return the activations of every layer, the input first; x has shape (examples, inputs)."""
        layers = [x]
        for w, b in zip(self.weights, self.biases, strict=True):
            layers.append(sigmoid(layers[-1] @ w.T + b))
        return layers

    def gradient(self, x: np.ndarray, y: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return the batch means of dC_x/dw and dC_x/db of every layer; y has shape (examples, outputs)."""
        return self.backward(self.activations(x), y)

    def backward(self, layers: list[np.ndarray], y: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return the same means from the activations that are known."""
        delta = layers[-1] - y
        if self.cost == "quadratic":
            delta = delta * layers[-1] * (1 - layers[-1])
        grad_w: list[np.ndarray] = []
        grad_b: list[np.ndarray] = []
        for layer in range(len(self.weights) - 1, -1, -1):
            a = layers[layer]
            grad_w.insert(0, delta.T @ a / len(a))
            grad_b.insert(0, delta.mean(axis=0))
            if layer > 0:
                delta = (delta @ self.weights[layer]) * a * (1 - a)
        return grad_w, grad_b

    def step(self, x: np.ndarray, y: np.ndarray, eta: float, shrink: Sequence[float]) -> None:
        """Take one minibatch step; `shrink` is 1 - eta lam / n of each layer."""
        self.descend(*self.gradient(x, y), eta, shrink)

    def descend(self, grad_w: list[np.ndarray], grad_b: list[np.ndarray], eta: float, shrink: Sequence[float]) -> None:
        """Take the step that a gradient asks for."""
        for w, g, a in zip(self.weights, grad_w, shrink, strict=True):
            w *= a
            w -= eta * g
        for b, g in zip(self.biases, grad_b, strict=True):
            b -= eta * g

    def evaluate(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        """Return the mean of C_x over the examples, without the penalty, and the fraction classified rightly."""
        return self.assess(self.activations(x)[-2], labels)

    def assess(self, hidden: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        """Return the same from the activations of the last layer but one."""
        z = hidden @ self.weights[-1].T + self.biases[-1]
        y = one_hot(labels, z.shape[1])
        if self.cost == "quadratic":
            per_example = 0.5 * ((sigmoid(z) - y) ** 2).sum(axis=1)
        else:  # -y ln a - (1 - y) ln(1 - a) with a = sigmoid(z), written so that it cannot overflow
            per_example = (np.logaddexp(0, z) - y * z).sum(axis=1)
        return float(per_example.mean()), float((z.argmax(axis=1) == labels).mean())


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the target vectors, shape (examples, classes)."""
    return np.eye(classes)[labels]
