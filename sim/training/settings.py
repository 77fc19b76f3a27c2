"""Everything that decides a training run but the data and the seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sim.data.load import Data
from sim.training.network import COSTS, INITS
from theory.settings import InvalidArgument, whole_number

__all__ = ["DTYPES", "ENGINES", "TrainingSettings"]

ENGINES = ("compiled", "numpy")
DTYPES = ("float64", "float32")
MOST_WEIGHTS = 100_000_000


@dataclass(frozen=True)
class TrainingSettings:
    """The settings of `sim.train`, checked when made (see there).

    Attributes
    ----------
    every : int
        Each how many-th minibatch the gradient's statistics are recorded in; 0 for never.
    evaluate_every : int
        After each how many-th epoch cost and accuracy are evaluated.
    """

    sizes: tuple[int, ...] = (784, 30, 10)
    epochs: int = 30
    batch_size: int = 10
    eta: float = 0.1
    lam: float = 5.0
    init: str = "large"
    cost: str = "cross-entropy"
    replicas: int = 1
    engine: str = "compiled"
    dtype: str = "float64"
    every: int = 1
    evaluate_every: int = 1

    def __post_init__(self) -> None:
        if len(self.sizes) < 2:
            raise InvalidArgument(f"sizes must name the input and at least one more layer, got {self.sizes}.")
        for size in self.sizes:
            whole_number("sizes", size)
        for name in ("epochs", "batch_size", "replicas", "evaluate_every"):
            whole_number(name, getattr(self, name))
        if (weights := self.replicas * sum(map(math.prod, pairwise(self.sizes)))) > MOST_WEIGHTS:
            raise InvalidArgument(
                f"sizes and replicas must make at most {MOST_WEIGHTS:,} weights in all, got {weights:,}: "
                f"{self.replicas} replicas of {self.sizes}. Take smaller layers or fewer replicas."
            )
        for name, allowed in (("init", INITS), ("cost", COSTS), ("engine", ENGINES), ("dtype", DTYPES)):
            if getattr(self, name) not in allowed:
                raise InvalidArgument(f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}.")

    def check_fit(self, data: Data) -> None:
        """Refuse sizes and batches that the data cannot fill."""
        if not isinstance(data, Data):
            raise InvalidArgument(f"data must be what sim.load_data returns, got {type(data).__name__}.")
        pixels, outputs = self.sizes[0], self.sizes[-1]
        if pixels != data.inputs.shape[1]:
            raise InvalidArgument(f"sizes must begin with the data's {data.inputs.shape[1]} inputs, got {self.sizes}.")
        if outputs < data.classes:
            raise InvalidArgument(f"sizes must end with at least the data's {data.classes} classes, got {self.sizes}.")
        if self.batch_size > data.sizes[0]:
            raise InvalidArgument(
                f"batch_size must not exceed the {data.sizes[0]} training examples, got {self.batch_size}."
            )
        if self.every > self.steps(data):
            raise InvalidArgument(f"statistics must not exceed the {self.steps(data)} steps, got {self.every}.")

    def shrink(self, data: Data) -> float:
        """Return a = 1 - eta lam / n."""
        return 1 - self.eta * self.lam / data.sizes[0]

    def steps(self, data: Data) -> int:
        """Return the number of steps in an epoch; the last takes what is left."""
        return -(-data.sizes[0] // self.batch_size)

    @property
    def piece(self) -> int:
        """How many steps are taken at a time: a fraction of a second of work, so that a run can be stopped."""
        weights = int(np.dot(self.sizes[:-1], self.sizes[1:]))
        whole = max(1, self.every)
        return whole * max(1, 100_000_000 // (weights * self.batch_size * whole))


def sampling(statistics: str | int | None) -> int:
    """Return each how many-th step is recorded, 0 for never, from the argument `statistics` of `sim.train`."""
    if statistics is None:
        return 0
    if statistics == "every":
        return 1
    if isinstance(statistics, (str, bool)):
        raise InvalidArgument(f"statistics must be 'every', a whole number or None, got {statistics!r}.")
    return whole_number("statistics", statistics)
