"""The compiled twin of `sim.training.network`: the same rule, order of minibatches and numbers, to rounding.

Two facts make it fast. Most inputs of an example are zero, and only the weights that leave the others need work: the
first layer is kept input by input, so that a non-zero input touches one contiguous row. And the decay of that whole
layer is one number: W = s V, of which a step changes s <- a s and the touched rows of V.

Rows are padded with zeros to a whole number of vector registers; the padding stays zero because the activations and
the errors are zero there.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sim.machinery.jit import compiled

__all__ = ["LANES", "Parameters", "Workspace", "evaluate", "fold", "take_steps"]

LANES = 8
LOG2_E = 1.4426950408889634
LN_2_UPPER, LN_2_LOWER = 0.693145751953125, 1.42860682030941723212e-6  # the upper one times a whole number is exact
INVERSE_FACTORIALS = tuple(1.0 / math.factorial(i) for i in range(12, -1, -1))
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
    gradient: np.ndarray  # sum over the batch for the first layer, shape of `first`; only touched rows are meant
    row: np.ndarray  # the same for one neuron of a later layer
    touched: np.ndarray  # inputs that are not zero somewhere in the batch
    last_step: np.ndarray  # in which step each input was touched last


@compiled
def dot(x, y):
    total = x.dtype.type(0.0)
    for i in range(x.size):
        total += x[i] * y[i]
    return total


@compiled
def add(y, c, x):
    """Add c x to y."""
    c = y.dtype.type(c)
    for i in range(y.size):
        y[i] += c * x[i]


@compiled
def sum_rows(first, examples, x, out):
    """Sum the rows of `first` that example x touches, each times its input; four at a time, to write `out` less."""
    columns, values = examples.columns, examples.values
    k, end = examples.starts[x], examples.starts[x + 1]
    unit = first.dtype.type(examples.unit)
    out[:] = 0.0
    while k + 4 <= end:
        w0, w1, w2, w3 = first[columns[k]], first[columns[k + 1]], first[columns[k + 2]], first[columns[k + 3]]
        x0, x1, x2, x3 = unit * values[k], unit * values[k + 1], unit * values[k + 2], unit * values[k + 3]
        for j in range(out.size):
            out[j] += x0 * w0[j] + x1 * w1[j] + x2 * w2[j] + x3 * w3[j]
        k += 4
    while k < end:
        add(out, unit * values[k], first[columns[k]])
        k += 1


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
        own = slice(units[layer], units[layer] + p.widths[layer])
        activate(net[own], p.biases[own], active[own])


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
        below = delta[units[layer - 1] : units[layer]]
        below[:] = 0.0
        begin = p.begins[layer]
        for j in range(units[layer], units[layer] + p.widths[layer]):
            add(below, delta[j], p.rest[begin : begin + below.size])
            begin += below.size
        for j in range(units[layer - 1], units[layer]):
            delta[j] *= active[j] * (1.0 - active[j])


@compiled
def descend_first(p, examples, batch, rate, work):
    """Take the gradient step of the first layer, row by row."""
    rate = p.first.dtype.type(rate * examples.unit)
    for i in range(batch.size):
        delta = work.delta[i, : p.units[1]]
        x = batch[i]
        for k in range(examples.starts[x], examples.starts[x + 1]):
            row = p.first[examples.columns[k]]
            step = rate * examples.values[k]
            for j in range(delta.size):
                row[j] -= step * delta[j]


@compiled
def descend_first_measured(p, examples, batch, rate, work, step):
    """Take the same step by way of the gradient itself; return its square, summed over the layer."""
    unit = p.first.dtype.type(examples.unit)
    rate = p.first.dtype.type(rate)
    count = 0
    for i in range(batch.size):
        delta = work.delta[i, : p.units[1]]
        x = batch[i]
        for k in range(examples.starts[x], examples.starts[x + 1]):
            column = examples.columns[k]
            value = unit * examples.values[k]
            gradient = work.gradient[column]
            if work.last_step[column] == step:
                for j in range(delta.size):
                    gradient[j] += value * delta[j]
            else:
                work.last_step[column] = step
                work.touched[count] = column
                count += 1
                for j in range(delta.size):
                    gradient[j] = value * delta[j]
    square = 0.0
    for i in range(count):
        gradient = work.gradient[work.touched[i]]
        row = p.first[work.touched[i]]
        for j in range(row.size):
            square += gradient[j] * gradient[j]
            row[j] -= rate * gradient[j]
    return square


@compiled
def descend_rest(p, layer, size, rate, shrink, work):
    """Take the step of a later layer, neuron by neuron; return the square of the summed gradient."""
    units = p.units
    begin = p.begins[layer]
    inputs = slice(units[layer - 1], units[layer])
    gradient = work.row[: units[layer] - units[layer - 1]]
    shrink = gradient.dtype.type(shrink)
    square = 0.0
    for j in range(units[layer], units[layer] + p.widths[layer]):
        gradient[:] = 0.0
        for i in range(size):
            add(gradient, work.delta[i, j], work.active[i, inputs])
        square += dot(gradient, gradient)
        weights = p.rest[begin : begin + gradient.size]
        for i in range(weights.size):
            weights[i] *= shrink
        add(weights, -rate, gradient)
        begin += gradient.size
    return square


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
            grad_sq[step // every, 0] = (
                descend_first_measured(p, examples, batch, rate / p.scale[0], work, step) / size**2
            )
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
        for k in range(p.widths[-1]):
            z = net[top + k] + p.biases[top + k]
            if z > net[top + best] + p.biases[top + best]:
                best = k
            if quadratic:
                cost += 0.5 * (active[top + k] - (k == label)) ** 2
            else:  # ln(1 + e^z) - y z, written so that it cannot overflow
                cost += max(z, 0.0) + math.log1p(math.exp(-abs(z))) - (k == label) * z
        right += best == label
    return cost, right
