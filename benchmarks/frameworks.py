"""The same minibatch rule as people write it in torch and JAX; each is measured only where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise

import numpy as np

__all__ = ["rivals"]

SIZES = (784, 30, 10)


def rivals(inputs: np.ndarray, labels: np.ndarray, batch_size: int, eta: float, shrink: float) -> dict[str, Callable]:
    """Return functions that train on all the examples once, in their order."""
    found = {"torch eager, float64": _torch, "JAX jit and scan, float32": _jax}
    return {
        name: make(inputs, labels, batch_size, eta, shrink)
        for name, make in found.items()
        if find_spec(name.split()[0].lower())
    }


def _torch(inputs, labels, batch_size, eta, shrink):
    import torch

    torch.set_num_threads(1)
    x, y = torch.tensor(inputs), torch.nn.functional.one_hot(torch.tensor(labels), SIZES[-1]).double()
    layers = [torch.nn.Linear(*pair, dtype=torch.float64) for pair in pairwise(SIZES)]
    net = torch.nn.Sequential(layers[0], torch.nn.Sigmoid(), layers[1])
    decaying, other = [layer.weight for layer in layers], [layer.bias for layer in layers]
    groups = [{"params": decaying, "weight_decay": (1 - shrink) / eta}, {"params": other}]
    optimiser = torch.optim.SGD(groups, lr=eta)
    cost = torch.nn.BCEWithLogitsLoss(reduction="sum")

    def epoch():
        for start in range(0, len(x), batch_size):
            batch = slice(start, start + batch_size)
            optimiser.zero_grad()
            (cost(net(x[batch]), y[batch]) / batch_size).backward()
            optimiser.step()

    return epoch


def _jax(inputs, labels, batch_size, eta, shrink):
    import jax
    import jax.numpy as jnp

    batches = len(inputs) // batch_size
    x = jnp.asarray(inputs[: batches * batch_size], jnp.float32).reshape(batches, batch_size, -1)
    y = jax.nn.one_hot(labels[: batches * batch_size], SIZES[-1]).reshape(batches, batch_size, -1)
    keys = jax.random.split(jax.random.key(0), 2)
    start = [
        (jax.random.normal(key, pair), jnp.zeros(pair[1])) for key, pair in zip(keys, pairwise(SIZES), strict=True)
    ]

    def cost(layers, x, y):
        (w1, b1), (w2, b2) = layers
        z = jax.nn.sigmoid(x @ w1 + b1) @ w2 + b2
        return (jnp.logaddexp(0, z) - y * z).sum() / batch_size

    def step(layers, batch):
        grads = jax.grad(cost)(layers, *batch)
        return [(shrink * w - eta * gw, b - eta * gb) for (w, b), (gw, gb) in zip(layers, grads, strict=True)], None

    trained = jax.jit(lambda layers: jax.lax.scan(step, layers, (x, y))[0])
    return lambda: jax.block_until_ready(trained(start))
