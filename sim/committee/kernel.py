"""The compiled steps of online learning: draw a batch, take a step, turn the frame, read off the overlaps.

Weights are rows. In the reduced method they are coordinates in a frame whose first axes span the teachers, the next
ones the students, and the last ones take up what a batch adds; `sim.online` says why that is exact.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sim.machinery.jit import compiled

__all__ = ["Numbers", "advance", "fields", "overlaps", "step", "turn_frame"]

Array = np.ndarray
Generator = np.random.Generator


class Numbers(NamedTuple):
    """What the compiled steps need to know of a run."""

    eta: float
    gamma: float
    sigma: float
    batch_size: int
    fan_in: int
    reduced: bool
    sign: bool
    logistic: bool


@compiled
def dot(a: Array, b: Array) -> float:
    total = 0.0
    for j in range(len(a)):
        total += a[j] * b[j]
    return total


@compiled
def fields(inputs: Array, weights: Array) -> Array:
    """Return the inner product of every input with every weight vector."""
    result = np.empty((len(inputs), len(weights)))
    for example in range(len(inputs)):
        for unit in range(len(weights)):
            result[example, unit] = dot(inputs[example], weights[unit])
    return result


@compiled
def overlaps(students: Array, teachers: Array) -> Array:
    """Return (Q, R) side by side."""
    K, M = len(students), len(teachers)
    result = np.empty((K, K + M))
    result[:, :K] = fields(students, students)
    result[:, K:] = fields(students, teachers)
    return result


@compiled
def draw_direct(rng: Generator, inputs: Array, sign: bool) -> None:
    """Fill the inputs with independent entries of variance one."""
    for example in range(inputs.shape[0]):
        for j in range(inputs.shape[1]):
            inputs[example, j] = 2.0 * (rng.random() < 0.5) - 1.0 if sign else rng.standard_normal()


@compiled
def draw_reduced(rng: Generator, inputs: Array, fan_in: int) -> None:
    """Fill the inputs with their components in the frame, and the Bartlett factor of the components outside it."""
    batch, width = inputs.shape
    frame = width - batch
    inputs[:] = 0
    for example in range(batch):
        for j in range(frame + example):
            inputs[example, j] = rng.standard_normal()
        inputs[example, frame + example] = math.sqrt(rng.chisquare(fan_in - frame - example))


@compiled
def turn_frame(students: Array, M: int) -> None:
    """Turn the axes behind the teachers' so that the students lie in the first K of them: a Cholesky factorisation."""
    K = len(students)
    gram = fields(students[:, M:], students[:, M:])
    students[:, M:] = 0
    for i in range(K):
        for j in range(i + 1):
            rest = gram[i, j] - dot(students[i, M : M + j], students[j, M : M + j])
            pivot = students[j, M + j]
            if i == j:  # rounding alone is left of a student that lies in the span of the ones before
                students[i, M + i] = math.sqrt(rest) if rest > 1e-14 * gram[i, i] else 0.0
            elif pivot > 0:
                students[i, M + j] = rest / pivot


@compiled
def label_minus_output(x: Array, y: Array, numbers: Numbers, rng: Generator) -> float:
    """Return the error of one example: x are the students' fields, y the teachers'."""
    if numbers.logistic:
        chance = 1 / (1 + math.exp(-y[0])) if len(y) else 0.5
        return (1.0 if rng.random() < chance else 0.0) - 1 / (1 + math.exp(-x[0]))
    error = numbers.sigma * rng.standard_normal()
    for field in y:
        error += math.erf(field / math.sqrt(2.0))
    for field in x:
        error -= math.erf(field / math.sqrt(2.0))
    return error


@compiled
def step(students: Array, teachers: Array, inputs: Array, numbers: Numbers, rng: Generator) -> None:
    """Take one step of gradient descent with weight decay."""
    batch = len(inputs)
    x, y = fields(inputs, students), fields(inputs, teachers)
    students *= 1 - numbers.gamma / numbers.fan_in
    for example in range(batch):
        error = label_minus_output(x[example], y[example], numbers, rng)
        for i in range(len(students)):
            slope = 1.0 if numbers.logistic else math.sqrt(2 / math.pi) * math.exp(-(x[example, i] ** 2) / 2)
            students[i] += numbers.eta / (numbers.fan_in * batch) * slope * error * inputs[example]


@compiled
def advance(
    students: Array, teachers: Array, numbers: Numbers, rng: Generator, steps: int, stride: int, sums: Array
) -> int:
    """Take `steps` steps; every `stride` of them add the overlaps and their squares to `sums`. Return how often."""
    inputs = np.empty((numbers.batch_size, students.shape[1]))
    samples = 0
    for count in range(steps):
        if numbers.reduced:
            draw_reduced(rng, inputs, numbers.fan_in)
        else:
            draw_direct(rng, inputs, numbers.sign)
        step(students, teachers, inputs, numbers, rng)
        if numbers.reduced:
            turn_frame(students, len(teachers))
        if count % stride == 0:
            now = overlaps(students, teachers)
            sums[0] += now
            sums[1] += now**2
            samples += 1
    return samples
