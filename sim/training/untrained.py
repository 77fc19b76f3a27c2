"""The gradients of networks that have not been trained: what a first step would meet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from sim.data.load import Data
from sim.machinery.provenance import versions
from sim.training.network import Network, one_hot
from sim.training.settings import TrainingSettings
from theory.settings import whole_number

__all__ = ["untrained"]


def untrained(
    data: Data,
    *,
    sizes: Sequence[int] = (784, 30, 10),
    init: str = "large",
    cost: str = "cross-entropy",
    batch_size: int = 10,
    replicas: int = 40,
    batches: int = 50,
    seed: int = 0,
) -> xr.Dataset:
    """Measure gradient and alignment of fresh networks on minibatches of the training data.

    Parameters
    ----------
    data : Data
    sizes, init, cost, batch_size
        As in `train`.
    replicas : int
        How many networks.
    batches : int
        How many minibatches each of them meets, drawn with replacement.
    seed : int

    Returns
    -------
    Dataset
        `grad_sq` = ||g||^2 and `alignment` = <w, g> over (replica, layer), averaged over the minibatches.

    Raises
    ------
    InvalidArgument
        A setting out of range.

    Examples
    --------
    >>> from sim import load_data
    >>> untrained(load_data(), replicas=3, batches=2).grad_sq.shape
    (3, 2)
    """
    settings = TrainingSettings(tuple(sizes), 1, batch_size, init=init, cost=cost, replicas=replicas)
    settings.check_fit(data)
    whole_number("batches", batches)
    x, y = data.train.inputs, one_hot(data.train.labels, sizes[-1])
    measured = np.empty((2, replicas, len(sizes) - 1))
    for replica, child in enumerate(np.random.SeedSequence(seed).spawn(replicas)):
        rng = np.random.default_rng(child)
        net = Network.initialised(settings.sizes, init, rng, cost)
        gradients = (net.gradient(x[batch], y[batch])[0] for batch in rng.integers(0, len(x), (batches, batch_size)))
        rows = [[[(g**2).sum(), (w * g).sum()] for w, g in zip(net.weights, grad, strict=True)] for grad in gradients]
        measured[:, replica] = np.mean(rows, axis=0).T
    return xr.Dataset(
        {name: (("replica", "layer"), values) for name, values in zip(("grad_sq", "alignment"), measured, strict=True)},
        {"layer": np.arange(2, len(sizes) + 1)},
        {
            "sizes": list(sizes),
            "init": init,
            "cost": cost,
            "batch_size": batch_size,
            "seed": seed,
            "versions": versions(),
        },
    )
