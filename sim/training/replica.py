"""One replica of a training run: its epochs, and what is recorded of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim.data.load import Data
from sim.machinery.pool import Channel
from sim.training.engines import Engine, engine_for
from sim.training.network import Network
from sim.training.settings import TrainingSettings
from sim.training.statistics import LAYER_STATISTICS, STEP_STATISTICS, mean_over_steps

__all__ = ["Record", "Row", "Snapshot", "begin", "run"]

ABSURD = 1e6  # times the first rms, or 1: no cost that can be trained holds the weights there
Row = dict[str, list[float] | np.ndarray]  # one epoch: each entry a list over layers or over splits


@dataclass(frozen=True)
class Record:
    """What is kept of a replica: its epochs, epoch 0 first, and why there are no more of them, if it diverged."""

    rows: list[Row]
    diverged: str = ""


@dataclass(frozen=True)
class Snapshot:
    """Where one replica stands: all that is needed to go on to the same bits.

    Attributes
    ----------
    replica : int
    network : Network
    generator : numpy.random.Generator
        As it was at the end of the epoch.
    rows : list
        The record so far, epoch 0 first; empty before anything was measured.
    """

    replica: int
    network: Network
    generator: np.random.Generator
    rows: list[Row] = field(default_factory=list)

    @property
    def epoch(self) -> int:
        """The last epoch that is recorded."""
        return len(self.rows) - 1


def begin(replica: int, seed: np.random.SeedSequence, settings: TrainingSettings) -> Snapshot:
    """Return a replica before training."""
    rng = np.random.default_rng(seed)
    network = Network.initialised(settings.sizes, settings.init, rng, settings.cost, settings.bias_init)
    return Snapshot(replica, network, rng)


def run(start: Snapshot, data: Data, settings: TrainingSettings, channel: Channel) -> Record:
    """Train one replica from `start` to the last epoch, or until it diverges; tell the channel a snapshot of each."""
    engine = engine_for(start.network, data, settings)
    # A copy: a checkpoint may be written, for another replica, while this one is in its first epoch from here.
    rng, rows = _copy(start.generator), list(start.rows)
    steps = settings.steps(data)
    if not rows:
        unknown: Row = {name: [np.nan] * (len(settings.sizes) - 1) for name in _step_names(settings)}
        rows.append(_measured(engine, data, settings, channel, 0) | unknown)
    for epoch in range(len(rows), settings.epochs + 1):
        recorded = steps // settings.every if settings.every else 0
        per_step = {name: np.empty((recorded, len(settings.sizes) - 1)) for name in STEP_STATISTICS}
        diverged = _take_epoch(engine, rng.permutation(data.sizes[0]), settings, per_step, channel)
        diverged = diverged or _absurd(engine.weights(), rows[0]["rms"])
        if diverged:
            return Record(rows, f"{diverged} in epoch {epoch} {_advice(data, settings)}")
        rows.append(_measured(engine, data, settings, channel, epoch))
        if settings.every:
            for name, values in per_step.items():
                rows[-1][name], rows[-1][f"{name}_error"] = mean_over_steps(values)
        channel.tell(Snapshot(start.replica, engine.network(), _copy(rng), list(rows)))
    return Record(rows)


def _take_epoch(
    engine: Engine, order: np.ndarray, settings: TrainingSettings, per_step: dict[str, np.ndarray], channel: Channel
) -> str:
    """Take the steps of an epoch, a piece at a time: between pieces the run can be stopped; say if weights overflow."""
    examples = settings.piece * settings.batch_size
    for piece, start in enumerate(range(0, len(order), examples)):
        channel.check()
        recorded = settings.piece // settings.every if settings.every else 0
        part = slice(piece * recorded, (piece + 1) * recorded)
        engine.take_steps(order[start : start + examples], *(per_step[name][part] for name in STEP_STATISTICS))
        for layer, w in enumerate(engine.weights(), 2):
            with np.errstate(over="ignore", invalid="ignore"):
                finite = np.isfinite((w**2).sum())  # squares overflow first, and the record is made of squares
            if not finite:
                return f"the weights of layer {layer} are not finite"
    return ""


def _absurd(weights: list[np.ndarray], start: list[float] | np.ndarray) -> str:
    """Say which layer's weights have grown beyond all measure, or nothing."""
    for layer, (w, before) in enumerate(zip(weights, start, strict=True), 2):
        rms = float(np.sqrt((w.astype(np.float64) ** 2).mean()))
        if rms > ABSURD * max(before, 1.0):
            return f"the weights of layer {layer} have an rms of {rms:.3g}"
    return ""


def _advice(data: Data, settings: TrainingSettings) -> str:
    """Return the settings that made a run diverge, and what to change."""
    largest = max(settings.lams)
    decay = 1 - float(settings.shrink(data).min())
    given = f"(eta = {settings.eta:g}, lam = {', '.join(f'{lam:g}' for lam in dict.fromkeys(settings.lams))})"
    if decay > 2:
        limit = 2 * data.sizes[0] / largest
        return (
            f"{given}: the decay factor 1 - eta lam / n = {1 - decay:.3g} is below -1, so that the decay "
            f"alone makes them grow. Take a smaller lam, or an eta well below 2 n / lam = {limit:.3g}."
        )
    return f"{given}: the decay factor 1 - eta lam / n = {1 - decay:.3g} is not the reason. Take a smaller eta."


def _measured(engine: Engine, data: Data, settings: TrainingSettings, channel: Channel, epoch: int) -> Row:
    """Return the layer statistics (a list over layers) and cost and accuracy (a list over splits)."""
    weights = engine.network().weights
    row: Row = {name: [of(w) for w in weights] for name, of in LAYER_STATISTICS.items()}
    norms = [float((w**2).sum()) for w in weights]
    row["penalty"] = [lam / (2 * data.sizes[0]) * norm for lam, norm in zip(settings.lams, norms, strict=True)]
    # One decay for all layers multiplies their sum, as it always did: the record stays the same to the bit.
    one = not isinstance(settings.lam, tuple)
    penalty = settings.lams[0] / (2 * data.sizes[0]) * sum(norms) if one else sum(row["penalty"])
    if settings.evaluates(epoch):
        splits = engine.evaluate(channel.check)
    else:
        splits = [(np.nan, np.nan)] * (2 if data.sizes[1] else 1)
    row["cost"] = [cost + penalty for cost, _ in splits]
    row["accuracy"] = [accuracy for _, accuracy in splits]
    return row


def _step_names(settings: TrainingSettings) -> list[str]:
    return [f"{name}{suffix}" for name in STEP_STATISTICS for suffix in ("", "_error")] if settings.every else []


def _copy(rng: np.random.Generator) -> np.random.Generator:
    copy = np.random.Generator(np.random.PCG64())
    copy.bit_generator.state = rng.bit_generator.state
    return copy
