"""Record a run of any framework: hand over weights and gradients now and then."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

import numpy as np

from sim.recording.columns import MEANS, header
from sim.recording.log import Log, Row, row_due
from sim.recording.plan import planned
from sim.recording.rates import Rates
from sim.recording.words import (
    acts_on_weights,
    described,
    has_preconditioner,
    is_decoupled,
    sums_gradients,
    the_optimizer,
)
from theory.settings import InvalidArgument, check_fraction, non_negative, one_number, positive, whole_number

__all__ = ["Recorder"]

JUMP = ("weight_decay", "momentum")  # a change after a rest begins a segment; what changes on and on is a schedule


@dataclass
class _Layer:
    """What is known of a layer since its last row."""

    segment: int
    first: int
    rates: Rates
    step: int
    clock: float = 0.0
    row: int | None = None
    sums: np.ndarray = field(default_factory=lambda: np.zeros(len(MEANS) - 1))  # all but decay_weight
    count: int = 0
    norm_sq: float = math.nan
    moving: bool = False  # whether a setting changed at the last reading


class Recorder:
    """A file to which a training loop of any framework tells its weights and gradients.

    Parameters
    ----------
    path : path
        A new file; see `resume`. By convention it ends in `.arrows`.
    optimizer : str or object, optional
        A name such as "adamw", or settings such as `theory.AdamW((0.9, 0.95))`: says what the decay does, and is kept
        in the header. Default: plain SGD is assumed, and no optimizer is named.
    planned_steps : int, optional
        Of the whole run.
    schedule : object, optional
        One of `theory.schedules`, over `planned_steps`: the learning rate ahead, for forecasts.
    resume : bool
        Go on in a file that is there, in a new segment. Otherwise an existing file is refused.

    Raises
    ------
    InvalidArgument
        If an argument is none of these.
    DataError
        If the file is there already (without `resume`), or cannot be written, or pyarrow is not installed.

    Notes
    -----
    A row is written at the first reading, and then where one has a hundredth of the run so far behind it, at the least
    one reading. What a second has gathered is appended in one stroke: a crash loses that second at most. Readers may
    read at any time (`sim.read_trace`, or any program that knows Arrow streams).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import sim
    >>> rng, w = np.random.default_rng(0), np.ones(1000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "run.arrows")
    ...     with Recorder(path, optimizer="sgd") as recorder:
    ...         for step in range(100):
    ...             g = rng.standard_normal(1000)
    ...             recorder.update(step, {"layer": (w, g)}, lr=0.1, weight_decay=0.01)
    ...             w -= 0.1 * (g + 0.01 * w)
    ...     trace = sim.read_trace(path)
    >>> trace.norm_sq.sel(layer="layer").values[:3].round(1)
    array([1000. , 1017.2, 1028.4])
    """

    def __init__(
        self, path: Any, *, optimizer: Any = None, planned_steps: int | None = None, schedule: Any = None,
        resume: bool = False,
    ) -> None:  # fmt: skip
        about = described(the_optimizer(optimizer))
        name, flags = about["class"] or "SGD", about.get("settings", {})
        betas = flags.get("betas") or (flags.get("beta1") or flags.get("momentum") or 0.0,)
        self._rates = Rates(
            lr=0.0, weight_decay=0.0, momentum=float(betas[0]), sums=sums_gradients(name),
            dampening=float(flags.get("dampening", 0.0)), decoupled=is_decoupled(name, flags),
        )  # fmt: skip
        self._unscaled = not has_preconditioner(name)
        self._decay_weight = 1.0 if acts_on_weights(name, flags) else math.nan
        self._layers: dict[str, _Layer] = {}
        self._log = Log(path, header(optimizers=[about], **planned(planned_steps, schedule)), resume)
        self.path = self._log.path

    def update(
        self, step: int, layers: Mapping[str, Any], *, lr: float, weight_decay: float | None = None,
        momentum: float | None = None, decay_per_step: float | None = None,
    ) -> None:  # fmt: skip
        """Tell the weights and gradients of a step.

        Parameters
        ----------
        step : int
            How many updates the weights have had.
        layers : dict
            By name: the weights; or a tuple of the weights, the gradient at them and, if there is one, the
            preconditioned gradient. Arrays of any shape that NumPy takes. The gradient is the one that the next update
            uses, without the decay and before momentum.
        lr : float
            Of the next update. Between two readings it is taken as a straight line.
        weight_decay : float
            In PyTorch's meaning: a step takes lr * weight_decay of the weights.
        momentum : float, optional
            Where it changes; the optimizer's otherwise. Or beta1.
        decay_per_step : float, optional
            The share of the weights that a step takes, instead of `weight_decay`, for frameworks that do not multiply
            it by lr.

        Raises
        ------
        InvalidArgument
            If a number or an array is out of range, or a layer's arrays differ in shape.
        DataError
            If the file can no longer be written.
        """
        step, rates = whole_number("step", step, 0), self._now(lr, weight_decay, momentum, decay_per_step)
        if not isinstance(layers, Mapping) or not layers:
            raise InvalidArgument(f"layers must be a dict of weights by name, got {type(layers).__name__}.")
        readings = {str(name): _read(str(name), arrays, self._unscaled) for name, arrays in layers.items()}
        same = next((name for name in readings if name in self._layers and self._layers[name].step == step), None)
        if same is not None:
            raise InvalidArgument(f"step must be another one at each update, got {step} twice for {same!r}. Count up.")
        begun: list[int] = []
        for name, reading in readings.items():
            layer = self._layers.get(name)
            moved = layer is not None and any(getattr(layer.rates, key) != getattr(rates, key) for key in JUMP)
            if layer is None or step < layer.step or (moved and not layer.moving):
                if not begun:
                    begun.append(self._begin_segment(rates, {name: found.size for name, found in readings.items()}))
                layer = self._layers[name] = self._ended(name, layer, (step, reading.norm_sq), begun[0], rates)
            else:
                layer.clock += _clock(layer.rates, rates, step - layer.step)
            layer.step, layer.rates, layer.norm_sq, layer.moving = step, rates, reading.norm_sq, moved
            if reading.products is not None:
                layer.sums += reading.products
                layer.count += 1
            if row_due(step, layer.row, layer.first):
                self._row(name, layer)
        self._log.flush()

    def _now(self, lr: float, decay: float | None, momentum: float | None, per_step: float | None) -> Rates:
        non_negative("lr", one_number("lr", lr))
        if (decay is None) == (per_step is None):
            raise InvalidArgument(
                f"weight_decay or decay_per_step must be given, and not both, got {decay!r} and {per_step!r}."
            )
        mu = self._rates.momentum if momentum is None else one_number("momentum", momentum)
        check_fraction("momentum", mu)
        rates = replace(self._rates, lr=float(lr), momentum=mu)
        if per_step is not None:
            non_negative("decay_per_step", one_number("decay_per_step", per_step))
            positive("lr", lr, hint="With decay_per_step the decay is a part of it.")
            return replace(rates, weight_decay=float(per_step) / (rates.lr if rates.decoupled else rates.effective_lr))
        non_negative("weight_decay", one_number("weight_decay", decay or 0.0))
        return replace(rates, weight_decay=float(decay or 0.0))

    def _begin_segment(self, rates: Rates, sizes: dict[str, int]) -> int:
        return self._log.begin_segment({**{key: getattr(rates, key) for key in ("lr", *JUMP)}, "layers": sizes})

    def _ended(self, name: str, old: _Layer | None, now: tuple[int, float], segment: int, rates: Rates) -> _Layer:
        """End the old segment of a layer with a row, here if time goes on, and return the layer of the new one."""
        (step, norm_sq), clock = now, 0.0
        if old is not None and step > old.step:
            clock = old.clock + float(old.rates.clock) * (step - old.step)
            old.clock, old.step, old.norm_sq = clock, step, norm_sq
        if old is not None and old.step != old.row:
            self._row(name, old)
        return _Layer(segment, step, rates, step, clock)

    def _row(self, name: str, layer: _Layer) -> None:
        """Write a layer's row, and begin its next block."""
        means = (layer.sums / layer.count if layer.count else np.full(len(layer.sums), math.nan)).tolist()
        cells = layer.clock, layer.count, [*means, self._decay_weight]
        self._log.add(Row(layer.step, name, layer.segment, layer.norm_sq, layer.rates, *cells))
        layer.row, layer.count = layer.step, 0
        layer.sums = np.zeros(len(layer.sums))

    def close(self) -> None:
        """Write the last rows and end the file. Leaving a `with` does it too."""
        for name, layer in self._layers.items():
            if layer.row != layer.step:
                self._row(name, layer)
        self._log.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _clock(old: Rates, new: Rates, steps: int) -> float:
    """Return how far the clock moves over some steps, whose rates lie on a straight line: exact for one step."""
    return float(steps * old.clock + (new.clock - old.clock) * max(steps - 1, 0) / 2)


