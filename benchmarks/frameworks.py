"""The same minibatch rule as people write it in torch and JAX; each is measured only where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise

import numpy as np

from sim import Split

__all__ = ["rivals"]

SIZES = (784, 30, 10)


def rivals(data: Split, order: np.ndarray, batch_size: int, eta: float, shrink: float) -> dict[str, Callable]:
    """Return functions that train once on the examples of `order`; its length is a multiple of the batch's."""
    found = {"torch eager, float64": _torch, "JAX jit and scan, float32": _jax}
    order = order.reshape(-1, batch_size)
    return {name: make(data, order, eta, shrink) for name, make in found.items() if find_spec(name.split()[0].lower())}


def _torch(data, order, eta, shrink):
    import torch

    torch.set_num_threads(1)
    x, y = torch.tensor(data.inputs), torch.nn.functional.one_hot(torch.tensor(data.labels), SIZES[-1]).double()
    batches = torch.tensor(order)
    layers = [torch.nn.Linear(*pair, dtype=torch.float64) for pair in pairwise(SIZES)]
    net = torch.nn.Sequential(layers[0], torch.nn.Sigmoid(), layers[1])
    decaying, other = [layer.weight for layer in layers], [layer.bias for layer in layers]
    groups = [{"params": decaying, "weight_decay": (1 - shrink) / eta}, {"params": other}]
    optimiser = torch.optim.SGD(groups, lr=eta)
    cost = torch.nn.BCEWithLogitsLoss(reduction="sum")

    def epoch():
        for batch in batches:
            optimiser.zero_grad()
            (cost(net(x[batch]), y[batch]) / len(batch)).backward()
            optimiser.step()

    return epoch


def _jax(data, order, eta, shrink):
    import jax
    import jax.numpy as jnp

    x, y = jnp.asarray(data.inputs, jnp.float32), jax.nn.one_hot(data.labels, SIZES[-1])
    keys = jax.random.split(jax.random.key(0), 2)
    weights = [jax.random.normal(key, pair) for key, pair in zip(keys, pairwise(SIZES), strict=True)]
    start = [(w, jnp.zeros(w.shape[1])) for w in weights]
    batches = jnp.asarray(order)

    def cost(layers, x, y):
        (w1, b1), (w2, b2) = layers
        z = jax.nn.sigmoid(x @ w1 + b1) @ w2 + b2
        return (jnp.logaddexp(0, z) - y * z).sum() / len(x)

    def epoch(layers, x, y):
        def step(layers, batch):
            grads = jax.grad(cost)(layers, x[batch], y[batch])
            return [(shrink * w - eta * gw, b - eta * gb) for (w, b), (gw, gb) in zip(layers, grads, strict=True)], None

        return jax.lax.scan(step, layers, batches)[0]

    trained = jax.jit(epoch)
    return lambda: jax.block_until_ready(trained(start, x, y))
