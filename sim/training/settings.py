"""Everything that decides a training run but the data and the seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np

from sim.data.load import Data
from sim.training.network import BIAS_INITS, COSTS, INITS
from theory.settings import DecayRule, InvalidArgument, one_number, whole_number

__all__ = ["DTYPES", "ENGINES", "TrainingSettings", "decays"]

ENGINES = ("compiled", "numpy")
DTYPES = ("float64", "float32")
MOST_WEIGHTS = 100_000_000


@dataclass(frozen=True)
class TrainingSettings:
    """The settings of `sim.train`, checked when made (see there).

    Attributes
    ----------
    lam : float or tuple of float
        One for all layers, or one for each.
    every : int
        Each how many-th minibatch the gradient's statistics are recorded in; 0 for never.
    evaluate_every : int
        After each how many-th epoch cost and accuracy are evaluated.
    evaluate_from : int
        Before this epoch they are not.
    """

    sizes: tuple[int, ...] = (784, 30, 10)
    epochs: int = 30
    batch_size: int = 10
    eta: float = 0.1
    lam: float | tuple[float, ...] = 5.0
    init: str = "large"
    cost: str = "cross-entropy"
    replicas: int = 1
    engine: str = "compiled"
    dtype: str = "float64"
    every: int = 1
    evaluate_every: int = 1
    bias_init: str = "normal"
    evaluate_from: int = 0

    def __post_init__(self) -> None:
        if len(self.sizes) < 2:
            raise InvalidArgument(f"sizes must name the input and at least one more layer, got {self.sizes}.")
        object.__setattr__(self, "sizes", tuple(whole_number("sizes", size) for size in self.sizes))
        for name in ("epochs", "batch_size", "replicas", "evaluate_every"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        one_number("eta", self.eta)
        if (weights := self.replicas * sum(map(math.prod, pairwise(self.sizes)))) > MOST_WEIGHTS:
            raise InvalidArgument(
                f"sizes and replicas must make at most {MOST_WEIGHTS:,} weights in all, got {weights:,}: "
                f"{self.replicas} replicas of {self.sizes}. Take smaller layers or fewer replicas."
            )
        whole_number("evaluate_from", self.evaluate_from, least=0)
        choices = {"init": INITS, "bias_init": BIAS_INITS, "cost": COSTS, "engine": ENGINES, "dtype": DTYPES}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise InvalidArgument(f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}.")

        if len(self.lams) != len(self.sizes) - 1:
            layers = len(self.sizes) - 1
            raise InvalidArgument(f"lam must be one number or one for each of the {layers} layers, got {self.lam}.")

    @property
    def lams(self) -> tuple[float, ...]:
        """The decay of each layer."""
        return self.lam if isinstance(self.lam, tuple) else (self.lam,) * (len(self.sizes) - 1)

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
        for lam in self.lams:
            DecayRule(data.sizes[0], lam, self.eta)

    def shrink(self, data: Data) -> np.ndarray:
        """Return a = 1 - eta lam / n of each layer."""
        return np.array([1 - self.eta * lam / data.sizes[0] for lam in self.lams])

    def evaluates(self, epoch: int) -> bool:
        """Whether cost and accuracy are evaluated after this epoch."""
        return epoch >= self.evaluate_from and epoch % self.evaluate_every == 0

    def steps(self, data: Data) -> int:
        """Return the number of steps in an epoch; the last takes what is left."""
        return -(-data.sizes[0] // self.batch_size)

    @property
    def piece(self) -> int:
        """How many steps are taken at a time: a fraction of a second of work, so that a run can be stopped."""
        weights = int(np.dot(self.sizes[:-1], self.sizes[1:]))
        whole = max(1, self.every)
        return whole * max(1, 100_000_000 // (weights * self.batch_size * whole))


def decays(lam: float | Sequence[float]) -> float | tuple[float, ...]:
    """Return the argument `lam` of `sim.train`: one number as it is, one for each layer as a tuple.

    Examples
    --------
    >>> decays(5.0), decays([5, 7])
    (5.0, (5.0, 7.0))
    """
    if np.ndim(lam):
        return tuple(one_number("lam", value) for value in cast("Sequence[float]", lam))
    return cast("float", lam)


def sampling(statistics: str | int | None) -> int:
    """Return each how many-th step is recorded, 0 for never, from the argument `statistics` of `sim.train`."""
    if statistics is None:
        return 0
    if statistics == "every":
        return 1
    if isinstance(statistics, (str, bool)):
        raise InvalidArgument(f"statistics must be 'every', a whole number or None, got {statistics!r}.")
    return whole_number("statistics", statistics)
