"""Train the textbook's network and record what becomes of its weights, epoch by epoch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sim.data.load import Data
from sim.machinery.pool import run_all
from sim.training import checkpoint as checkpoints
from sim.training import replica
from sim.training.engines import prepare
from sim.training.record import dataset
from sim.training.settings import ENGINES, TrainingSettings, decays, sampling
from theory.settings import whole_number

__all__ = ["ENGINES", "TrainingSettings", "train"]

log = logging.getLogger("sim")


def train(
    data: Data,
    *,
    sizes: Sequence[int] = (784, 30, 10),
    epochs: int = 30,
    batch_size: int = 10,
    eta: float = 0.1,
    lam: float | Sequence[float] = 5.0,
    init: str = "large",
    bias_init: str = "normal",
    cost: str = "cross-entropy",
    replicas: int = 1,
    seed: int = 0,
    engine: str = "compiled",
    dtype: str = "float64",
    statistics: str | int | None = "every",
    evaluate_every: int = 1,
    evaluate_from: int = 0,
    threads: int | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 1,
    resume: str | Path | None = None,
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
    eta : float
        Learning rate per step.
    lam : float or sequence of float
        Regularisation parameter of the cost (lam / 2n) sum w^2: one for all layers, or one for each.
    init : {"large", "default"}
        Weights from N(0, 1), or from N(0, 1/fan_in).
    bias_init : {"normal", "zero"}
        Biases from N(0, 1), or all zero. Biases do not decay, so that under a decay that leaves hardly a weight they
        remember where they started.
    cost : {"cross-entropy", "quadratic"}
    replicas : int
        Independent runs: each has its own initial weights and its own shuffles.
    seed : int
        Seeds for the replicas are spawned from it.
    engine : {"compiled", "numpy"}
        What does the arithmetic: machine code, or the reference `sim.training.network` that people can read. Both give
        the same numbers to rounding; the first use of the former compiles it, once, and says so in the log ("sim").
    dtype : {"float64", "float32"}
        Of the weights and of the arithmetic.
    statistics : "every", int or None
        Record the gradient's statistics of every minibatch, of each so many-th, or none.
    evaluate_every : int
        Evaluate cost and accuracy after each so many-th epoch only; they are NaN in between. An evaluation of all
        examples takes about a quarter of an epoch's time.
    evaluate_from : int
        Not before this epoch: `epochs=100, evaluate_from=91` evaluates ten, whose mean scatters less than the last.
    threads : int, optional
        How many replicas run at once. Default: one per core. The result does not depend on it.
    checkpoint : path, optional
        Where to save the run (weights, generators, record) after every `checkpoint_every` epochs of a replica and at
        its end. The file is whole at any moment.
    checkpoint_every : int
    resume : path, optional
        A checkpoint to go on from, to the same bits as a run that was never interrupted. Everything but `epochs`,
        which may have grown, must be as it was.
    progress : callable, optional
        Called in this thread after every epoch of every replica, and for the epochs that `resume` brings.

    Returns
    -------
    Dataset
        Over (replica, epoch, layer): rms, variance, sum, mean, l1, induced_1_norm, penalty = lam ||w||^2 / 2n;
        alignment = <w, g> and grad_sq = ||g||^2, means over the epoch's minibatches, with the standard errors
        alignment_error and grad_sq_error (NaN at epoch 0). Over (replica, epoch, split): cost (the penalty of all
        layers included), accuracy.
        Epoch 0 is before training; layers are labelled 2, 3, ... as the textbook numbers them. The settings,
        the seed, the versions and what `data` was told on loading are in the attributes. `diverged` there is empty, or
        says of which replica, layer and epoch the weights stopped being finite or grew a millionfold, and what to
        change: such a replica ends there, the epochs from then on are NaN, and the log ("sim") warns.

    Raises
    ------
    InvalidArgument
        A setting out of range, or sizes that do not fit the data.
    CheckpointError
        A checkpoint that is missing, damaged or of another run.

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
    settings = TrainingSettings(
        tuple(sizes),
        epochs,
        batch_size,
        eta,
        decays(lam),
        init,
        cost,
        replicas,
        engine,
        dtype,
        sampling(statistics),
        evaluate_every,
        bias_init,
        evaluate_from,
    )
    settings.check_fit(data)
    whole_number("seed", seed, least=0)
    whole_number("checkpoint_every", checkpoint_every)
    run = checkpoints.identity(data, settings, seed) if checkpoint or resume else {}
    known = checkpoints.load(resume, run, epochs) if resume else {}
    keeper = checkpoints.Checkpoint(checkpoint, checkpoint_every, epochs, run, known) if checkpoint else None

    def listen(snapshot: replica.Snapshot) -> None:
        if keeper:
            keeper.keep(snapshot)
        if progress:
            progress()

    if progress:
        for _ in range(sum(snapshot.epoch for snapshot in known.values())):
            progress()
    prepare(data, settings)
    seeds = np.random.SeedSequence(seed).spawn(replicas)
    starts = [known.get(r) or replica.begin(r, seeds[r], settings) for r in range(replicas)]
    tasks: list[Any] = [partial(replica.run, start, data, settings) for start in starts]
    result = dataset(run_all(tasks, threads, listen), data, settings, seed)
    if result.attrs["diverged"]:
        log.warning("diverged: %s", result.attrs["diverged"])
    return result
