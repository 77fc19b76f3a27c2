"""Minibatch steps in the textbook's style (`network2.py`): one example at a time, columns as arrays."""

from __future__ import annotations

import numpy as np

__all__ = ["update_mini_batch"]


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def backprop(weights, biases, x, y):
    activation = x
    activations, zs = [x], []
    for b, w in zip(biases, weights, strict=True):
        z = np.dot(w, activation) + b
        zs.append(z)
        activation = sigmoid(z)
        activations.append(activation)
    delta = activations[-1] - y
    nabla_b, nabla_w = [delta], [np.dot(delta, activations[-2].transpose())]
    for layer in range(2, len(weights) + 1):
        delta = np.dot(weights[-layer + 1].transpose(), delta) * sigmoid_prime(zs[-layer])
        nabla_b.insert(0, delta)
        nabla_w.insert(0, np.dot(delta, activations[-layer - 1].transpose()))
    return nabla_b, nabla_w


def update_mini_batch(weights, biases, batch, eta, lam, n):
    """Return the weights and biases after a step; `batch` is a list of (x, y), both columns."""
    nabla_b = [np.zeros(b.shape) for b in biases]
    nabla_w = [np.zeros(w.shape) for w in weights]
    for x, y in batch:
        delta_nabla_b, delta_nabla_w = backprop(weights, biases, x, y)
        nabla_b = [nb + dnb for nb, dnb in zip(nabla_b, delta_nabla_b, strict=True)]
        nabla_w = [nw + dnw for nw, dnw in zip(nabla_w, delta_nabla_w, strict=True)]
    weights = [(1 - eta * (lam / n)) * w - (eta / len(batch)) * nw for w, nw in zip(weights, nabla_w, strict=True)]
    biases = [b - (eta / len(batch)) * nb for b, nb in zip(biases, nabla_b, strict=True)]
    return weights, biases
