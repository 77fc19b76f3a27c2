"""What does the arithmetic of training: NumPy, which people can read, or its compiled twin. Both give the same numbers.

An engine holds one network and takes steps on it; which examples, and what becomes of the numbers, is others' business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import accumulate, pairwise
from typing import Protocol

import numpy as np

from sim.data.load import Data, Split
from sim.data.sparse import Examples
from sim.machinery.jit import announced
from sim.machinery.lanes import lanes_of
from sim.training import kernel
from sim.training.network import Network, one_hot
from sim.training.settings import TrainingSettings

__all__ = ["Engine", "engine_for", "prepare"]

EVALUATED_AT_A_TIME = 10_000


class Engine(Protocol):
    """One network that learns."""

    def take_steps(self, order: np.ndarray, alignment: np.ndarray, grad_sq: np.ndarray) -> None:
        """Take a step for each minibatch of `order`; fill <w, g> and ||g||^2, shapes (recorded steps, layers)."""

    def weights(self) -> list[np.ndarray]:
        """Return the weights of every layer in the engine's own layout, to look at."""

    def network(self) -> Network:
        """Return a copy of the network as it is now; to be called after every epoch."""

    def evaluate(self, check: Callable[[], None]) -> list[tuple[float, float]]:
        """Return the mean of C_x and the accuracy of every split, calling `check` often."""


def engine_for(net: Network, data: Data, settings: TrainingSettings) -> Engine:
    """Return the engine that the settings name, holding `net`."""
    return (CompiledEngine if settings.engine == "compiled" else NumpyEngine)(net, data, settings)


def prepare(data: Data, settings: TrainingSettings) -> None:
    """Do what is done once for all replicas, such as compiling."""
    if settings.engine == "numpy":
        _ = data.train, data.validation
        return
    zeros = [np.zeros((fan_out, fan_in)) for fan_in, fan_out in pairwise(settings.sizes)]
    engine = CompiledEngine(Network(zeros, [np.zeros(len(w)) for w in zeros], settings.cost), data, settings)
    nothing = np.empty((0, len(zeros)))
    with announced("the training kernel"):
        engine.take_steps(np.empty(0, np.int64), nothing, nothing)
        engine.network()
        kernel.evaluate(engine.p, data.sparse[0], 0, 0, engine.quadratic, engine.work)


