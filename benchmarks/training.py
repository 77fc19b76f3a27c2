"""One epoch of MNIST, [784, 30, 10], minibatches of 10, against its rivals."""

from __future__ import annotations

import numpy as np

from benchmarks import frameworks, native, textbook
from benchmarks.timing import Row, best
from sim import Data, train
from sim.machinery.pool import available_cores
from sim.training.engines import Engine, engine_for
from sim.training.network import Network, one_hot
from sim.training.settings import TrainingSettings

__all__ = ["check_rivals", "engine", "rows", "steps"]

FRAMEWORKS = {"torch eager, float64": 10, "JAX jit and scan, float32": 1.5}
PART = 5_000  # examples that the slowest rivals are timed with; their time is scaled to the epoch


def engine(data: Data, **settings) -> Engine:
    chosen = TrainingSettings(**{"sizes": (data.inputs.shape[1], 30, 10)} | settings)
    return engine_for(Network.initialised(chosen.sizes, "large", np.random.default_rng(1)), data, chosen)


def steps(trainer: Engine, order: np.ndarray):
    """Return a function that takes the steps of `order`, statistics and all."""
    recorded = -(-len(order) // trainer.settings.batch_size) // (trainer.settings.every or 1)
    room = np.empty((2, recorded, len(trainer.settings.sizes) - 1))

    def work():
        trainer.take_steps(order, *room)
        trainer.network()

    return work


def rows(data: Data) -> list[Row]:
    order = np.random.default_rng(2).permutation(len(data.train))
    works, scale = _works(data, order)
    time = {name: seconds * scale.get(name, 1.0) for name, seconds in best(works).items()}
    evaluation = time["evaluation"]
    on, off = time["statistics on"], time["statistics off"]
    steps_on = "an epoch's steps, statistics on"
    found = [
        Row(steps_on, on, "the textbook's loop over examples", time["textbook"], 12),
        Row(
            "a whole epoch, evaluated", on + evaluation, "the NumPy engine", time["numpy"] + time["numpy evaluation"], 2
        ),
        Row("a whole epoch, statistics on", on + evaluation, "statistics off", off + evaluation, 1 / 1.15),
        Row("the same, every 4th step", time["every 4th"] + evaluation, "statistics off", off + evaluation, 1 / 1.15),
    ]
    if "C on" in time:
        found.append(Row(steps_on, on, "C, statistics on", time["C on"], 0.95))
        found.append(Row("an epoch's steps, statistics off", off, "C, statistics off", time["C off"], 0.95))
    found += [Row(steps_on, on, name, time[name], target) for name, target in FRAMEWORKS.items() if name in time]
    return [*found, _replicas(data)]


def _works(data: Data, order: np.ndarray) -> tuple[dict, dict]:
    """Return all there is to time, and by how much the times of parts of an epoch are to be scaled."""
    on, off, reference = engine(data), engine(data, every=0), engine(data, engine="numpy")
    part = order[:PART]
    others = frameworks.rivals(data.train, part, 10, 0.1, on.shrink[0])
    works = {
        "statistics on": steps(on, order),
        "statistics off": steps(off, order),
        "every 4th": steps(engine(data, every=4), order),
        "evaluation": lambda: on.evaluate(lambda: None),
        "numpy": steps(reference, part),
        "numpy evaluation": lambda: reference.evaluate(lambda: None),
        "textbook": _textbook(data, part, _textbook_start()),
    } | others
    if native.available():
        library, room, in_c = native.built(), np.empty((2, len(order) // 10, 2)), engine(data)
        works["C on"] = lambda: native.take_epoch(library, in_c, order, True, *room)
        works["C off"] = lambda: native.take_epoch(library, in_c, order, False, *room)
    return works, dict.fromkeys(["numpy", "textbook", *others], len(order) / PART)


def check_rivals(data: Data) -> None:
    """Refuse to compare times of different work: all must come to the same weights."""
    order = np.random.default_rng(2).permutation(len(data.train))[:200]
    ours, parameters = engine(data), _textbook_start()
    steps(ours, order)()
    expected = ours.network().weights
    _textbook(data, order, parameters)()
    found = {"textbook": parameters[0]}
    if native.available():
        theirs, room = engine(data), np.empty((2, 20, 2))
        native.take_epoch(native.built(), theirs, order, True, *room)
        found["C"] = theirs.network().weights
    for name, weights in found.items():
        for w, other in zip(expected, weights, strict=True):
            np.testing.assert_allclose(w, other, rtol=1e-9, atol=1e-12, err_msg=name)


def _textbook_start() -> list:
    net = Network.initialised((784, 30, 10), "large", np.random.default_rng(1))
    return [net.weights, [b[:, None] for b in net.biases]]


def _textbook(data: Data, order: np.ndarray, parameters: list):
    x, y = data.train.inputs[order][:, :, None], one_hot(data.train.labels[order], 10)[:, :, None]

    def work():
        for start in range(0, len(order), 10):
            batch = list(zip(x[start : start + 10], y[start : start + 10], strict=True))
            parameters[:] = textbook.update_mini_batch(*parameters, batch, 0.1, 5.0, len(data.train))

    return work


def _replicas(data: Data) -> Row:
    """Two replicas on two cores against one after the other on one."""
    works = {
        threads: lambda threads=threads: train(data, epochs=2, replicas=2, threads=threads)
        for threads in (1, 2)
    }  # fmt: skip
    time = best(works, rounds=3)
    cores = f"on {min(2, available_cores())} cores"
    return Row(f"two replicas, two epochs, {cores}", time[2], "one after the other", time[1], 1.8)
