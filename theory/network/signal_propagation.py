r"""Signal propagation in a wide random network: variances forwards, squared gradients backwards, layer by layer.

.. math:: V_1 = s_1^2 \|x\|^2 + s_b^2
.. math:: V_{l+1} = s_{l+1}^2 n_l E \sigma(z_l)^2 + s_b^2

for the pre-activations z_l of variance V_l, whose layer l has n_l neurons and weights of variance s_l^2; the same with
overlaps in place of squared norms for two examples. The expected cost is a function of these variances, and the chain
rule through them, :math:`\partial E f(z) / \partial V = \frac{1}{2} E f''(z)`, gives

.. math:: E \langle w_l, g_l \rangle = \frac{\partial E C_0}{\partial \ln s_l}

The squared errors that the gradient is made of go back by E e_l^2 = s_(l+1)^2 n_(l+1) E sigma'(z_l)^2 E e_(l+1)^2.

Assumptions, range and references are those of `theory.network.mean_field`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.network.sigmoid_means import Function, bend, mean, pair_mean, sigmoid, slope

__all__ = ["Forward", "Pairs", "mean_alignment", "mean_grad_sq", "pair_grad_product"]

PAIRS = 4000  # of examples: the standard error of their mean is then below 1%


@dataclass(frozen=True)
class Pairs:
    """Pairs of different examples: which they are, and their overlaps x . x'.

    Attributes
    ----------
    one, two : ndarray of int, shape (pairs,)
        The examples of each pair.
    overlap : ndarray, shape (pairs,)
        x . x'.
    """

    one: np.ndarray
    two: np.ndarray
    overlap: np.ndarray

    @classmethod
    def of(cls, sample: np.ndarray) -> Pairs:
        """Return all pairs of a small sample, or as many as are enough, drawn evenly: neighbours may be alike."""
        one, two = np.triu_indices(len(sample), 1)
        if len(one) > PAIRS:
            chosen = np.random.default_rng(0).choice(len(one), PAIRS, replace=False)
            one, two = one[chosen], two[chosen]
        return cls(one, two, np.einsum("pi,pi->p", sample[one], sample[two]))

    def mean(self, f: Function, variance: np.ndarray, covariance: np.ndarray) -> np.ndarray:
        """Return E f(z) f(z') of every pair, from the variance of every example and the pairs' covariances."""
        return pair_mean(f, variance[self.one], variance[self.two], covariance)


@dataclass(frozen=True)
class Forward:
    """Pre-activation variances, and the squared norms of the activations they come from, per layer and example.

    Attributes
    ----------
    variance, norm_before : list of ndarray, shape (examples,)
        V_l, and the squared norm of what feeds layer l.
    """

    variance: list[np.ndarray]
    norm_before: list[np.ndarray]

    @classmethod
    def of(cls, widths: list[int], std_sq: list[float], bias_std: float, norms: np.ndarray) -> Forward:
        """Return the variances of every layer for inputs of the given squared norms."""
        variance, norm_before = [], [norms]
        for layer, s_sq in enumerate(std_sq, 1):
            variance.append(s_sq * norm_before[-1] + bias_std**2)
            norm_before.append(widths[layer] * mean(lambda z: sigmoid(z) ** 2, variance[-1]))
        return cls(variance, norm_before[:-1])


def mean_alignment(widths: list[int], std_sq: list[float], bias_std: float, forward: Forward, cost: str) -> np.ndarray:
    """Return E<w_l, g_l> = dE C0 / d ln s_l by the chain rule through the variances (dE f / dV = E f'' / 2)."""
    y = 1 / widths[-1]

    def cost_bend(z: np.ndarray) -> np.ndarray:  # C'' averaged over the labels
        return slope(z) if cost == "cross-entropy" else slope(z) ** 2 + (sigmoid(z) - y) * bend(z)

    cost_slope = widths[-1] * mean(cost_bend, forward.variance[-1])  # 2 dE C0 / dV of the output layer
    out: list[float] = []
    for layer in range(len(std_sq) - 1, -1, -1):
        if layer < len(std_sq) - 1:
            grows = mean(lambda z: slope(z) ** 2 + sigmoid(z) * bend(z), forward.variance[layer])
            cost_slope = cost_slope * std_sq[layer + 1] * widths[layer + 1] * grows
        out.insert(0, float((cost_slope * (forward.variance[layer] - bias_std**2)).mean()))
    return np.array(out)


def _output_error(cost: str) -> tuple[Function, Function]:
    """Return the functions p, q of z such that the output error is p(z) - y q(z), y the label."""
    if cost == "cross-entropy":
        return sigmoid, np.ones_like
    return (lambda z: sigmoid(z) * slope(z)), slope


def mean_grad_sq(widths: list[int], std_sq: list[float], forward: Forward, cost: str) -> np.ndarray:
    """Return E||g_l||^2 of a single example, averaged over the examples."""
    p, q = _output_error(cost)
    y = 1 / widths[-1]
    error = mean(lambda z: p(z) ** 2 - 2 * y * p(z) * q(z) + y * q(z) ** 2, forward.variance[-1])
    out: list[float] = []
    for layer in range(len(std_sq) - 1, -1, -1):
        if layer < len(std_sq) - 1:
            back = widths[layer + 2] * std_sq[layer + 1] * error
            error = mean(lambda z: slope(z) ** 2, forward.variance[layer]) * back
        out.insert(0, float((widths[layer + 1] * error * forward.norm_before[layer]).mean()))
    return np.array(out)


def pair_grad_product(
    widths: list[int], std_sq: list[float], bias_std: float, forward: Forward, cost: str, pairs: Pairs
) -> np.ndarray:
    """Return E<g_l, g_l'> of two different examples, averaged over the pairs."""
    covariance, overlap_before = [], [pairs.overlap]
    for layer, s_sq in enumerate(std_sq):
        covariance.append(s_sq * overlap_before[-1] + bias_std**2)
        overlap_before.append(widths[layer + 1] * pairs.mean(sigmoid, forward.variance[layer], covariance[-1]))
    p, q = _output_error(cost)
    y = 1 / widths[-1]  # two labels agree with probability y, so that E y y' of one output is y^2: independent
    error = pairs.mean(lambda z: p(z) - y * q(z), forward.variance[-1], covariance[-1])
    out: list[float] = []
    for layer in range(len(std_sq) - 1, -1, -1):
        if layer < len(std_sq) - 1:
            back = widths[layer + 2] * std_sq[layer + 1] * error
            error = pairs.mean(slope, forward.variance[layer], covariance[layer]) * back
        out.insert(0, float((widths[layer + 1] * error * overlap_before[layer]).mean()))
    return np.array(out)
