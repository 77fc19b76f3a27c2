"""Everything that decides a walk: checked when made, written into the result.

A record has 64 blocks of equal length, from whose means the burn-in is chosen.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, fields
from functools import cached_property

import numpy as np

from sim.estimates.stationarity import burn_in_blocks
from sim.machinery.provenance import versions
from sim.optimizers.rule import Rule, rule_of
from sim.walks.attributes import Attribute, described
from sim.walks.rates import Rates, whole_blocks
from theory.settings import (
    SGD,
    SGDW,
    Adafactor,
    DecayRule,
    InvalidArgument,
    Muon,
    check_flag,
    check_range,
    finite,
    non_negative,
    positive,
    whole_number,
)

__all__ = ["BLOCKS", "DISTRIBUTIONS", "PLAIN", "LeastSquaresSettings", "SphereSettings", "WalkSettings"]

BLOCKS = 64
MOST_WEIGHTS = 10_000_000
DISTRIBUTIONS = ("gaussian", "sign")
PLAIN = SGD()
OF_TENSORS = (Muon, Adafactor)  # their step of one weight depends on the others of its matrix

NOT_WRITTEN = ("burn_in", "optimizer", "schedule", "decay_schedule", "shape", "average")  # as they stand


@dataclass(frozen=True)
class RunSettings:
    """What every walk has.

    Attributes
    ----------
    n, lam, eta : float
        Number of training examples in the decay term, regularisation parameter, learning rate per step.
    steps : int
        Steps of the whole record, rounded down to whole blocks.
    burn_in : int or None
        Steps left out of the averages, rounded up to whole blocks; None for as many as the data ask for.
    seed : int
    optimizer : object
        Settings that `sim.rule_of` knows.
    """

    n: float
    lam: float
    eta: float
    _: KW_ONLY
    steps: int
    burn_in: int | None = None
    seed: int = 0
    optimizer: object = PLAIN

    def __post_init__(self) -> None:
        DecayRule(self.n, self.lam, self.eta)
        for name in ("n", "lam", "eta"):
            if np.ndim(getattr(self, name)):
                raise InvalidArgument(
                    f"{name} must be one number, got {getattr(self, name)!r}. Make a run for each of them."
                )
        steps = whole_number("steps", self.steps, least=BLOCKS)
        whole_number("seed", self.seed, least=0)
        if self.burn_in is not None:
            whole_number("burn_in", self.burn_in, least=0)
            check_range("burn_in", self.burn_in, 0, steps / 2, ends=(True, True))
        rule_of(self.optimizer)
        if isinstance(self.optimizer, OF_TENSORS) and getattr(self, "shape", None) is None:
            name = type(self.optimizer).__name__
            raise InvalidArgument(
                f"optimizer must step every weight by itself, got {name}. Only sim.walk(shape=(rows, columns)) runs it."
            )
        self._set("steps", steps - steps % BLOCKS)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def length(self) -> int:
        """Steps of a block."""
        return self.steps // BLOCKS

    def rule(self, shape: tuple[int, ...]) -> Rule:
        """Return the optimizer's update for weights of this shape, its memory empty."""
        return rule_of(self.optimizer)(self.lam / self.n, self.eta, shape)

    def left_out(self, block_means: np.ndarray) -> int | None:
        """Return how many blocks the averages leave out: as given, or chosen; None if the means never settle."""
        return burn_in_blocks(block_means) if self.burn_in is None else -(-self.burn_in // self.length)

    def burn_in_steps(self, left_out: int | None) -> float:
        """Return how many steps are left out, for the record; NaN if the means never settle."""
        return np.nan if left_out is None else self.length * left_out

    def attributes(self, left_out: int | None) -> dict[str, Attribute]:
        """Return the settings as attributes that netCDF can hold, the optimizer's among them, and the versions."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in NOT_WRITTEN}
        return own | described(self.optimizer) | {
            "stationary": int(left_out is not None),
            "burn_in_chosen": "from the data" if self.burn_in is None else "given",
            "versions": versions(),
        }  # fmt: skip

    def check_finite(self, values: np.ndarray) -> None:
        """Refuse to go on with weights that ran away."""
        if not np.isfinite(values).all():
            raise InvalidArgument(
                f"the weights ran away under {self.optimizer}: eta must be smaller, got {self.eta!r}."
            )


@dataclass(frozen=True)
class WalkSettings(RunSettings):
    """The settings of `sim.walk` (see there)."""

    _: KW_ONLY
    steps: int = 10_000
    schedule: object = None
    decay_schedule: object = None
    shape: tuple[int, ...] | None = None
    average: bool = False
    weights: int = 1000
    noise: float | None = None
    correlation: float = 0.0
    curvature: float = 0.0
    distribution: str = "gaussian"
    start: float = 0.0

    def __post_init__(self) -> None:
        if self.scheduled:
            whole_blocks(self.steps, BLOCKS)
            if self.burn_in is not None:
                raise InvalidArgument(
                    f"burn_in must be None under a schedule, got {self.burn_in!r}: the record is the whole run."
                )
        super().__post_init__()
        whole_number("weights", self.weights, least=2)
        if self.shape is not None:
            self._set("shape", _matrix(self.shape))
        if self.weights * math.prod(self.shape or ()) > MOST_WEIGHTS:
            of = "" if self.shape is None else f" matrices of {' x '.join(map(str, self.shape))}"
            raise InvalidArgument(
                f"weights must be at most {MOST_WEIGHTS:,} numbers in all, got {self.weights}{of}: 64 blocks of each "
                "are kept, in 512 bytes. Fewer will do: the error falls with their root."
            )
        check_flag("average", self.average)
        positive("noise", self.size)
        check_range("correlation", self.correlation, -1, 1)
        finite("curvature", self.curvature)
        finite("start", self.start)
        if self.distribution not in DISTRIBUTIONS:
            raise InvalidArgument(f"distribution must be one of {', '.join(DISTRIBUTIONS)}, got {self.distribution!r}.")
        if self.rates is None and self.plain and abs(1 - self.rate) > 1:
            raise InvalidArgument(
                f"the weights would run away: eta (lam/n + curvature) must be between 0 and 2, got {self.rate:g}."
            )

    @property
    def rate(self) -> float:
        """By which fraction plain SGD shrinks a weight in a step: eta (lam/n + curvature)."""
        return float(self.eta * (self.lam / self.n + self.curvature))

    @property
    def size(self) -> float:
        """Standard deviation of the gradient noise."""
        return float(self.n**-0.5 if self.noise is None else self.noise)

    def attributes(self, left_out: int | None) -> dict[str, Attribute]:
        """Return the settings as attributes, the noise's size filled in."""
        more: dict[str, Attribute] = {} if self.shape is None else {"shape": self.shape}
        if self.average:
            more["average"] = 1
        if self.scheduled:
            more["burn_in_chosen"] = "none, the rates change"
        return super().attributes(left_out) | {"noise": self.size} | more

    def left_out(self, block_means: np.ndarray) -> int | None:
        """Return how many blocks the averages leave out; None under a schedule, which has no stationary state."""
        return None if self.scheduled else super().left_out(block_means)

    @property
    def scheduled(self) -> bool:
        """Whether the learning rate or the decay changes from step to step."""
        return self.schedule is not None or self.decay_schedule is not None

    @cached_property
    def rates(self) -> Rates | None:
        """Learning rate and decay of every step; None if they are held."""
        peak = float(self.eta), float(self.lam / self.n)
        return Rates.scheduled(peak, self.steps, self.schedule, self.decay_schedule) if self.scheduled else None

    @property
    def compiled(self) -> bool:
        """Whether the steps are those of the compiled kernel."""
        return self.plain and not self.scheduled and self.shape is None and not self.average

    @property
    def plain(self) -> bool:
        """Whether this is SGD without momentum, where coupled and decoupled decay are the same step."""
        return isinstance(self.optimizer, SGD) and type(self.optimizer) in (SGD, SGDW) and self.optimizer.momentum == 0


@dataclass(frozen=True)
class SphereSettings(RunSettings):
    """The settings of `sim.sphere` (see there)."""

    _: KW_ONLY
    dimension: int
    steps: int = 2000
    grad_sq: float = 1.0
    vectors: int = 200
    lags: tuple[int, ...] = (1,)
    start: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number("dimension", self.dimension, least=2)
        whole_number("vectors", self.vectors, least=2)
        positive("grad_sq", self.grad_sq)
        positive("start", self.start, "Give the norm at the start.")
        self._set("lags", tuple(whole_number("lags", lag) for lag in self.lags))
        if not self.lags or max(self.lags) > self.steps // 4:
            raise InvalidArgument(
                f"lags must name one or more numbers of steps, at most a quarter of the {self.steps}, got {self.lags}."
            )


@dataclass(frozen=True)
class LeastSquaresSettings(RunSettings):
    """The settings of `sim.least_squares` (see there)."""

    _: KW_ONLY
    dimension: int
    batch_size: int
    steps: int = 2000
    teacher_sq: float = 0.0
    residual: float = 1.0
    runs: int = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number("dimension", self.dimension)
        whole_number("batch_size", self.batch_size)
        whole_number("runs", self.runs, least=2)
        non_negative("teacher_sq", self.teacher_sq)
        positive("residual", self.residual)


def _matrix(shape: object) -> tuple[int, int]:
    """Return (rows, columns); of a vector's (length,) that of its one row."""
    try:
        sizes = tuple(whole_number("shape", size) for size in shape)  # type: ignore[attr-defined]
    except TypeError:
        sizes = ()
    if len(sizes) not in (1, 2):
        raise InvalidArgument(f"shape must be (rows, columns), or (length,) of a vector, got {shape!r}.")
    return (sizes[0], sizes[1]) if len(sizes) == 2 else (1, sizes[0])