@dataclass(frozen=True)
class _Reading:
    """A layer at a step: its size, ||w||^2, and what `MEANS` begins with, None without a gradient."""

    size: int
    norm_sq: float
    products: list[float] | None


def _read(name: str, arrays: Any, unscaled: bool) -> _Reading:
    given = arrays if isinstance(arrays, tuple) else (arrays,)
    if not 1 <= len(given) <= 3:
        raise InvalidArgument(
            f"layers[{name!r}] must be weights, gradient and preconditioned gradient at most, got {len(given)} arrays."
        )
    w, *gradients = (_flat(name, array) for array in given)
    for gradient in gradients:
        if len(gradient) != len(w):
            raise InvalidArgument(
                f"layers[{name!r}] must be arrays of one size, got {len(w)} and {len(gradient)} numbers."
            )
    if len(gradients) == 1 and unscaled:
        gradients *= 2
    products = [float(product) for g in gradients for product in (g @ g, w @ g)]
    return _Reading(len(w), float(w @ w), products + [math.nan] * (4 - len(products)) if products else None)


def _flat(name: str, array: Any) -> np.ndarray:
    try:
        flat = np.asarray(array).astype(np.float64).reshape(-1)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidArgument(
            f"layers[{name!r}] must be arrays of numbers, got {type(array).__name__}: {error} For a tensor of torch, "
            "give tensor.detach().cpu(), or use sim.torch_recorder."
        ) from error
    if not flat.size or not np.isfinite(flat).all():
        raise InvalidArgument(
            f"layers[{name!r}] must be finite numbers, got {'none' if not flat.size else 'NaN or inf'}."
        )
    return flat
