"""What of a trained layer is awake: its weights times f, the rest frozen, on small images and without noise.

The images are MNIST's first 2000, four by four pixels averaged, at a decay so weak that the layer saturates.
"""

import numpy as np
import pytest
from scipy.special import expit

import sim

N, LAM = 2000, 0.3


class Frozen:
    """A network at its minimum, whose first layer may be multiplied by f: weights and biases alike."""

    def __init__(self):
        mnist = sim.load_data(sizes=(N, 0, 0))
        self.x = mnist.inputs[:N].reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49) / 255
        data = sim.Data(self.x, mnist.labels[:N], (N, 0, 0), "pooled MNIST")
        self.y = np.eye(10)[mnist.labels[:N]]
        found = sim.minimise(data, sizes=(49, 10, 10), lam=LAM, tolerance=1e-8, seed=1).isel(replica=0)
        self.norm_sq = found.norm_sq.values
        self.weights, self.bias = found.weights_3.values, found.biases_3.values
        self.z = self.x @ found.weights_2.values.T + found.biases_2.values
        self.error = self.at(1.0)[2]

    def at(self, f):
        """Return z, s(z) and the errors sent back."""
        s = expit(f * self.z)
        return f * self.z, s, (expit(s @ self.weights.T + self.bias) - self.y) @ self.weights

    def noise(self, f):
        """Return E||g_2||^2 of one example, the errors as they were at f = 1."""
        _, s, _ = self.at(f)
        return float((((s * (1 - s) * self.error) ** 2).sum(axis=1) * (self.x**2).sum(axis=1)).mean())

    def awake(self, f):
        return float((abs(self.at(f)[0]) < 1).mean())

    def signal(self, f):
        """Return -<w_2, g_2>, what drives the layer outwards, with the errors that the outputs then have."""
        z, s, h = self.at(f)
        return -float((z * s * (1 - s) * h).sum(axis=1).mean())


@pytest.fixture(scope="module")
def frozen():
    return Frozen()


def power(of, low, high):
    return np.log(of(high) / of(low)) / np.log(high / low)


def test_at_the_minimum_decay_is_held_by_what_the_theory_says(frozen):
    """With stationary biases: layer 2 by z s' h, layer 3 by (s - 1/2) h; saturation tells the two apart."""
    _, s, h = frozen.at(1.0)
    held = LAM / N * frozen.norm_sq
    other = -((s - 0.5) * h).sum(axis=1).mean()
    assert frozen.signal(1.0) == pytest.approx(held[0], rel=1e-3)
    assert other == pytest.approx(held[1], rel=1e-3)
    assert other != pytest.approx(held[0], rel=0.03)


@pytest.mark.parametrize("of", ["noise", "awake"])
def test_noise_falls_as_the_norm_rises(frozen, of):
    """As 1/f, the nearer the larger f is, for the error falls with 1/f^2; from f < 1, hardly saturated, it does not."""
    of = getattr(frozen, of)
    for low, error in ((1.0, 0.15), (2.0, 0.10), (8.0, 0.05)):
        assert power(of, low, 4 * low) == pytest.approx(-1, abs=error)
    assert power(of, 0.1, 0.4) != pytest.approx(-1, abs=0.15)


def test_the_signal_is_no_power(frozen):
    """It drives outwards at the minimum and inwards from a little above: large terms that nearly cancel."""
    assert frozen.signal(1.0) > 0 > frozen.signal(1.5)
    assert -frozen.signal(4.0) > frozen.signal(1.0)