class NumpyEngine:
    """The reference."""

    def __init__(self, net: Network, data: Data, settings: TrainingSettings) -> None:
        self.net = Network(
            [w.astype(settings.dtype) for w in net.weights], [b.astype(settings.dtype) for b in net.biases], net.cost
        )
        self.settings, self.shrink = settings, settings.shrink(data).tolist()  # Python's: they keep single precision
        self.splits = [_cast(split, settings.dtype) for split in (data.train, data.validation) if len(split)]
        self.targets = one_hot(data.train.labels, settings.sizes[-1]).astype(settings.dtype)

    def take_steps(self, order: np.ndarray, alignment: np.ndarray, grad_sq: np.ndarray) -> None:
        """See `Engine`."""
        m, every = self.settings.batch_size, self.settings.every
        with np.errstate(over="ignore", invalid="ignore"):
            for step, start in enumerate(range(0, len(order), m), 1):
                batch = order[start : start + m]
                grad_w, grad_b = self.net.gradient(self.splits[0].inputs[batch], self.targets[batch])
                if every and step % every == 0:
                    alignment[step // every - 1] = [
                        np.vdot(w, g) for w, g in zip(self.net.weights, grad_w, strict=True)
                    ]
                    grad_sq[step // every - 1] = [np.vdot(g, g) for g in grad_w]
                self.net.descend(grad_w, grad_b, self.settings.eta, self.shrink)

    def weights(self) -> list[np.ndarray]:
        """See `Engine`."""
        return self.net.weights

    def network(self) -> Network:
        """See `Engine`."""
        return deepcopy(self.net)

    def evaluate(self, check: Callable[[], None]) -> list[tuple[float, float]]:
        """See `Engine`."""
        check()
        return [self.net.evaluate(split.inputs, split.labels) for split in self.splits]


def _cast(split: Split, dtype: str) -> Split:
    return Split(split.inputs.astype(dtype, copy=False), split.labels)


class CompiledEngine:
    """The network in the layout of `sim.training.kernel`."""

    def __init__(self, net: Network, data: Data, settings: TrainingSettings) -> None:
        self.settings, self.shrink, self.cost = settings, settings.shrink(data), net.cost
        self.quadratic = net.cost == "quadratic"
        self.splits = [examples for examples in data.sparse if len(examples.labels)]
        self.p = _laid_out(net, settings.dtype)
        self.work = _workspace(self.p, settings.batch_size)

    def take_steps(self, order: np.ndarray, alignment: np.ndarray, grad_sq: np.ndarray) -> None:
        """See `Engine`."""
        s = self.settings
        kernel.take_steps(
            self.p, self.splits[0], order, s.batch_size, s.eta, self.shrink, self.quadratic, s.every, self.work,
            alignment, grad_sq,
        )  # fmt: skip

    def weights(self) -> list[np.ndarray]:
        """See `Engine`."""
        return [self.p.scale[0] * self.p.first, *self._later_layers()]

    def network(self) -> Network:
        """See `Engine`."""
        kernel.fold(self.p)
        p = self.p
        weights = [np.ascontiguousarray(p.first[:, : p.widths[0]].T)]
        weights += [
            w[:, :fan_in].copy() for w, fan_in in zip(self._later_layers(), self.settings.sizes[1:-1], strict=True)
        ]
        biases = [p.biases[unit : unit + width].copy() for unit, width in zip(p.units[:-1], p.widths, strict=True)]
        return Network(weights, biases, self.cost)

    def evaluate(self, check: Callable[[], None]) -> list[tuple[float, float]]:
        """See `Engine`."""
        return [self._evaluated(examples, check) for examples in self.splits]

    def _evaluated(self, examples: Examples, check: Callable[[], None]) -> tuple[float, float]:
        cost, right, total = 0.0, 0, len(examples.labels)
        for first in range(0, total, EVALUATED_AT_A_TIME):
            check()
            last = min(first + EVALUATED_AT_A_TIME, total)
            more_cost, more_right = kernel.evaluate(self.p, examples, first, last, self.quadratic, self.work)
            cost, right = cost + more_cost, right + more_right
        return cost / total, right / total

    def _later_layers(self) -> Iterator[np.ndarray]:
        p = self.p
        for layer in range(1, len(p.widths)):
            rows, padded = p.widths[layer], p.units[layer] - p.units[layer - 1]
            yield p.rest[p.begins[layer] : p.begins[layer] + rows * padded].reshape(rows, padded)


def _laid_out(net: Network, dtype: str) -> kernel.Parameters:
    """Copy a network into the kernel's layout."""
    widths = [len(b) for b in net.biases]
    padded = [_padded(width, dtype) for width in widths]
    units = [0, *accumulate(padded)]
    sizes = [0] + [width * before for width, before in zip(widths[1:], padded[:-1], strict=True)]
    begins = [0, *accumulate(sizes)][:-1]
    first = _aligned((net.weights[0].shape[1], padded[0]), dtype)
    first[:, : widths[0]] = net.weights[0].T
    rest = _aligned((sum(sizes),), dtype)
    for begin, w, before in zip(begins[1:], net.weights[1:], padded, strict=False):
        rest[begin : begin + len(w) * before].reshape(len(w), before)[:, : w.shape[1]] = w
    biases = _aligned((units[-1],), dtype)
    for unit, b in zip(units, net.biases, strict=False):
        biases[unit : unit + len(b)] = b
    return kernel.Parameters(first, np.ones(1), rest, np.array(begins), biases, np.array(units), np.array(widths))


def _padded(size: int, dtype: str) -> int:
    """Return a size rounded up to whole blocks."""
    block = lanes_of(dtype)
    return -(-size // block) * block


def _workspace(p: kernel.Parameters, batch_size: int) -> kernel.Workspace:
    batch, dtype = (batch_size, int(p.units[-1])), p.first.dtype.name
    inputs = p.first.shape[0]
    return kernel.Workspace(
        net=_aligned(batch, dtype), active=_aligned(batch, dtype), delta=_aligned(batch, dtype),
        gradient=_aligned(p.first.shape, dtype),
        touched=np.zeros(inputs + 1, np.int64), last_step=np.zeros(inputs, np.int64),
    )  # fmt: skip


def _aligned(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return zeros that begin a cache line, which NumPy does not promise: rows then never straddle one needlessly."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = np.zeros(size + 64, np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + size].view(dtype).reshape(shape)
