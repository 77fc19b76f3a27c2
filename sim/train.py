"""Train the textbook's network and record what becomes of its weights, epoch by epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr

from sim.data import Data
from sim.errors import TrainingError
from sim.network import COSTS, INITS, Network, one_hot
from sim.provenance import versions
from sim.statistics import LAYER_STATISTICS, UNITS
from theory.settings import DecayRule, InvalidArgument, whole_number

__all__ = ["ENGINES", "TrainingSettings", "train"]

ENGINES = ("numpy",)


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides a training run but the data and the seed, checked when made (see `train`)."""

    sizes: tuple[int, ...] = (784, 30, 10)
    epochs: int = 30
    batch_size: int = 10
    eta: float = 0.1
    lam: float = 5.0
    init: str = "large"
    cost: str = "cross-entropy"
    replicas: int = 1
    engine: str = "numpy"

    def __post_init__(self) -> None:
        if len(self.sizes) < 2:
            raise InvalidArgument(f"sizes must name the input and at least one more layer, got {self.sizes}.")
        for size in self.sizes:
            whole_number("sizes", size)
        for name in ("epochs", "batch_size", "replicas"):
            whole_number(name, getattr(self, name))
        for name, allowed in (("init", INITS), ("cost", COSTS), ("engine", ENGINES)):
            if getattr(self, name) not in allowed:
                raise InvalidArgument(f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}.")


def train(
    data: Data,
    *,
    sizes: Sequence[int] = (784, 30, 10),
    epochs: int = 30,
    batch_size: int = 10,
    eta: float = 0.1,
    lam: float = 5.0,
    init: str = "large",
    cost: str = "cross-entropy",
    replicas: int = 1,
    seed: int = 0,
    engine: str = "numpy",
    progress: Callable[[], None] | None = None,
) -> xr.Dataset:
    """Train a sigmoid network by the textbook's minibatch rule and record its layers.

    Parameters
    ----------
    data : Data
        From `load_data`; the training split trains, the validation split is evaluated beside it.
    sizes : sequence of int
        Neurons of each layer, the inputs first.
    epochs, batch_size : int
        Passes over the training examples, and examples per step (the last step of an epoch takes what is left).
    eta, lam : float
        Learning rate per step, and regularisation parameter of the cost (lam / 2n) sum w^2.
    init : {"large", "default"}
        Weights from N(0, 1), or from N(0, 1/fan_in). Biases from N(0, 1) in both.
    cost : {"cross-entropy", "quadratic"}
    replicas : int
        Independent runs: each has its own initial weights and its own shuffles.
    seed : int
        Seeds for the replicas are spawned from it.
    engine : {"numpy"}
        What does the arithmetic.
    progress : callable, optional
        Called after every epoch of every replica.

    Returns
    -------
    Dataset
        rms, variance, sum, mean, l1, induced_1_norm over (replica, epoch, layer); cost, accuracy over (replica, epoch,
        split). Epoch 0 is before training; layers are labelled 2, 3, ... as the textbook numbers them. The settings,
        the seed and the versions are in the attributes.

    Raises
    ------
    InvalidArgument
        A setting out of range, or sizes that do not fit the data.
    TrainingError
        Weights that stopped being finite; the message says at which epoch and in which layer.

    Notes
    -----
    The gradient is clipped nowhere and the rule is the textbook's to the letter: decay multiplies the weights before
    the gradient step.

    References
    ----------
    Nielsen, *Neural Networks and Deep Learning*, 2015, chapter 3 (`network2.py`).

    Examples
    --------
    >>> from sim import load_data
    >>> result = train(load_data(), epochs=1, batch_size=1000, seed=1)
    >>> result.rms.dims, [int(layer) for layer in result.layer]
    (('replica', 'epoch', 'layer'), [2, 3])
    """
    settings = TrainingSettings(tuple(sizes), epochs, batch_size, eta, lam, init, cost, replicas, engine)
    DecayRule(len(data.train), lam, eta)
    _check_fit(data, settings)
    whole_number("seed", seed, least=0)
    records = [
        _run(data, settings, np.random.default_rng(child), progress)
        for child in np.random.SeedSequence(seed).spawn(replicas)
    ]
    return _dataset(records, data, settings, seed)


