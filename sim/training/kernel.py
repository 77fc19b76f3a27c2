"""The compiled twin of `sim.training.network`: the same rule, order of minibatches and numbers, to rounding.

Three things make it fast. Most inputs of an example are zero, and only the weights that leave the others need work: the
first layer is kept input by input, so that a non-zero input touches one contiguous row. And the decay of that whole
layer is one number: W = s V, of which a step changes s <- a s and the touched rows of V.

A third: what is summed over a loop stays in registers (`sim.machinery.lanes`). Rows are padded with zeros to whole
blocks of them; the padding stays zero because the activations and the errors are zero there.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sim.machinery.jit import compiled
from sim.machinery.lanes import lanes, load, plus, store, times, total, zeros

__all__ = ["Parameters", "Workspace", "evaluate", "fold", "take_steps"]

LOG2_E = 1.4426950408889634
LN_2_UPPER, LN_2_LOWER = 0.693145751953125, 1.42860682030941723212e-6  # the upper one times a whole number is exact
INVERSE_FACTORIALS = tuple(1.0 / math.factorial(i) for i in range(12, -1, -1))
LARGEST = 1e300  # below what double precision holds, by more than a factor of 2
FARTHEST = 1e6  # V and W differ at most by this factor: single precision bears that too


class Parameters(NamedTuple):
    """Weights and biases. Layer l of weights has `widths[l]` neurons, at `units[l]` of every row of units."""

    first: np.ndarray  # V of the first layer, (inputs, padded neurons)
    scale: np.ndarray  # its s, one number
    rest: np.ndarray  # the other layers one after another, each (neurons, padded inputs)
    begins: np.ndarray  # where each begins in `rest`
    biases: np.ndarray
    units: np.ndarray
    widths: np.ndarray


class Workspace(NamedTuple):
    """Room for one minibatch: a row of units per example."""

    net: np.ndarray  # weighted inputs, without the bias
    active: np.ndarray  # sigmoid(net + bias)
    delta: np.ndarray  # dC_x / dnet
    gradient: np.ndarray  # sum over the batch for the first layer, shape of `first`; zeros between steps
    touched: np.ndarray  # inputs that are not zero somewhere in the batch
    last_step: np.ndarray  # in which step each input was touched last


@compiled
def dot(x, y):
    products = zeros(x)
    for j in range(0, x.size, lanes(x)):
        products = times(load(x, j), load(y, j), products)
    return total(products)


@compiled
def add(y, c, x):
    """Add c x to y."""
    for j in range(0, y.size, lanes(y)):
        store(y, j, plus(load(y, j), c, load(x, j)))


@compiled
def sum_rows(first, examples, x, out):
    """Sum the rows of `first` that example x touches, each times its input."""
    columns, values = examples.columns, examples.values
    unit = first.dtype.type(examples.unit)
    for j in range(0, out.size, lanes(out)):
        block = zeros(first)
        for k in range(examples.starts[x], examples.starts[x + 1]):
            block = plus(block, unit * values[k], load(first[columns[k]], j))
        store(out, j, block)


@compiled
def exponential(x):
    """Return e^x for -700 <= x <= 0 to a few units in the last place.

    Unlike the library's it has no branch and no call, so that eight are done at once: e^x = 2^k e^r with |r| below
    ln(2)/2, whose Taylor series ends at r^13; 2^k is written into the exponent's bits.
    """
    k = math.floor(x * LOG2_E + 0.5)
    r = x - k * LN_2_UPPER - k * LN_2_LOWER
    series = 1.0 / 6227020800.0  # 13!
    for factorial in INVERSE_FACTORIALS:
        series = series * r + factorial
    return series * np.int64((np.int64(k) + np.int64(1023)) << np.int64(52)).view(np.float64)


@compiled
def activate(net, biases, active):
    """Write sigmoid(net + bias); where |z| is above 700 it is 0 or 1 in double precision, and e^-700 is 0."""
    for j in range(net.size):
        z = float(net[j] + biases[j])
        e = exponential(-min(abs(z), 700.0))
        active[j] = (1.0 if z >= 0.0 else e) / (1.0 + e)


@compiled
def forward(p, examples, x, net, active):
    """Fill the units of one example: weighted inputs and activations of every layer."""
    units = p.units
    scale = p.first.dtype.type(p.scale[0])
    sum_rows(p.first, examples, x, net[: units[1]])
    for j in range(units[1]):
        net[j] *= scale
    for layer in range(p.widths.size):
        if layer > 0:
            before = active[units[layer - 1] : units[layer]]
            begin = p.begins[layer]
            for j in range(units[layer], units[layer] + p.widths[layer]):
                net[j] = dot(p.rest[begin : begin + before.size], before)
                begin += before.size
        own = slice(units[layer], units[layer + 1])  # with the padding: whole registers
        activate(net[own], p.biases[own], active[own])
        active[units[layer] + p.widths[layer] : units[layer + 1]] = 0.0


@compiled
def backward(p, label, quadratic, active, delta):
    """Fill the errors of one example, from the last layer to the first."""
    units = p.units
    top = p.widths.size - 1
    for j in range(units[top], units[top] + p.widths[top]):
        delta[j] = active[j]
    delta[units[top] + label] -= 1.0
    if quadratic:
        for j in range(units[top], units[top] + p.widths[top]):
            delta[j] *= active[j] * (1.0 - active[j])
    for layer in range(top, 0, -1):
        size = units[layer] - units[layer - 1]
        for j in range(0, size, lanes(delta)):
            block = zeros(delta)
            for k in range(p.widths[layer]):
                block = plus(block, delta[units[layer] + k], load(p.rest, p.begins[layer] + k * size + j))
            store(delta, units[layer - 1] + j, block)
        for j in range(units[layer - 1], units[layer]):
            delta[j] *= active[j] * (1.0 - active[j])


@compiled
def descend_first(p, examples, batch, rate, work):
    """Take the gradient step of the first layer, row by row."""
    columns, values = examples.columns, examples.values
    rate = p.first.dtype.type(rate * examples.unit)
    for i in range(batch.size):
        x = batch[i]
        for j in range(0, p.first.shape[1], lanes(p.first)):
            delta = load(work.delta[i], j)
            for k in range(examples.starts[x], examples.starts[x + 1]):
                row = p.first[columns[k]]
                store(row, j, plus(load(row, j), -rate * values[k], delta))


@compiled
def descend_first_measured(p, examples, batch, rate, work, step):
    """Take the same step by way of the gradient itself; return its square, summed over the layer."""
    columns, values, gradient = examples.columns, examples.values, work.gradient
    unit = gradient.dtype.type(examples.unit)
    count = 0
    for i in range(batch.size):
        entries = range(examples.starts[batch[i]], examples.starts[batch[i] + 1])
        for k in entries:
            work.touched[count] = columns[k]
            count += work.last_step[columns[k]] != step
            work.last_step[columns[k]] = step
        for j in range(0, p.first.shape[1], lanes(gradient)):
            delta = load(work.delta[i], j)
            for k in entries:
                row = gradient[columns[k]]
                store(row, j, plus(load(row, j), unit * values[k], delta))
    square = zeros(gradient)
    for i in range(count):
        row, sums = p.first[work.touched[i]], gradient[work.touched[i]]
        for j in range(0, row.size, lanes(row)):
            block = load(sums, j)
            store(sums, j, zeros(sums))
            square = times(block, block, square)
            store(row, j, plus(load(row, j), -rate, block))
    return total(square)


@compiled
def descend_rest(p, layer, size, rate, shrink, work):
    """Take the step of a later layer, neuron by neuron; return the square of the summed gradient."""
    inputs = p.units[layer - 1]
    row = p.units[layer] - inputs
    square = zeros(p.rest)
    for neuron in range(p.widths[layer]):
        for j in range(0, row, lanes(p.rest)):
            gradient = zeros(p.rest)
            for i in range(size):
                error = work.delta[i, p.units[layer] + neuron]
                gradient = plus(gradient, error, load(work.active[i], inputs + j))
            square = times(gradient, gradient, square)
            at = p.begins[layer] + neuron * row + j
            kept = plus(zeros(p.rest), shrink, load(p.rest, at))
            store(p.rest, at, plus(kept, -rate, gradient))
    return total(square)


@compiled
def descend_biases(p, size, rate, work):
    for i in range(size):
        add(p.biases, -rate, work.delta[i])


@compiled
def fold(p):
    """Make s = 1 and V = W."""
    scale = p.first.dtype.type(p.scale[0])
    for i in range(p.first.shape[0]):
        for j in range(p.first.shape[1]):
            p.first[i, j] *= scale
    p.scale[0] = 1.0


@compiled
def align(p, size, work, alignment):
    """Write <w, g> of every layer: the batch mean of delta . net."""
    for layer in range(p.widths.size):
        part = slice(p.units[layer], p.units[layer + 1])
        total = 0.0
        for i in range(size):
            total += dot(work.delta[i, part], work.net[i, part])
        alignment[layer] = total / size


@compiled
def take_steps(p, examples, order, batch_size, eta, shrink, quadratic, every, work, alignment, grad_sq):
    """Take one step for each minibatch of `order`; write <w, g> and ||g||^2 of each `every`-th (none if 0) per layer.

    `alignment` and `grad_sq` have the shape (recorded steps, layers); recorded are the steps every - 1, 2 every - 1...
    `shrink` has one number for each layer.
    """
    work.last_step[:] = -1
    for step in range((order.size + batch_size - 1) // batch_size):
        batch = order[step * batch_size : (step + 1) * batch_size]
        size = batch.size
        for i in range(size):
            forward(p, examples, batch[i], work.net[i], work.active[i])
            backward(p, examples.labels[batch[i]], quadratic, work.active[i], work.delta[i])
        recorded = every > 0 and (step + 1) % every == 0
        if recorded:
            align(p, size, work, alignment[step // every])
        rate = eta / size
        p.scale[0] *= shrink[0]
        if not 1 / FARTHEST <= abs(p.scale[0]) <= FARTHEST:
            fold(p)
        if recorded:
            square = descend_first_measured(p, examples, batch, rate / p.scale[0], work, step)
            grad_sq[step // every, 0] = square / size**2
        else:
            descend_first(p, examples, batch, rate / p.scale[0], work)
        for layer in range(1, p.widths.size):
            square = descend_rest(p, layer, size, rate, shrink[layer], work)
            if recorded:
                grad_sq[step // every, layer] = square / size**2
        descend_biases(p, size, rate, work)


@compiled
def evaluate(p, examples, first, last, quadratic, work):
    """Return the sum of C_x over the examples from `first` to before `last`, and how many are classified rightly."""
    net, active = work.net[0], work.active[0]
    top = p.units[p.widths.size - 1]
    cost, right = 0.0, 0
    for x in range(first, last):
        forward(p, examples, x, net, active)
        label = examples.labels[x]
        best = 0
        product = 1.0
        for k in range(p.widths[-1]):
            z = float(net[top + k] + p.biases[top + k])
            if z > net[top + best] + p.biases[top + best]:
                best = k
            if quadratic:
                cost += 0.5 * (active[top + k] - (k == label)) ** 2
            else:  # ln(1 + e^z) - y z, written so that it cannot overflow
                cost += max(z, 0.0) - (k == label) * z
                product *= 1.0 + exponential(-min(abs(z), 700.0))
                if product > LARGEST:
                    cost += math.log(product)
                    product = 1.0
        cost += math.log(product)  # one logarithm for all: each factor is between 1 and 2
        right += best == label
    return cost, right
