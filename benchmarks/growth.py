"""How the cost of the compiled engine grows: with neurons, batches, the density of the input, and replicas."""

from __future__ import annotations

import numpy as np

from benchmarks.timing import best, exponent
from benchmarks.training import engine, steps
from sim import Data, train
from sim.machinery.pool import available_cores

__all__ = ["tables"]

EXAMPLES = 5_000


def tables(data: Data) -> list[str]:
    few = Data(data.inputs[:EXAMPLES], data.labels[:EXAMPLES], (EXAMPLES, 0, 0), "few")
    order = np.random.default_rng(2).permutation(EXAMPLES)
    cores = available_cores()
    return [
        _table("hidden units", {h: steps(engine(few, sizes=(784, h, 10)), order) for h in (10, 30, 100, 300)}, 1),
        _table("examples in a minibatch", {m: steps(engine(few, batch_size=m), order) for m in (1, 10, 100, 1000)}, 0),
        _table("non-zero inputs, %", {d: steps(engine(_sparse(d)), order) for d in (5, 10, 20, 40, 80)}, 1),
        _table(f"replicas, {cores} cores", {r: lambda r=r: train(few, epochs=2, replicas=r) for r in (1, 2, 4, 8)}, 1),
    ]


def _sparse(percent: int) -> Data:
    rng = np.random.default_rng(3)
    inputs = rng.integers(1, 256, (EXAMPLES, 784)).astype(np.uint8) * (rng.random((EXAMPLES, 784)) < percent / 100)
    return Data(inputs, rng.integers(0, 10, EXAMPLES), (EXAMPLES, 0, 0), f"{percent}% dense")


def _table(name: str, works: dict, linear: int) -> str:
    time = best(works, rounds=3)
    lines = [f"| {name} | ms for {EXAMPLES} examples |", "|---:|---:|"]
    lines += [f"| {size} | {1e3 * seconds:.3g} |" for size, seconds in time.items()]
    whole = exponent(list(time), list(time.values()))
    last = exponent(list(time)[-2:], list(time.values())[-2:])
    lines.append(f"\nExponent {whole:.2f} over all, {last:.2f} over the last two; proportional would be {linear}.\n")
    return "\n".join(lines)
