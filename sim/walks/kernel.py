"""The compiled parts of `sim.walk`: random bits, noise made of them, and one function for each update rule.

Noise of unit variance is written to a buffer, shape (steps, weights), and a rule reads it: any noise goes with any
rule. The number of weights is a multiple of `LANES`.

References
----------
Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM Trans. Math. Softw. 47 (2021) 36.
Marsaglia and Tsang, "The ziggurat method for generating random variables", J. Stat. Softw. 5 (2000) 8.
"""

from __future__ import annotations

import math

import numpy as np

from sim.machinery.jit import compiled

__all__ = ["LANES", "STEPS", "fill_gaussian", "fill_sign", "sgd_steps", "spread"]

LANES = 16  # generators that run side by side, each with its own part of the state
STEPS = 64  # the most steps a buffer may have: as many as a word has bits
LAYERS = 256
TAIL = 3.6541528853610088  # where the lowest of 256 layers ends


def ziggurat_edges() -> np.ndarray:
    """Return the right edges of layers of equal area under exp(-x^2/2), the lowest first (as if it had no tail)."""
    area = TAIL * math.exp(-(TAIL**2) / 2) + math.sqrt(math.pi / 2) * math.erfc(TAIL / math.sqrt(2))
    edges = [area / math.exp(-(TAIL**2) / 2), TAIL]
    while len(edges) < LAYERS:
        edges.append(math.sqrt(-2 * math.log(area / edges[-1] + math.exp(-(edges[-1] ** 2) / 2))))
    return np.array([*edges, 0.0])


EDGES = ziggurat_edges()
HEIGHTS = np.exp(-(EDGES**2) / 2)


@compiled
def rotated(word, by):
    return (word << np.uint64(by)) | (word >> np.uint64(64 - by))


@compiled
def fill_words(state, words):
    """Fill `words` with random bits (Blackman and Vigna's xoshiro256++); `state` has the shape (4, LANES)."""
    for begin in range(0, words.size, LANES):
        for lane in range(LANES):
            a, b, c, d = state[0, lane], state[1, lane], state[2, lane], state[3, lane]
            words[begin + lane] = rotated(a + d, 23) + a
            shifted = b << np.uint64(17)
            c ^= a
            d ^= b
            state[0, lane] = a ^ d
            state[1, lane] = b ^ c
            state[2, lane] = c ^ shifted
            state[3, lane] = rotated(d, 45)


@compiled
def uniform(word):
    """Return the upper 53 bits as a number from 0 to below 1."""
    return np.int64(word >> np.uint64(11)) * 2.0**-53


@compiled
def fill_normal(state, words, x):
    """Fill `x` with numbers from N(0, 1) (ziggurat): 99% of them take one word, one table and one test."""
    fill_words(state, words)
    for i in range(x.size):
        layer = np.int64(words[i] & np.uint64(LAYERS - 1))
        size = uniform(words[i]) * EDGES[layer]
        sign = 1.0 - 2.0 * np.int64((words[i] >> np.uint64(8)) & np.uint64(1))
        if size >= EDGES[layer + 1]:
            size = outside(layer, size, state)
        x[i] = sign * size


@compiled
def outside(layer, size, state):
    """Return what |N(0, 1)| becomes of a point of a layer that is not surely under the curve."""
    spare = np.empty(LANES, np.uint64)
    while True:
        fill_words(state, spare)
        if layer == 0:
            return beyond_tail(spare, state)
        low, high = HEIGHTS[layer], HEIGHTS[layer + 1]
        if low + (high - low) * uniform(spare[0]) < math.exp(-size * size / 2):
            return size
        layer = np.int64(spare[1] & np.uint64(LAYERS - 1))
        size = uniform(spare[1]) * EDGES[layer]
        if size < EDGES[layer + 1]:
            return size


@compiled
def beyond_tail(spare, state):
    """Return a number from the part of |N(0, 1)| above the lowest layer's end (Marsaglia 1964)."""
    while True:
        beyond = -math.log1p(-uniform(spare[0])) / TAIL
        if -2.0 * math.log1p(-uniform(spare[1])) > beyond * beyond:
            return TAIL + beyond
        fill_words(state, spare)


@compiled
def fill_gaussian(state, words, correlation, last, noise):
    """Fill `noise` with AR(1) noise that goes on from `last`, and leave its last step there."""
    fresh = math.sqrt(1.0 - correlation * correlation)
    for step in range(noise.shape[0]):
        g = noise[step]
        fill_normal(state, words, g)
        for i in range(last.size):
            last[i] = correlation * last[i] + fresh * g[i]
            g[i] = last[i]


@compiled
def fill_sign(state, words, correlation, last, noise):
    """Fill `noise` with signs that stay as they are with probability (1 + correlation)/2 from step to step.

    Without correlation each random bit is a sign: one word serves all the steps of a weight.
    """
    if correlation == 0.0:
        fill_words(state, words)
        for step in range(noise.shape[0]):
            for i in range(last.size):
                noise[step, i] = 1.0 - 2.0 * np.int64((words[i] >> np.uint64(step)) & np.uint64(1))
        return
    stay = 0.5 * (1.0 + correlation)
    for step in range(noise.shape[0]):
        fill_words(state, words)
        for i in range(last.size):
            last[i] = last[i] if uniform(words[i]) < stay else -last[i]
            noise[step, i] = last[i]


@compiled
def sgd_steps(w, noise, shrink, size, total):
    """Take w <- shrink w - size noise for every step of `noise`; add each w^2 to `total`."""
    for step in range(noise.shape[0]):
        g = noise[step]
        for i in range(w.size):
            w[i] = shrink * w[i] - size * g[i]
            total[i] += w[i] * w[i]


@compiled
def spread(w):
    """Return the mean of w^2, and the sum of squares about it."""
    mean = 0.0
    for i in range(w.size):
        mean += w[i] * w[i]
    mean /= w.size
    about = 0.0
    for i in range(w.size):
        about += (w[i] * w[i] - mean) ** 2
    return mean, about