def _check_fit(data: Data, settings: TrainingSettings) -> None:
    pixels, outputs = settings.sizes[0], settings.sizes[-1]
    if pixels != data.inputs.shape[1]:
        raise InvalidArgument(f"sizes must begin with the data's {data.inputs.shape[1]} inputs, got {settings.sizes}.")
    if outputs < data.classes:
        raise InvalidArgument(f"sizes must end with at least the data's {data.classes} classes, got {settings.sizes}.")
    if settings.batch_size > len(data.train):
        raise InvalidArgument(
            f"batch_size must not exceed the {len(data.train)} training examples, got {settings.batch_size}."
        )


def _run(
    data: Data, settings: TrainingSettings, rng: np.random.Generator, progress: Callable[[], None] | None
) -> dict[str, np.ndarray]:
    """Train one replica; return its record, each entry an array over epochs first."""
    net = Network.initialised(settings.sizes, settings.init, rng, settings.cost)
    x, y = data.train.inputs, one_hot(data.train.labels, settings.sizes[-1])
    shrink = 1 - settings.eta * settings.lam / len(x)
    rows = [_measure(net, data, settings)]
    for epoch in range(1, settings.epochs + 1):
        order = rng.permutation(len(x))
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(x), settings.batch_size):
                batch = order[start : start + settings.batch_size]
                net.step(x[batch], y[batch], settings.eta, shrink)
        _refuse_non_finite(net, epoch, settings)
        rows.append(_measure(net, data, settings))
        if progress:
            progress()
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _refuse_non_finite(net: Network, epoch: int, settings: TrainingSettings) -> None:
    for layer, w in enumerate(net.weights, 2):
        with np.errstate(over="ignore", invalid="ignore"):
            finite = np.isfinite((w**2).sum())  # squares overflow first, and the record is made of squares
        if not finite:
            raise TrainingError(
                f"the weights of layer {layer} are not finite after epoch {epoch} (eta = {settings.eta:g}, "
                f"lam = {settings.lam:g}). Take a smaller eta."
            )


def _measure(net: Network, data: Data, settings: TrainingSettings) -> dict[str, Any]:
    """Return the layer statistics (a list over layers) and cost and accuracy (a list over splits)."""
    row: dict[str, Any] = {name: [of(w) for w in net.weights] for name, of in LAYER_STATISTICS.items()}
    penalty = settings.lam / (2 * len(data.train)) * sum(float((w**2).sum()) for w in net.weights)
    splits = [net.evaluate(split.inputs, split.labels) for split in (data.train, data.validation) if len(split)]
    row["cost"] = [cost + penalty for cost, _ in splits]
    row["accuracy"] = [accuracy for _, accuracy in splits]
    return row


def _dataset(records: list[dict[str, np.ndarray]], data: Data, settings: TrainingSettings, seed: int) -> xr.Dataset:
    variables = {}
    for name in records[0]:
        dims = ("replica", "epoch", "layer" if name in LAYER_STATISTICS else "split")
        variables[name] = (dims, np.stack([record[name] for record in records]), {"long_name": UNITS[name]})
    fan_in, fan_out = np.array(settings.sizes[:-1]), np.array(settings.sizes[1:])
    coordinates = {
        "replica": np.arange(settings.replicas),
        "epoch": np.arange(settings.epochs + 1),
        "layer": np.arange(2, len(settings.sizes) + 1),
        "split": ["train", "validation"][: 2 if len(data.validation) else 1],
        "fan_in": ("layer", fan_in),
        "layer_weights": ("layer", fan_in * fan_out),
    }
    attributes = asdict(settings) | {
        "sizes": list(settings.sizes), "n": len(data.train), "data": data.name, "seed": seed, "versions": versions(),
    }  # fmt: skip
    return xr.Dataset(variables, coordinates, attributes)
