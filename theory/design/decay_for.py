"""The decay that gives a wanted scale or a wanted memory: the law of the optimizer, solved for it to 1e-12."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from theory.design.published import part_of_the_run, refuse_unless_adamw
from theory.design.timescale import for_its_memory
from theory.errors import InvalidArgument, OutOfRange
from theory.settings import check_batch, one_number, positive, positive_answer
from theory.settings.checks import run_length, shown
from theory.settings.types import Value
from theory.weight.equilibrium import equilibrium
from theory.weight.problem import PLAIN
from theory.weight.scheduled import trajectory
from theory.weight.search import smallest_lam

__all__ = ["decay_for"]

LITTLE = 1e-2  # of a memory within the run: so little decay leaves its end as it is


@positive_answer
def decay_for(
    *,
    n: float | None = None,
    eta: float | None = None,
    lr: float | None = None,
    scale: float | None = None,
    epochs: float | None = None,
    batch_size: float | None = None,
    memory: float | None = None,
    tokens_per_parameter: float | None = None,
    steps: int | None = None,
    optimizer: Any = PLAIN,
    **model: Any,
) -> float:
    """Return the decay that gives a wanted scale, at equilibrium or at the end of a run, or a wanted memory.

    Parameters
    ----------
    n, eta : float
        As in `theory.equilibrium`: lam is returned. Or `lr` alone: PyTorch's weight_decay is returned.
    scale : float, optional
        The wanted rms of a weight: in equilibrium, or after `steps` steps if these are given. Give this, or a memory.
    epochs, batch_size : float, optional
        The wanted relaxation time in epochs of n / batch_size steps.
    memory : float, optional
        The wanted relaxation time in steps.
    tokens_per_parameter : float, optional
        Or the memory that Bergsma et al. find best for AdamW, from tokens per parameter and the run's `steps`, with
        the largest learning rate of the run (see `theory.design.published`; a fit to language models).
    steps : int, optional
        Length of a run; `scale` is the rms at its end then, and `start`, `schedule` and what else
        `theory.trajectory` takes may be given.
    optimizer : SGD, Adam, AdamW, ... or a name
        Default: plain SGD.
    **model : float
        `noise`, `correlation`, `curvature` and `shape` of `theory.equilibrium`.

    Returns
    -------
    float
        The smallest such lam (or weight_decay).

    Raises
    ------
    InvalidArgument
        If not exactly one thing is asked for, or no decay reaches it; the message says what can be reached.

    Examples
    --------
    >>> import theory
    >>> print(f"{decay_for(scale=0.1, n=50_000, eta=0.1):.5f}")
    5.00003
    >>> print(f"{decay_for(scale=0.02, lr=1e-3, optimizer='adamw'):.4f}")
    1.2351
    >>> run = {"steps": 10_000, "schedule": "cosine", "start": 0.02}
    >>> print(f"{decay_for(scale=0.02, lr=1e-3, optimizer='adamw', **run):.3f}")
    0.538
    >>> print(f"{decay_for(tokens_per_parameter=20, steps=10_000, lr=1e-3, optimizer='adamw'):.3f}")
    0.447
    """
    wanted = {"scale": scale, "epochs": epochs, "memory": memory, "tokens_per_parameter": tokens_per_parameter}
    given = [name for name, value in wanted.items() if value is not None]
    if len(given) != 1:
        got = ", ".join(f"{name} = {shown(value)}" for name, value in wanted.items())
        raise InvalidArgument(f"give either {' or '.join(wanted)}, and one of them, got {got}.")
    n, eta, lr = (
        None if value is None else one_number(name, value) for name, value in (("n", n), ("eta", eta), ("lr", lr))
    )
    words = _words(n, eta, lr)
    size = float(n) if n is not None else 1.0
    name = "lam" if lr is None else "weight_decay"
    if epochs is None and batch_size is not None:
        raise InvalidArgument(f"batch_size must be left out with {given[0]}, got {shown(batch_size)}. Epochs need it.")

    def rests_at(decay: float) -> Value:
        return equilibrium(**words(decay), optimizer=optimizer, **model).scale

    if scale is not None:
        scale = _one_positive("scale", scale)
        if steps is None:
            return smallest_lam(rests_at, scale, "scale", size, name)

        def end(decay: float) -> float:
            try:
                return float(trajectory(**words(decay), steps=steps, optimizer=optimizer, **model).rms[-1])
            except OutOfRange:
                return np.inf  # the step overshoots

        rate = (lr if lr is not None else eta / n) * run_length(steps)  # type: ignore[operator]
        return smallest_lam(end, scale, "scale", size, name, begin=LITTLE / rate)
    if tokens_per_parameter is not None:
        refuse_unless_adamw(optimizer)
        wanted_memory = part_of_the_run(tokens_per_parameter) * _given("steps", steps, "Say how long the run is.")
    elif steps is not None:
        raise InvalidArgument(f"steps must be left out with {given[0]}, got {shown(steps)}. A memory has no end.")
    elif epochs is not None:
        examples = _given("n", n, "Or ask for a memory in steps.")
        wanted_memory = _one_positive("epochs", epochs) * examples
        wanted_memory /= _given("batch_size", batch_size, "Give the number of examples per step.")
        check_batch(batch_size, examples)
    else:
        wanted_memory = _one_positive("memory", memory)  # type: ignore[arg-type]

    def remembers(decay: float) -> Value:
        return for_its_memory(optimizer, **words(decay), **model).relaxation_time

    return smallest_lam(remembers, wanted_memory, "memory in steps", size, name)


def _given(name: str, value: float | None, hint: str) -> float:
    """Return one positive number that what is asked for needs."""
    if value is None:
        asked = "tokens_per_parameter" if name == "steps" else "epochs"
        raise InvalidArgument(f"{name} must be given with {asked}, got None. {hint}")
    return run_length(value) if name == "steps" else _one_positive(name, value)


def _one_positive(name: str, value: float) -> float:
    positive(name, one_number(name, value))
    return float(value)


def _words(n: float | None, eta: float | None, lr: float | None) -> Callable[[float], dict[str, Value]]:
    """Return what turns a decay into the arguments of `theory.equilibrium`, in the words that were given."""
    if lr is None:
        for name, value in (("n", n), ("eta", eta)):
            if value is None:
                raise InvalidArgument(f"{name} must be given, got None. Give n and eta, or lr.")
        return lambda decay: {"n": n, "lam": decay, "eta": eta}
    for name, value in (("n", n), ("eta", eta)):
        if value is not None:
            raise InvalidArgument(f"{name} must be left out beside lr, got {shown(value)}. weight_decay is lam/n.")
    positive("lr", lr, "Give the learning rate per step.")
    return lambda decay: {"lr": lr, "weight_decay": decay}
